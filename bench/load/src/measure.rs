//! What a load finds out, in the form that the rig reads.

use std::{
    io,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::proc::{cpu_seconds, resident_kib};

/// How much load: it ends with the first that is reached.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Answers that are not counted, so that caches and threads are warm.
    pub warmup: u64,
    /// Answers that are counted.
    pub requests: u64,
    /// Time for them.
    pub time: Duration,
    /// Time after the last of them that belongs to them too, in which the server may still work.
    pub settle: Duration,
}

/// Counts answers, and the server's time from the end of the warm-up.
#[derive(Debug)]
pub struct Measure {
    pid: u32,
    bounds: Bounds,
    seen: u64,
    begun: Option<(Instant, f64)>,
    nanoseconds: Vec<u32>,
}

impl Measure {
    /// Of the server with this process id.
    pub fn new(pid: u32, bounds: Bounds) -> Self {
        Self {
            pid,
            bounds,
            seen: 0,
            begun: None,
            nanoseconds: Vec::with_capacity(1 << 20),
        }
    }

    /// An answer came, to a request of `sent`. False when there are enough.
    pub fn count(&mut self, sent: Instant, now: Instant) -> io::Result<bool> {
        self.seen += 1;
        let Some((begun, _)) = self.begun else {
            if self.seen >= self.bounds.warmup {
                self.begun = Some((Instant::now(), cpu_seconds(self.pid)?));
            }
            return Ok(true);
        };
        let nanoseconds = now.duration_since(sent).as_nanos();
        self.nanoseconds
            .push(u32::try_from(nanoseconds).unwrap_or(u32::MAX));
        let count = self.nanoseconds.len() as u64;
        Ok(count < self.bounds.requests && now.duration_since(begun) < self.bounds.time)
    }

    /// The figures: times in microseconds, memory in KiB.
    pub fn report(mut self) -> io::Result<Value> {
        let (begun, cpu) = self
            .begun
            .ok_or_else(|| io::Error::other("it ended in its warm-up"))?;
        let seconds = begun.elapsed().as_secs_f64();
        std::thread::sleep(self.bounds.settle);
        let cpu = cpu_seconds(self.pid)? - cpu;
        let resident = resident_kib(self.pid)?;
        self.nanoseconds.sort_unstable();
        let count = self.nanoseconds.len();
        let requests = f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        let sum: f64 = self.nanoseconds.iter().map(|each| f64::from(*each)).sum();
        let at =
            |part: usize| f64::from(self.nanoseconds[(count * part / 100).min(count - 1)]) / 1e3;
        Ok(json!({
            "requests": count,
            "seconds": seconds,
            "rate": requests / seconds,
            "cpu_us": cpu * 1e6 / requests,
            "mean_us": sum / requests / 1e3,
            "p50_us": at(50),
            "p99_us": at(99),
            "rss_kib": resident,
        }))
    }
}
