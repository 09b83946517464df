//! The wall clock, for what is dated by it: tokens, codes of an authenticator, records.
//!
//! How long something lasts is measured with tokio's monotonic clock instead.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// Where the time since 1970 comes from.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Following { unix: Duration, since: Instant },
}

impl Clock {
    /// The clock of the machine.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that shows `unix_seconds` now and moves with tokio's time, so that a test can set both.
    pub fn following(unix_seconds: u64) -> Self {
        Self(Source::Following {
            unix: Duration::from_secs(unix_seconds),
            since: Instant::now(),
        })
    }

    /// The time since 1970; zero on a machine that believes it is earlier.
    pub fn since_epoch(&self) -> Duration {
        match &self.0 {
            Source::System => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default(),
            Source::Following { unix, since } => *unix + since.elapsed(),
        }
    }

    /// Whole seconds since 1970; 0 on a machine that believes it is earlier, where every date is in the future.
    pub fn unix_now(&self) -> u64 {
        self.since_epoch().as_secs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_following_clock_moves_with_tokio() {
        let clock = Clock::following(1_000);
        assert_eq!(clock.since_epoch(), Duration::from_secs(1_000));
        assert_eq!(clock.unix_now(), 1_000);
        tokio::time::advance(Duration::from_millis(61_999)).await;
        assert_eq!(clock.since_epoch(), Duration::from_millis(1_061_999));
        assert_eq!(clock.unix_now(), 1_061);
    }

    #[test]
    fn the_system_clock_is_past_the_day_this_was_written() {
        assert!(Clock::system().since_epoch() > Duration::from_secs(1_760_000_000));
        assert!(Clock::system().unix_now() > 1_760_000_000);
    }
}
