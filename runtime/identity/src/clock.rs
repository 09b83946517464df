//! The wall clock, which tokens are dated by. Everything else here is timed by tokio's monotonic clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// Where the seconds since 1970 come from.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System,
    Following { unix: Duration, since: Instant },
}

impl Clock {
    /// The clock of the machine.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that shows `unix_seconds` now and moves with tokio's time, so a test can set both.
    pub fn following(unix_seconds: u64) -> Self {
        Self(Source::Following {
            unix: Duration::from_secs(unix_seconds),
            since: Instant::now(),
        })
    }

    /// Whole seconds since 1970; 0 on a machine that believes it is earlier, where every token is from the future.
    pub fn unix_now(&self) -> u64 {
        match &self.0 {
            Source::System => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default()
                .as_secs(),
            Source::Following { unix, since } => (*unix + since.elapsed()).as_secs(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_following_clock_moves_with_tokio() {
        let clock = Clock::following(1_000);
        assert_eq!(clock.unix_now(), 1_000);
        tokio::time::advance(Duration::from_millis(61_999)).await;
        assert_eq!(clock.unix_now(), 1_061);
    }

    #[test]
    fn the_system_clock_is_past_the_day_this_was_written() {
        assert!(Clock::system().unix_now() > 1_760_000_000);
    }
}
