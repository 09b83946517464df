//! What Linear says of its limits in the head of every answer: requests, complexity, and those of one
//! endpoint, each with what is left and when it is full again.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use mcp_factory_outbound::{HeaderMap, LONGEST_PAUSE, retry};

/// The pause when Linear does not say how long.
const UNSAID: Duration = Duration::from_secs(10);
/// The limits, as the names of their headers go on.
const KINDS: [&str; 3] = ["requests", "complexity", "endpoint-requests"];
/// Not known.
const UNKNOWN: u32 = u32::MAX;

/// What was left when the last answer came.
#[derive(Debug)]
pub(crate) struct Allowance {
    requests: AtomicU32,
    complexity: AtomicU32,
}

impl Default for Allowance {
    fn default() -> Self {
        Self {
            requests: AtomicU32::new(UNKNOWN),
            complexity: AtomicU32::new(UNKNOWN),
        }
    }
}

impl Allowance {
    /// Notes what the head of an answer says.
    pub(crate) fn note(&self, headers: &HeaderMap) {
        for (kind, place) in [
            ("requests", &self.requests),
            ("complexity", &self.complexity),
        ] {
            if let Some(left) = remaining(headers, kind) {
                let left = u32::try_from(left).unwrap_or(UNKNOWN - 1);
                place.store(left, Ordering::Relaxed);
            }
        }
    }

    /// Requests and complexity left, where known.
    pub(crate) fn left(&self) -> (Option<u32>, Option<u32>) {
        let known = |place: &AtomicU32| {
            let left = place.load(Ordering::Relaxed);
            (left != UNKNOWN).then_some(left)
        };
        (known(&self.requests), known(&self.complexity))
    }
}

/// How long to wait after a refusal for a rate limit; at most an hour, whatever the headers say.
pub(crate) fn pause(headers: &HeaderMap, now: SystemTime) -> Duration {
    retry::retry_after(headers, now)
        .or_else(|| reset_of_spent(headers, now))
        .unwrap_or(UNSAID)
        .min(LONGEST_PAUSE)
}

/// How long until all limits of which nothing is left are full again.
fn reset_of_spent(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let spent = KINDS
        .into_iter()
        .filter(|kind| remaining(headers, kind) == Some(0));
    spent.filter_map(|kind| reset(headers, kind, now)).max()
}

fn remaining(headers: &HeaderMap, kind: &str) -> Option<u64> {
    number(headers, &format!("x-ratelimit-{kind}-remaining"))
}

/// The header is a time in milliseconds since 1970.
fn reset(headers: &HeaderMap, kind: &str, now: SystemTime) -> Option<Duration> {
    let at = number(headers, &format!("x-ratelimit-{kind}-reset"))?;
    let at = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(at))?;
    Some(at.duration_since(now).unwrap_or(Duration::ZERO))
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    let text = headers.get(name)?.to_str().ok()?.trim();
    // Some are sent with a fraction.
    text.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use mcp_factory_outbound::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn a_spent_limit_says_when_it_is_full_again() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        for (pairs, expected) in [
            (
                vec![
                    ("retry-after", "7"),
                    ("x-ratelimit-requests-remaining", "0"),
                ],
                7,
            ),
            (
                vec![
                    ("x-ratelimit-requests-remaining", "0"),
                    ("x-ratelimit-requests-reset", "1020000"),
                ],
                20,
            ),
            (
                vec![
                    ("x-ratelimit-requests-remaining", "3"),
                    ("x-ratelimit-requests-reset", "9000000"),
                    ("x-ratelimit-complexity-remaining", "0"),
                    ("x-ratelimit-complexity-reset", "1030000"),
                ],
                30,
            ),
            (
                vec![
                    ("x-ratelimit-requests-remaining", "0"),
                    ("x-ratelimit-requests-reset", "5"),
                ],
                0,
            ),
            (
                vec![
                    ("x-ratelimit-requests-remaining", "0"),
                    ("x-ratelimit-requests-reset", "soon"),
                ],
                10,
            ),
            (
                vec![
                    ("x-ratelimit-requests-remaining", "0"),
                    ("x-ratelimit-requests-reset", "18446744073709551615"),
                ],
                3_600,
            ),
            (vec![("retry-after", "99999999999999999999999")], 3_600),
            (vec![], 10),
        ] {
            assert_eq!(
                pause(&headers(&pairs), now),
                Duration::from_secs(expected),
                "{pairs:?}"
            );
        }
    }

    #[test]
    fn what_is_left_is_noted_and_kept() {
        let allowance = Allowance::default();
        assert_eq!(allowance.left(), (None, None));
        allowance.note(&headers(&[("x-ratelimit-requests-remaining", "41")]));
        allowance.note(&headers(&[("x-ratelimit-complexity-remaining", "99.5")]));
        allowance.note(&headers(&[]));
        assert_eq!(allowance.left(), (Some(41), Some(99)));
    }
}
