//! GitHub's rate limits: what an answer says of them, and what is known to be used up until when.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use mcp_factory_outbound::{HeaderMap, StatusCode, retry};
use tokio::time::Instant;

/// What GitHub asks to wait when it does not say how long.
const UNSAID: Duration = Duration::from_mins(1);

/// The allowances that GitHub counts apart, as far as this plugin uses them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bucket {
    /// Everything but search.
    Core,
    /// Repositories and issues.
    Search,
    /// Code.
    Code,
}

/// A refusal because of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limited {
    /// When to come back.
    pub(crate) wait: Duration,
    /// A limit on behaviour, not of one allowance: holds for everything.
    pub(crate) secondary: bool,
}

/// Reads an answer's limit: `None` when it is no refusal because of one.
pub(crate) fn refusal(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    now: SystemTime,
) -> Option<Limited> {
    if status != StatusCode::FORBIDDEN && status != StatusCode::TOO_MANY_REQUESTS {
        return None;
    }
    if let Some(wait) = retry::retry_after(headers, now) {
        return Some(Limited {
            wait,
            secondary: true,
        });
    }
    if remaining(headers) == Some(0) {
        return Some(Limited {
            wait: until_reset(headers, now).unwrap_or(UNSAID),
            secondary: false,
        });
    }
    let says = |words: &[u8]| {
        body.windows(words.len())
            .any(|window| window.eq_ignore_ascii_case(words))
    };
    (status == StatusCode::TOO_MANY_REQUESTS
        || says(b"secondary rate limit")
        || says(b"abuse detection"))
    .then_some(Limited {
        wait: UNSAID,
        secondary: true,
    })
}

/// After an answer that was given: how long the allowance is used up now, if it is.
pub(crate) fn used_up(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    (remaining(headers) == Some(0))
        .then(|| until_reset(headers, now))
        .flatten()
}

fn remaining(headers: &HeaderMap) -> Option<u64> {
    number(headers, "x-ratelimit-remaining")
}

fn until_reset(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let reset = Duration::from_secs(number(headers, "x-ratelimit-reset")?);
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    Some(reset.saturating_sub(now))
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// What is used up, for the token that used it up.
#[derive(Debug, Default)]
pub(crate) struct Limits(Mutex<[Option<(u64, Instant)>; 3]>);

impl Limits {
    /// How long nothing may be asked of `bucket` with this token; `None` when it may be.
    pub(crate) fn closed(&self, bucket: Bucket, token: u64) -> Option<Duration> {
        let closed = self.0.lock().unwrap_or_else(PoisonError::into_inner)[bucket as usize];
        let (closed_for, until) = closed?;
        let left = until.saturating_duration_since(Instant::now());
        (closed_for == token && !left.is_zero()).then_some(left)
    }

    /// Nothing more of `bucket` with this token for so long.
    pub(crate) fn close(&self, bucket: Bucket, token: u64, limited: Limited) {
        // A reset that far away is a broken clock on one side: ask again after an hour.
        let until = Instant::now() + limited.wait.min(Duration::from_hours(1));
        let mut closed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (index, row) in closed.iter_mut().enumerate() {
            if index == bucket as usize || limited.secondary {
                *row = Some((token, until));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mcp_factory_outbound::{HeaderName, HeaderValue};

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    fn read(
        status: u16,
        pairs: &[(&'static str, &'static str)],
        body: &str,
    ) -> Option<(u64, bool)> {
        let now = UNIX_EPOCH + Duration::from_secs(1_000);
        let status = StatusCode::from_u16(status).expect("a status");
        refusal(status, &headers(pairs), body.as_bytes(), now)
            .map(|limited| (limited.wait.as_secs(), limited.secondary))
    }

    #[test]
    fn each_way_to_say_it_is_understood() {
        assert_eq!(read(429, &[("retry-after", "7")], ""), Some((7, true)));
        assert_eq!(read(403, &[("retry-after", "0")], ""), Some((0, true)));
        let reset = [
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "1030"),
        ];
        assert_eq!(read(403, &reset, ""), Some((30, false)));
        assert_eq!(
            read(
                403,
                &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "900")],
                ""
            ),
            Some((0, false))
        );
        assert_eq!(
            read(403, &[], "You have exceeded a Secondary Rate Limit"),
            Some((60, true))
        );
        assert_eq!(read(429, &[], ""), Some((60, true)));
        assert_eq!(
            read(
                403,
                &[("x-ratelimit-remaining", "12")],
                "Resource not accessible"
            ),
            None
        );
        assert_eq!(read(404, &[("retry-after", "7")], ""), None);
        let now = UNIX_EPOCH + Duration::from_secs(1_000);
        assert_eq!(
            used_up(&headers(&reset), now),
            Some(Duration::from_secs(30))
        );
        assert_eq!(
            used_up(&headers(&[("x-ratelimit-remaining", "1")]), now),
            None
        );
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_used_up_is_used_up_for_that_token_and_time() {
        let limits = Limits::default();
        limits.close(
            Bucket::Search,
            1,
            Limited {
                wait: Duration::from_secs(5),
                secondary: false,
            },
        );
        assert_eq!(
            limits.closed(Bucket::Search, 1),
            Some(Duration::from_secs(5))
        );
        assert_eq!(limits.closed(Bucket::Search, 2), None);
        assert_eq!(limits.closed(Bucket::Core, 1), None);
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(limits.closed(Bucket::Search, 1), None);
        limits.close(
            Bucket::Code,
            1,
            Limited {
                wait: Duration::MAX,
                secondary: true,
            },
        );
        assert_eq!(
            limits.closed(Bucket::Core, 1),
            Some(Duration::from_hours(1))
        );
    }
}
