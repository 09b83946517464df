//! Rate limits: a method the service said "later" of is left alone until then, by all calls. What a service
//! says is only believed up to an hour.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// No pause is longer, whatever the service says: an absurd number must not shut a method until a restart.
pub const LONGEST_PAUSE: Duration = Duration::from_hours(1);

/// When each method may be used again. There are only as many as the plugin has names for.
#[derive(Debug, Default)]
pub struct Pauses(Mutex<HashMap<&'static str, Instant>>);

/// The service wants a longer wait than a call may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong {
    /// How long it would be, in whole seconds: at most an hour's.
    pub seconds: u64,
}

impl Pauses {
    /// Notes that `method` must not be used for so long, and at most for [`LONGEST_PAUSE`] from now.
    pub fn note(&self, method: &'static str, pause: Duration) {
        let now = Instant::now();
        let until = now.checked_add(pause.min(LONGEST_PAUSE)).unwrap_or(now);
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
    pub async fn wait(
        &self,
        method: &'static str,
        deadline: impl Into<Instant>,
    ) -> Result<(), TooLong> {
        let deadline = deadline.into();
        loop {
            let left = self.left(method);
            if left.is_zero() {
                return Ok(());
            }
            if left > deadline.saturating_duration_since(Instant::now()) {
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

    #[tokio::test(start_paused = true)]
    async fn a_pause_is_kept_by_all_and_only_for_its_method() {
        let pauses = Pauses::default();
        let start = Instant::now();
        pauses.note("a", Duration::from_millis(60));
        pauses.note("a", Duration::from_millis(5));
        assert_eq!(pauses.count(), 1);
        let deadline = start + Duration::from_secs(5);
        pauses.wait("b", deadline).await.expect("not paused");
        assert_eq!(start.elapsed(), Duration::ZERO);
        pauses.wait("a", deadline).await.expect("short enough");
        assert!(start.elapsed() >= Duration::from_millis(60));
        assert_eq!(pauses.count(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_is_too_long_is_not_begun() {
        let pauses = Pauses::default();
        let start = Instant::now();
        pauses.note("a", Duration::from_millis(29_500));
        let refused = pauses.wait("a", start + Duration::from_secs(10)).await;
        assert_eq!(refused, Err(TooLong { seconds: 30 }));
        assert_eq!(start.elapsed(), Duration::ZERO);
        // Plugins count in the clock of the standard library.
        let refused = pauses.wait("a", std::time::Instant::now()).await;
        assert_eq!(refused, Err(TooLong { seconds: 30 }));
    }

    #[tokio::test(start_paused = true)]
    async fn no_pause_is_longer_than_an_hour() {
        for absurd in [
            Duration::MAX,
            Duration::from_secs(u64::MAX),
            Duration::from_secs(i64::MAX.unsigned_abs()),
            Duration::from_hours(24),
        ] {
            let pauses = Pauses::default();
            let start = Instant::now();
            pauses.note("a", absurd);
            pauses.note("a", absurd);
            let refused = pauses.wait("a", start + Duration::from_secs(10)).await;
            assert_eq!(refused, Err(TooLong { seconds: 3_600 }), "{absurd:?}");
            tokio::time::advance(LONGEST_PAUSE).await;
            assert_eq!(pauses.wait("a", Instant::now()).await, Ok(()), "{absurd:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_header_may_ask_for_is_noted_without_a_panic() {
        let mut headers = http::HeaderMap::new();
        let absurd = http::HeaderValue::from_static("99999999999999999999999");
        headers.insert(http::header::RETRY_AFTER, absurd);
        let asked = crate::retry::retry_after(&headers, std::time::SystemTime::now());
        let pauses = Pauses::default();
        pauses.note("a", crate::retry::jittered(asked.expect("a wait")));
        assert_eq!(pauses.left("a"), LONGEST_PAUSE);
    }
}
