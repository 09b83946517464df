//! How callers fare that have nothing to do with a fault.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::HttpServer;

/// Callers at once, each with a connection of its own, and calls of each.
const CALLERS: usize = 4;
const CALLS: usize = 100;

/// What slow machines, and tests beside this one, add to the slowest calls.
const NOISE: Duration = Duration::from_millis(250);

/// How often it is looked whether the machine goes on.
const BEAT: Duration = Duration::from_millis(1);

/// How long calls took.
#[derive(Debug)]
pub struct Latencies {
    /// Shortest first.
    all: Vec<Duration>,
    /// The longest time for which the machine held up somebody who had nothing to do with the server.
    stall: Duration,
}

impl Latencies {
    /// Sends `request` a few hundred times from a few callers. Fails when one is not answered with 200.
    pub fn of(http: &HttpServer, request: &Value) -> Self {
        let caller = || {
            let mut connection = http.connect();
            let calls = (0..CALLS).map(|_| {
                let start = Instant::now();
                connection.request(request);
                let response = connection.response();
                assert_eq!(response.status, 200, "{}", response.text());
                start.elapsed()
            });
            calls.collect::<Vec<_>>()
        };
        let is_over = AtomicBool::new(false);
        let (all, stall) = thread::scope(|scope| {
            let callers: Vec<_> = (0..CALLERS).map(|_| scope.spawn(caller)).collect();
            let bystander = scope.spawn(|| longest_stall(&is_over));
            // Before one of them may fail, for which the bystander would be waited for.
            let ended: Vec<_> = callers
                .into_iter()
                .map(thread::ScopedJoinHandle::join)
                .collect();
            is_over.store(true, Ordering::SeqCst);
            let all = ended
                .into_iter()
                .flat_map(|calls| calls.expect("every call is answered"))
                .collect();
            (all, bystander.join().expect("it only sleeps"))
        });
        Self {
            stall,
            ..Self::new(all)
        }
    }

    /// Of these.
    pub fn new(mut all: Vec<Duration>) -> Self {
        all.sort_unstable();
        Self {
            all,
            stall: Duration::ZERO,
        }
    }

    /// What 99 of 100 stay below.
    pub fn p99(&self) -> Duration {
        let last = self.all.len().checked_sub(1).expect("there was a call");
        self.all[last * 99 / 100]
    }

    /// Fails when these took much longer than those of `before`. A machine that stands still holds up all callers at
    /// once, which are more than one call in a hundred: what it took is allowed for.
    pub fn assert_like(&self, before: &Self) {
        let (now, before, stall) = (self.p99(), before.p99(), self.stall);
        assert!(
            now < before * 3 + NOISE + stall * 2,
            "of normal calls, 99 in 100 took {before:?} before and take {now:?} now, on a machine that stood still for {stall:?}"
        );
    }
}

/// How much longer than asked for a sleep took at most, until it is over.
fn longest_stall(is_over: &AtomicBool) -> Duration {
    let mut longest = Duration::ZERO;
    while !is_over.load(Ordering::SeqCst) {
        let start = Instant::now();
        thread::sleep(BEAT);
        longest = longest.max(start.elapsed().saturating_sub(BEAT));
    }
    longest
}
