//! What is counted while the server works: calls by tool and outcome, how long they took, what was refused.
//!
//! Kept only while somebody may ask for it (`management`): a pipeline that is not measured pays a branch. One that is
//! pays three relaxed additions a call, to a row that is its tool's own. In the room: the counters, how they are
//! written down (`exposition`), and what the kernel knows of the process (`process`). Not here: who may read them.

mod exposition;
mod process;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub(crate) use exposition::{Exposition, Form};
pub(crate) use process::Process;

/// How a call can end, as `CallFailure::outcome` and the audit say it.
pub(crate) const OUTCOMES: [&str; 9] = [
    "ok",
    "error",
    "denied",
    "gated",
    "rate_limited",
    "overloaded",
    "cancelled",
    "panicked",
    "unknown",
];
const OK: usize = 0;

/// What is counted by its method and not by a name, of which a client can invent as many as it likes.
pub(crate) const METHODS: [&str; 3] = ["resources/read", "prompts/get", "completion/complete"];

/// Upper ends of the buckets of the histogram, in microseconds, and as they are written.
pub(crate) const BUCKETS: [(u64, &str); 14] = [
    (100, "0.0001"),
    (500, "0.0005"),
    (1_000, "0.001"),
    (2_500, "0.0025"),
    (5_000, "0.005"),
    (10_000, "0.01"),
    (25_000, "0.025"),
    (50_000, "0.05"),
    (100_000, "0.1"),
    (250_000, "0.25"),
    (1_000_000, "1.0"),
    (2_500_000, "2.5"),
    (10_000_000, "10.0"),
    (30_000_000, "30.0"),
];

/// Why a request was refused before it was anybody's call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// A credential was missing, or none.
    Unauthenticated,
    /// Its caller is known and may not.
    Denied,
    /// Too many requests or wrong credentials of one address.
    RateLimited,
    /// Too many requests at once.
    Overloaded,
    /// Too many connections.
    Connections,
    /// Whoever knows the callers cannot be asked.
    Unavailable,
    /// There is no tool of that name.
    UnknownTool,
}

pub(crate) const REFUSED: [&str; 7] = [
    "unauthenticated",
    "denied",
    "rate_limited",
    "overloaded",
    "connections",
    "unavailable",
    "unknown_tool",
];

impl Refused {
    /// What the audit calls by this word.
    pub(crate) fn of(outcome: &str) -> Self {
        match outcome {
            "unauthenticated" => Self::Unauthenticated,
            "rate_limited" => Self::RateLimited,
            "unavailable" => Self::Unavailable,
            "overloaded" => Self::Overloaded,
            _ => Self::Denied,
        }
    }
}

/// One tool, or one method. A cache line of its own: tools that are called at once do not wait for each other.
#[derive(Debug, Default)]
#[repr(align(64))]
pub(crate) struct Row {
    outcomes: [AtomicU64; OUTCOMES.len()],
    /// Of the calls that ran; the last one is for what took longer than all buckets.
    buckets: [AtomicU64; BUCKETS.len() + 1],
    micros: AtomicU64,
    cached: AtomicU64,
}

impl Row {
    /// Counts a call that ended in this way; `took` is given for those that ran.
    pub(crate) fn add(&self, outcome: &str, took: Option<Duration>, cached: bool) {
        // "ok" is the first, and most calls are.
        let place = OUTCOMES.iter().position(|known| *known == outcome);
        self.outcomes[place.unwrap_or(OK + 1)].fetch_add(1, Relaxed);
        if cached {
            self.cached.fetch_add(1, Relaxed);
        }
        if let Some(took) = took {
            let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
            let bucket = BUCKETS.iter().position(|(end, _)| micros <= *end);
            self.buckets[bucket.unwrap_or(BUCKETS.len())].fetch_add(1, Relaxed);
            self.micros.fetch_add(micros, Relaxed);
        }
    }

    pub(crate) fn outcomes(&self) -> [u64; OUTCOMES.len()] {
        std::array::from_fn(|at| self.outcomes[at].load(Relaxed))
    }

    pub(crate) fn buckets(&self) -> [u64; BUCKETS.len() + 1] {
        std::array::from_fn(|at| self.buckets[at].load(Relaxed))
    }

    pub(crate) fn micros(&self) -> u64 {
        self.micros.load(Relaxed)
    }

    pub(crate) fn cached(&self) -> u64 {
        self.cached.load(Relaxed)
    }
}

/// All counters of a server.
#[derive(Debug)]
pub(crate) struct Metrics {
    /// One per tool of the registry, in the same order.
    tools: Box<[Row]>,
    methods: [Row; METHODS.len()],
    refused: [AtomicU64; REFUSED.len()],
    started: Instant,
    started_at: Duration,
}

impl Metrics {
    /// Counters of a server with so many tools, that starts now.
    pub(crate) fn new(tools: usize) -> Self {
        Self {
            tools: (0..tools).map(|_| Row::default()).collect(),
            methods: std::array::from_fn(|_| Row::default()),
            refused: std::array::from_fn(|_| AtomicU64::new(0)),
            started: Instant::now(),
            started_at: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default(),
        }
    }

    pub(crate) fn tool(&self, index: usize) -> Option<&Row> {
        self.tools.get(index)
    }

    /// The row of a method that is not `tools/call`.
    pub(crate) fn method(&self, method: &str) -> Option<&Row> {
        let place = METHODS.iter().position(|known| *known == method)?;
        self.methods.get(place)
    }

    pub(crate) fn refuse(&self, why: Refused) {
        self.refused[why as usize].fetch_add(1, Relaxed);
    }

    pub(crate) fn refused(&self) -> [u64; REFUSED.len()] {
        std::array::from_fn(|at| self.refused[at].load(Relaxed))
    }

    /// All calls, and those of them that did not end well.
    pub(crate) fn totals(&self) -> (u64, u64) {
        let rows = self.tools.iter().chain(&self.methods);
        rows.map(Row::outcomes).fold((0, 0), |(all, wrong), row| {
            let sum: u64 = row.iter().sum();
            (all + sum, wrong + sum - row[OK])
        })
    }

    pub(crate) fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// When it began, since 1970.
    pub(crate) const fn started_at(&self) -> Duration {
        self.started_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ran_is_in_one_bucket_and_what_was_refused_in_none() {
        let row = Row::default();
        row.add("ok", Some(Duration::from_micros(100)), false);
        row.add("ok", Some(Duration::from_micros(101)), true);
        row.add("error", Some(Duration::from_mins(1)), false);
        row.add("denied", None, false);
        assert_eq!(row.outcomes(), [2, 1, 1, 0, 0, 0, 0, 0, 0]);
        let buckets = row.buckets();
        assert_eq!((buckets[0], buckets[1], buckets[BUCKETS.len()]), (1, 1, 1));
        assert_eq!(buckets.iter().sum::<u64>(), 3);
        assert_eq!((row.micros(), row.cached()), (60_000_201, 1));
    }

    #[test]
    fn totals_tell_what_did_not_end_well() {
        let metrics = Metrics::new(2);
        metrics.tool(1).unwrap().add("ok", None, false);
        metrics.tool(0).unwrap().add("gated", None, false);
        metrics
            .method("prompts/get")
            .unwrap()
            .add("panicked", None, false);
        assert!(metrics.tool(2).is_none() && metrics.method("tools/list").is_none());
        assert_eq!(metrics.totals(), (3, 2));
        metrics.refuse(Refused::of("rate_limited"));
        metrics.refuse(Refused::UnknownTool);
        assert_eq!(metrics.refused(), [0, 0, 1, 0, 0, 0, 1]);
        assert_eq!(REFUSED[Refused::UnknownTool as usize], "unknown_tool");
    }

    #[test]
    fn buckets_are_written_as_what_they_are() {
        for (micros, text) in BUCKETS {
            let seconds: f64 = text.parse().unwrap();
            assert!((seconds * 1e6 - f64::from(u32::try_from(micros).unwrap())).abs() < 1e-6);
        }
        assert!(BUCKETS.is_sorted_by(|a, b| a.0 < b.0));
    }
}
