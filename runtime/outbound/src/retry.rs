//! When to try again: what the other side asks for, and a spread so that not all come back at once.
//! Whether to try again is the caller's decision.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::RETRY_AFTER;

/// How long the answer asks to wait: `Retry-After` in seconds or as a date, measured from `now`. A date
/// that has passed is no wait; a value that is neither is `None`. Nothing bounds it, up to [`u64::MAX`]
/// seconds: it is cut before it is added to a clock, as [`Pauses`](crate::Pauses) does.
pub fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit is a very long time.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or(Duration::ZERO))
}

/// A wait between `at_least` and half as long again (a second at the least), so that callers that were
/// told the same do not return together.
pub fn jittered(at_least: Duration) -> Duration {
    let spread = (at_least / 2).max(Duration::from_secs(1));
    at_least.saturating_add(spread.mul_f64(rand::random::<f64>()))
}

/// The wait before attempt `attempt` (0 is the first repetition): doubles from `first` up to `longest`, and
/// any part of it is drawn, so that callers that failed together do not return together.
pub fn backoff(attempt: u32, first: Duration, longest: Duration) -> Duration {
    let doubled = first.saturating_mul(1_u32.checked_shl(attempt).unwrap_or(u32::MAX));
    doubled.min(longest).mul_f64(rand::random::<f64>())
}

#[cfg(test)]
mod tests;
