use http::HeaderValue;

use super::*;

fn asked(value: &str) -> Option<Duration> {
    let mut headers = HeaderMap::new();
    headers.insert(RETRY_AFTER, HeaderValue::from_str(value).unwrap());
    // Sun, 06 Nov 1994 08:49:37 GMT
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
    retry_after(&headers, now)
}

#[test]
fn retry_after_is_read_in_both_forms() {
    assert_eq!(asked("120"), Some(Duration::from_mins(2)));
    assert_eq!(asked(" 0 "), Some(Duration::ZERO));
    assert_eq!(
        asked("99999999999999999999999"),
        Some(Duration::from_secs(u64::MAX))
    );
    assert_eq!(
        asked("Sun, 06 Nov 1994 08:50:37 GMT"),
        Some(Duration::from_mins(1))
    );
    assert_eq!(
        asked("Sun, 06 Nov 1994 08:00:00 GMT"),
        Some(Duration::ZERO),
        "a date that has passed"
    );
    for neither in ["", "soon", "-5", "1.5", "+3"] {
        assert_eq!(asked(neither), None, "{neither:?}");
    }
    assert_eq!(retry_after(&HeaderMap::new(), SystemTime::now()), None);
}

#[test]
fn a_jittered_wait_is_never_shorter_and_at_most_half_as_long_again() {
    let waits: Vec<_> = (0..200)
        .map(|_| jittered(Duration::from_secs(10)))
        .collect();
    assert!(waits.iter().all(|wait| *wait >= Duration::from_secs(10)));
    assert!(waits.iter().all(|wait| *wait <= Duration::from_secs(15)));
    assert!(waits.iter().any(|wait| wait != &waits[0]), "no spread");
    assert!(jittered(Duration::ZERO) <= Duration::from_secs(1));
    assert_eq!(jittered(Duration::MAX), Duration::MAX, "no overflow");
}

#[test]
fn no_attempt_and_no_length_overflows_a_backoff() {
    for attempt in [0, 1, 31, 32, u32::MAX] {
        for _ in 0..200 {
            assert!(backoff(attempt, Duration::MAX, Duration::MAX) <= Duration::MAX);
        }
    }
}

#[test]
fn a_backoff_doubles_up_to_its_longest() {
    let first = Duration::from_millis(100);
    let longest = Duration::from_secs(1);
    for (attempt, most) in [
        (0, 100),
        (1, 200),
        (2, 400),
        (5, 1000),
        (40, 1000),
        (u32::MAX, 1000),
    ] {
        let waits: Vec<_> = (0..200).map(|_| backoff(attempt, first, longest)).collect();
        let most = Duration::from_millis(most);
        assert!(waits.iter().all(|wait| *wait <= most), "attempt {attempt}");
        assert!(
            waits.iter().any(|wait| *wait > most / 2),
            "attempt {attempt} waits less than it might"
        );
        assert!(
            waits.iter().any(|wait| *wait < most / 4),
            "attempt {attempt} is not drawn from nothing on"
        );
    }
}
