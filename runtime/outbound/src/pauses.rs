//! Rate limits: a method the service said "later" of is left alone until then, by all calls.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// When each method may be used again. There are only as many as the plugin has names for.
#[derive(Debug, Default)]
pub struct Pauses(Mutex<HashMap<&'static str, Instant>>);

/// The service wants a longer wait than a call may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong {
    /// How long it would be, in whole seconds.
    pub seconds: u64,
}

impl Pauses {
    /// Notes that `method` must not be used for so long.
    pub fn note(&self, method: &'static str, pause: Duration) {
        let until = Instant::now() + pause;
        let mut pauses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = pauses.entry(method).or_insert(until);
        *known = until.max(*known);
    }

    /// How long `method` must still be left alone.
    pub fn left(&self, method: &'static str) -> Duration {
        let pauses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let until = pauses.get(method);
        until.map_or(Duration::ZERO, |until| {
            until.saturating_duration_since(Instant::now())
        })
    }

    /// Waits until `method` may be used; not at all when that is after `deadline`.
    ///
    /// # Errors
    /// How long it would have been.
    pub async fn wait(&self, method: &'static str, deadline: Instant) -> Result<(), TooLong> {
        loop {
            let left = self.left(method);
            if left.is_zero() {
                return Ok(());
            }
            if Instant::now() + left > deadline {
                let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
                return Err(TooLong { seconds });
            }
            tokio::time::sleep(left).await;
        }
    }

    /// How many methods are paused now.
    pub fn count(&self) -> usize {
        let pauses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        pauses.values().filter(|until| **until > now).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_pause_is_kept_by_all_and_only_for_its_method() {
        let pauses = Pauses::default();
        let start = Instant::now();
        pauses.note("a", Duration::from_millis(60));
        pauses.note("a", Duration::from_millis(5));
        assert_eq!(pauses.count(), 1);
        let deadline = start + Duration::from_secs(5);
        pauses.wait("b", deadline).await.expect("not paused");
        assert!(start.elapsed() < Duration::from_millis(50));
        pauses.wait("a", deadline).await.expect("short enough");
        assert!(start.elapsed() >= Duration::from_millis(60));
        assert_eq!(pauses.count(), 0);
    }

    #[tokio::test]
    async fn a_wait_that_is_too_long_is_not_begun() {
        let pauses = Pauses::default();
        let start = Instant::now();
        pauses.note("a", Duration::from_millis(29_500));
        let refused = pauses.wait("a", start + Duration::from_secs(10)).await;
        assert_eq!(refused, Err(TooLong { seconds: 30 }));
        assert!(start.elapsed() < Duration::from_secs(1));
    }
}
