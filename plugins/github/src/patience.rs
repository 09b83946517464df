//! How long one call may wait: for GitHub's limits, for its turn, and for answers.

use std::time::Duration;

use mcp_factory_outbound::retry;
use tokio::time::{Instant, sleep, timeout_at};

use crate::error::GithubError;

/// So that callers that were told the same do not return together.
const JITTER: Duration = Duration::from_secs(1);

/// The time of a call.
#[derive(Clone, Debug)]
pub(crate) struct Patience {
    deadline: Option<Instant>,
    waits: Duration,
    most: Duration,
}

impl Patience {
    /// Until `deadline`, and waiting at most `waits` of it for rate limits.
    pub(crate) fn new(deadline: Option<std::time::Instant>, waits: Duration) -> Self {
        Self {
            deadline: deadline.map(Instant::from_std),
            waits,
            most: waits,
        }
    }

    /// Waits `need` and a little more, if the budget and the deadline allow it; else says at once that they do not.
    pub(crate) async fn wait(&mut self, need: Duration) -> Result<(), GithubError> {
        let allowed = self.left().map_or(self.waits, |left| left.min(self.waits));
        if need >= allowed {
            return Err(GithubError::RateLimited {
                wait: need.max(Duration::from_secs(1)),
                most: self.most,
            });
        }
        let spread = allowed.saturating_sub(need).min(JITTER);
        let nap = need + retry::backoff(0, spread, spread);
        self.waits = self.waits.saturating_sub(nap);
        sleep(nap).await;
        Ok(())
    }

    /// When the call's time is up.
    pub(crate) fn deadline(&self) -> Option<std::time::Instant> {
        self.deadline.map(Instant::into_std)
    }

    /// How long one exchange may take: what is left, at most `most`.
    pub(crate) fn exchange(&self, most: Duration) -> Result<Duration, GithubError> {
        match self.left() {
            Some(left) if left.is_zero() => Err(GithubError::OutOfTime),
            Some(left) => Ok(left.min(most)),
            None => Ok(most),
        }
    }

    /// Runs what is only waiting, within the deadline.
    pub(crate) async fn within<F: Future>(&self, future: F) -> Result<F::Output, GithubError> {
        match self.deadline {
            Some(deadline) => timeout_at(deadline, future)
                .await
                .map_err(|_| GithubError::OutOfTime),
            None => Ok(future.await),
        }
    }

    fn left(&self) -> Option<Duration> {
        self.deadline
            .map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn waits_stay_inside_the_budget() {
        let mut patience = Patience::new(None, Duration::from_secs(10));
        let start = Instant::now();
        patience
            .wait(Duration::from_secs(5))
            .await
            .expect("within the budget");
        let first = start.elapsed();
        assert!(
            first >= Duration::from_secs(5)
                && first <= Duration::from_secs(6) + Duration::from_millis(2)
        );
        let error = patience
            .wait(Duration::from_secs(5))
            .await
            .expect_err("used up");
        assert!(error.to_string().contains("call again in 5 s"), "{error}");
        assert_eq!(start.elapsed(), first);
    }

    #[tokio::test(start_paused = true)]
    async fn no_wait_goes_past_the_deadline() {
        let deadline = std::time::Instant::now() + Duration::from_secs(3);
        let mut patience = Patience::new(Some(deadline), Duration::from_secs(30));
        assert!(patience.wait(Duration::from_secs(4)).await.is_err());
        let start = Instant::now();
        patience
            .wait(Duration::from_secs(2))
            .await
            .expect("before the deadline");
        assert!(start.elapsed() <= Duration::from_secs(3));
        tokio::time::advance(Duration::from_secs(3)).await;
        assert_eq!(
            patience.exchange(Duration::from_secs(9)),
            Err(GithubError::OutOfTime)
        );
        assert!(patience.within(std::future::pending::<()>()).await.is_err());
    }
}
