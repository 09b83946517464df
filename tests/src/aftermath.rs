//! A server that something is done to, and what that leaves behind: nothing.
//!
//! In the room: how the server was before, at the process itself, and the check that it is so again. Not here:
//! what is done to it (`tests/it/faults`), and how callers fare while it is done (`load`).

use std::{
    ops::{Deref, DerefMut},
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{Connection, HttpServer, Latencies, Product, eventually, message};

/// What a server may take to be as it was. It needs a moment to close what its clients left; a machine that is busy
/// needs more, and nothing that ends by itself when its time is over, after ten seconds, may be taken for it.
const SETTLES: Duration = Duration::from_secs(8);

/// A call that nothing is in the way of takes a few milliseconds, also on a busy machine now and then.
const PROMPT: Duration = Duration::from_millis(100);

/// What an allocator keeps for itself, however little the server holds, in KiB.
const ALLOCATOR_KIB: u64 = 4 << 10;

/// A server, and how it was before anything was done to it.
#[derive(Debug)]
pub struct Subject {
    http: HttpServer,
    memory_kib: u64,
    descriptors: usize,
}

impl Subject {
    /// Starts the fixture with these settings (`KEY=VALUE`) and without rates, which are another bound than the
    /// one under test.
    pub fn start(settings: &[&str]) -> Self {
        let unrated = [r#"limits.rate="off""#, r#"limits.address_rate="off""#];
        let settings = unrated.iter().chain(settings);
        let arguments: Vec<&str> = settings.flat_map(|setting| ["--set", setting]).collect();
        Self::new(HttpServer::start(Product::Fixture, &arguments), 16)
    }

    /// A running server, which is warmed up by some `callers` at once and measured.
    pub fn new(http: HttpServer, callers: usize) -> Self {
        // Threads, buffers and tables are made by the first who need them, and stay.
        for _ in 0..4 {
            let mut crowd: Vec<Connection> = (0..callers).map(|_| http.connect()).collect();
            for connection in &mut crowd {
                connection.request(&normal());
            }
            for connection in &mut crowd {
                connection.response();
            }
        }
        // Without the connections of the warm-up, once the count stays the same.
        let mut descriptors = http.process.descriptors();
        let mut since = Instant::now();
        while since.elapsed() < Duration::from_millis(100) {
            thread::sleep(Duration::from_millis(10));
            let now = http.process.descriptors();
            if now != descriptors {
                (descriptors, since) = (now, Instant::now());
            }
        }
        Self {
            memory_kib: http.process.resident_kib(),
            descriptors,
            http,
        }
    }

    /// Fails unless the server is as it was before: a normal call is answered at once, descriptors are back to
    /// their number, and memory is back within a tenth (and what an allocator keeps).
    pub fn assert_unharmed(&self) {
        self.settle(|| self.refusal_or_delay());
        self.settle(|| {
            let now = self.http.process.descriptors();
            let before = self.descriptors;
            (now > before).then(|| format!("{now} descriptors, and {before} before"))
        });
        self.settle(|| {
            let now = self.http.process.resident_kib();
            let before = self.memory_kib;
            (now > before + before / 10 + ALLOCATOR_KIB)
                .then(|| format!("{now} KiB of memory, and {before} before"))
        });
    }

    /// Fails when there still is a harm after a moment.
    fn settle(&self, harm: impl Fn() -> Option<String>) {
        let mut last = None;
        let settled = eventually(SETTLES, || {
            last = harm();
            last.is_none().then_some(())
        });
        assert!(
            settled.is_some(),
            "{}; stderr: {}",
            last.unwrap_or_default(),
            tail(&self.http.process.stderr())
        );
    }

    /// What is wrong with a normal call.
    fn refusal_or_delay(&self) -> Option<String> {
        let start = Instant::now();
        let mut connection = self.http.connect();
        connection.request(&normal());
        match connection.try_response() {
            Ok(answer) if answer.status == 200 => {}
            Ok(answer) => return Some(format!("a normal call is refused: {}", answer.text())),
            Err(error) => return Some(format!("a normal call is not answered: {error}")),
        }
        let took = start.elapsed();
        (took > PROMPT).then(|| format!("a normal call takes {took:?}"))
    }

    /// The memory that it held before anything was done to it, in KiB.
    pub fn memory_before_kib(&self) -> u64 {
        self.memory_kib
    }

    /// How normal calls fare now.
    pub fn normal_calls(&self) -> Latencies {
        Latencies::of(&self.http, &normal())
    }
}

impl Deref for Subject {
    type Target = HttpServer;

    fn deref(&self) -> &HttpServer {
        &self.http
    }
}

impl DerefMut for Subject {
    fn deref_mut(&mut self) -> &mut HttpServer {
        &mut self.http
    }
}

fn normal() -> serde_json::Value {
    message::call(1, "test_simple_text", &json!({}))
}

/// The last lines, which are enough of a log that may have thousands.
fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(10)..].join("\n")
}
