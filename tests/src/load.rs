//! How callers fare that have nothing to do with a fault.

use std::{
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

/// How long calls took, shortest first.
#[derive(Debug)]
pub struct Latencies(Vec<Duration>);

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
        let all = thread::scope(|scope| {
            let callers: Vec<_> = (0..CALLERS).map(|_| scope.spawn(caller)).collect();
            let callers = callers.into_iter();
            callers
                .flat_map(|caller| caller.join().expect("every call is answered"))
                .collect()
        });
        Self::new(all)
    }

    /// Of these.
    pub fn new(mut all: Vec<Duration>) -> Self {
        all.sort_unstable();
        Self(all)
    }

    /// What 99 of 100 stay below.
    pub fn p99(&self) -> Duration {
        let last = self.0.len().checked_sub(1).expect("there was a call");
        self.0[last * 99 / 100]
    }

    /// Fails when these took much longer than those of `before`.
    pub fn assert_like(&self, before: &Self) {
        let (now, before) = (self.p99(), before.p99());
        assert!(
            now < before * 3 + NOISE,
            "of normal calls, 99 in 100 took {before:?} before and take {now:?} now"
        );
    }
}
