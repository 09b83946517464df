//! A server on stdio that something is done to, and what that leaves behind: nothing.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use mcp_factory_tests::{Product, StdioServer, eventually, message};
use serde_json::{Value, json};

/// What a server may take to be as it was, on a machine that may be busy.
const SETTLES: Duration = Duration::from_secs(8);

/// A call that nothing is in the way of takes a few milliseconds, also on a busy machine now and then.
const PROMPT: Duration = Duration::from_millis(100);

/// What an allocator keeps for itself, however little the server holds, in KiB.
const ALLOCATOR_KIB: u64 = 4 << 10;

/// The fixture with these settings (`KEY=VALUE`).
pub(crate) fn fixture(settings: &[&str]) -> Command {
    let mut command = Command::new(Product::Fixture.binary());
    command.args(settings.iter().flat_map(|setting| ["--set", setting]));
    // The first backtrace maps the debug information of the whole binary, and keeps it.
    command.env("RUST_BACKTRACE", "0");
    command
}

/// Takes a call back.
pub(crate) fn cancel(id: impl Into<Value>) -> Value {
    json!({
        "jsonrpc": "2.0",
        "method": "notifications/cancelled",
        "params": { "requestId": id.into() },
    })
}

/// Messages as lines.
pub(crate) fn lines(messages: impl IntoIterator<Item = Value>) -> Vec<u8> {
    let lines = messages.into_iter().map(|message| format!("{message}\n"));
    lines.collect::<String>().into_bytes()
}

/// A running server, and how it was before anything was done to it.
pub(crate) struct Subject {
    pub(crate) stdio: StdioServer,
    memory_kib: u64,
    descriptors: usize,
    /// The id of the next call of its own; nobody else uses negative ones.
    next: i64,
}

impl Subject {
    /// Starts the fixture with these settings (`KEY=VALUE`), warms it up and measures it.
    pub(crate) fn start(settings: &[&str]) -> Self {
        let mut subject = Self {
            stdio: StdioServer::run(&mut fixture(settings)),
            memory_kib: 0,
            descriptors: 0,
            next: -1,
        };
        // Threads, buffers and tables are made by the first who need them, and stay.
        for _ in 0..64 {
            subject.normal_call();
        }
        subject.call("block", &json!({ "milliseconds": 1 }));
        subject.memory_kib = subject.stdio.process.resident_kib();
        subject.descriptors = subject.stdio.process.descriptors();
        subject
    }

    /// Calls a tool under an id that nobody else uses.
    pub(crate) fn call(&mut self, tool: &str, arguments: &Value) -> Value {
        self.next -= 1;
        self.stdio.call(self.next, tool, arguments)
    }

    /// The counts that the plugin `faults` keeps: calls that began, calls that are gone.
    pub(crate) fn counts(&mut self) -> (u64, u64) {
        let counts = self.call("counts", &json!({}));
        let count = |name: &str| {
            let count = counts["result"]["structuredContent"][name].as_u64();
            // But for the one of the warm-up.
            count.unwrap_or_else(|| panic!("no count: {counts}")) - 1
        };
        (count("begun"), count("gone"))
    }

    /// Waits until so many calls have begun and so many are gone; how long that took.
    pub(crate) fn await_counts(&mut self, begun: u64, gone: u64) -> Duration {
        let start = Instant::now();
        let counted = eventually(Duration::from_secs(10), || {
            (self.counts() == (begun, gone)).then_some(())
        });
        assert!(counted.is_some(), "{:?}", self.counts());
        start.elapsed()
    }

    fn normal_call(&mut self) -> Duration {
        let start = Instant::now();
        let answer = self.call("test_simple_text", &json!({}));
        assert_eq!(
            message::text(&answer),
            "This is a simple text response for testing."
        );
        start.elapsed()
    }

    /// Fails unless the server is as it was before: a normal call is answered at once, memory is back within a
    /// tenth (and what an allocator keeps), and descriptors are back to their number.
    pub(crate) fn assert_unharmed(&mut self) {
        let mut harm = None;
        let settled = eventually(SETTLES, || {
            harm = self.harm();
            harm.is_none().then_some(())
        });
        assert!(
            settled.is_some(),
            "{}; stderr: {}",
            harm.unwrap_or_default(),
            self.stdio.process.stderr()
        );
        assert_eq!(
            self.stdio.receive_within(Duration::from_millis(100)),
            None,
            "nothing comes that nobody asked for"
        );
    }

    /// What is not as it was before.
    fn harm(&mut self) -> Option<String> {
        let took = self.normal_call();
        if took > PROMPT {
            return Some(format!("a normal call takes {took:?}"));
        }
        let descriptors = self.stdio.process.descriptors();
        if descriptors > self.descriptors {
            let before = self.descriptors;
            return Some(format!("{descriptors} descriptors, and {before} before"));
        }
        let (memory, before) = (self.stdio.process.resident_kib(), self.memory_kib);
        (memory > before + before / 10 + ALLOCATOR_KIB)
            .then(|| format!("{memory} KiB of memory, and {before} before"))
    }
}
