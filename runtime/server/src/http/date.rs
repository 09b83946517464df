//! The `Date` of an answer, written once a second. HTTP/1.1 has hyper's.

use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use http::HeaderValue;

/// The present second.
pub(super) fn now() -> HeaderValue {
    static LAST: Mutex<Option<(u64, HeaderValue)>> = Mutex::new(None);
    let now = SystemTime::now();
    let second = now
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    match &*last {
        Some((written, date)) if *written == second => date.clone(),
        _ => {
            let date = HeaderValue::try_from(httpdate::fmt_http_date(now))
                .unwrap_or_else(|_| HeaderValue::from_static("Thu, 01 Jan 1970 00:00:00 GMT"));
            *last = Some((second, date.clone()));
            date
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    #[test]
    fn it_is_now() {
        for _ in 0..2 {
            let date = super::now();
            let date = httpdate::parse_http_date(date.to_str().unwrap()).unwrap();
            let age = SystemTime::now().duration_since(date).unwrap();
            assert!(age < Duration::from_secs(3), "{age:?}");
        }
    }
}
