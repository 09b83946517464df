//! Limits per caller and tool.

use std::sync::Arc;

use mcp_factory_sdk::Rate;

use super::{Exceeded, charge::Account, replicas, row_key::RowKeys};
use crate::Shared;

/// Counts the calls of each caller to each tool.
///
/// Each is let through at its rate, spread evenly, and a whole burst of it ([`Rate::calls`]) after a
/// rest. A call that is refused costs nothing.
#[derive(Debug)]
pub struct RateLimits {
    account: Account,
    keys: RowKeys,
    shared: Option<Arc<Shared>>,
}

impl RateLimits {
    /// Keeps at most `tracked` rows, one for each caller and tool (at least one, at most a million). When
    /// more are active at once, those least recently used are forgotten: they start with a whole burst.
    ///
    /// With `shared`, servers with one Redis enforce one rate together.
    pub fn new(tracked: usize, shared: Option<Arc<Shared>>) -> Self {
        Self {
            account: Account::new(tracked),
            keys: RowKeys::default(),
            shared,
        }
    }

    /// Counts one call of `caller` (a principal's key) to `name`, here and then in Redis.
    ///
    /// What this process refuses, Redis is not asked about. While Redis does not answer, the answer of
    /// this process stands: each replica then lets the rate through for itself.
    ///
    /// # Errors
    /// When the rate is used up, here or by all replicas together.
    pub async fn take(&self, caller: &str, name: &str, rate: Rate) -> Result<(), Exceeded> {
        self.take_local(caller, name, rate)?;
        match &self.shared {
            Some(shared) => replicas::take(shared, caller, name, rate).await,
            None => Ok(()),
        }
    }

    /// Counts one call in this process only. Waits for nothing.
    ///
    /// # Errors
    /// When the rate is used up here.
    pub fn take_local(&self, caller: &str, name: &str, rate: Rate) -> Result<(), Exceeded> {
        let key = self.keys.of(&(caller, name, rate.calls(), rate.per()));
        self.account.charge(key, rate)
    }

    /// How many rows are kept now.
    pub fn rows(&self) -> usize {
        self.account.rows()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::advance;

    use super::*;

    const RATE: Rate = Rate::new(3, Duration::from_secs(1));
    const INTERVAL: Duration = Duration::from_nanos(333_333_334);

    fn admitted(limits: &RateLimits, caller: &str, calls: usize) -> usize {
        (0..calls)
            .filter(|_| limits.take_local(caller, "tool", RATE).is_ok())
            .count()
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_and_then_evenly() {
        let limits = RateLimits::new(10, None);
        assert_eq!(admitted(&limits, "a", 10), 3);
        let exceeded = limits.take_local("a", "tool", RATE).expect_err("used up");
        assert_eq!(exceeded.retry_after, INTERVAL);
        advance(Duration::from_nanos(333_333_333)).await;
        let exceeded = limits.take_local("a", "tool", RATE).expect_err("used up");
        assert_eq!(exceeded.retry_after, Duration::from_nanos(1));
        advance(exceeded.retry_after).await;
        assert_eq!(admitted(&limits, "a", 10), 1);
        advance(INTERVAL * 3).await;
        assert_eq!(admitted(&limits, "a", 10), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn each_caller_tool_and_rate_has_its_own() {
        let limits = RateLimits::new(10, None);
        assert_eq!(admitted(&limits, "a", 10), 3);
        assert_eq!(admitted(&limits, "b", 10), 3);
        assert!(limits.take("a", "other", RATE).await.is_ok());
        let slower = Rate::new(1, Duration::from_mins(1));
        assert!(limits.take("a", "tool", slower).await.is_ok());
        assert!(limits.take("a", "tool", slower).await.is_err());
        assert_eq!(limits.rows(), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn who_keeps_calling_is_not_forgotten_for_newcomers() {
        let limits = RateLimits::new(4, None);
        assert_eq!(admitted(&limits, "a", 10), 3);
        for n in 0..50 {
            advance(Duration::from_millis(1)).await;
            assert_eq!(admitted(&limits, &n.to_string(), 1), 1);
            assert_eq!(admitted(&limits, "a", 1), 0, "after {n}");
        }
        assert_eq!(limits.rows(), 4);
    }
}
