//! One call against one row: governor's GCRA, on our table and tokio's time.
//!
//! A limiter of governor's is made for each call, at the price of a division: it holds nothing but the
//! quota, and the state it asks for is how much of the burst is used up *now*. So one table serves
//! limits of every rate.

use std::{num::NonZeroU32, time::Duration};

use governor::{
    Quota, RateLimiter, clock::Clock, middleware::NoOpMiddleware, nanos::Nanos, state::StateStore,
};
use mcp_factory_sdk::Rate;
use tokio::time::Instant;

use super::{
    Exceeded,
    row_key::RowKey,
    table::{Row, Table},
};

/// Rows and the moment from which their times are counted.
#[derive(Debug)]
pub(super) struct Account {
    table: Table,
    start: Instant,
}

impl Account {
    pub(super) fn new(tracked: usize) -> Self {
        Self {
            table: Table::new(tracked),
            start: Instant::now(),
        }
    }

    /// One call more, if the rate has room for it.
    pub(super) fn charge(&self, key: RowKey, rate: Rate) -> Result<(), Exceeded> {
        self.check(key, rate, true)
    }

    /// Whether one would be let through now.
    pub(super) fn peek(&self, key: RowKey, rate: Rate) -> Result<(), Exceeded> {
        self.check(key, rate, false)
    }

    /// How many rows there are.
    pub(super) fn rows(&self) -> usize {
        self.table.len()
    }

    fn check(&self, key: RowKey, rate: Rate, write: bool) -> Result<(), Exceeded> {
        let elapsed = self.start.elapsed().as_nanos();
        let view = View {
            table: &self.table,
            now: u64::try_from(elapsed).unwrap_or(u64::MAX / 2),
            write,
        };
        let limiter: RateLimiter<_, _, _, NoOpMiddleware<Nanos>> =
            RateLimiter::new(quota(rate), view, Now);
        limiter.check_key(&key).map_err(|until| Exceeded {
            retry_after: until.wait_time_from(NOW),
        })
    }
}

/// As governor has it. Rounded so that never more is let through than the rate says.
fn quota(rate: Rate) -> Quota {
    let calls = NonZeroU32::new(rate.calls()).expect("a rate is of at least one call");
    Quota::with_period(interval(rate))
        .expect("at least a nanosecond")
        .allow_burst(calls)
}

/// The time between two calls that come evenly: whole nanoseconds, rounded up.
pub(super) fn interval(rate: Rate) -> Duration {
    let nanos = rate.per().as_nanos().div_ceil(u128::from(rate.calls()));
    Duration::from_nanos(u64::try_from(nanos).expect("a rate is per day at most"))
}

const NOW: Nanos = Nanos::new(0);

/// The clock of a limiter that lives for one call.
struct Now;

impl Clock for Now {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        NOW
    }
}

/// The rows as they are at one moment: what governor sees as state is the time until a row is full.
struct View<'a> {
    table: &'a Table,
    now: u64,
    write: bool,
}

impl StateStore for View<'_> {
    type Key = RowKey;

    fn measure_and_replace<T, F, E>(&self, key: &RowKey, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut shard = self.table.shard(*key);
        let row = shard.get(*key);
        let until_full = row
            .as_ref()
            .map(|row| Nanos::new(row.full_at.saturating_sub(self.now)));
        match decide(until_full) {
            Ok((outcome, until_full)) => {
                if self.write {
                    let row = Row {
                        full_at: self.now.saturating_add(until_full.as_u64()),
                        used: self.now,
                    };
                    shard.put(*key, row);
                }
                Ok(outcome)
            }
            Err(refusal) => {
                // Who keeps calling stays known, and so stays refused.
                if let Some(row) = row.filter(|_| self.write) {
                    row.used = self.now;
                }
                Err(refusal)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_never_too_short() {
        for (rate, nanos) in [
            ("10/s", 100_000_000),
            ("3/s", 333_333_334),
            ("7/m", 8_571_428_572),
            ("1/24h", 86_400_000_000_000),
            ("4294967295/s", 1),
        ] {
            let rate: Rate = rate.parse().expect("a rate");
            assert_eq!(interval(rate), Duration::from_nanos(nanos), "{rate}");
        }
    }
}
