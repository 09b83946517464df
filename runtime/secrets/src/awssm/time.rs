//! Times as AWS writes them where nothing is signed: `2015-08-30T12:36:00Z`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use mcp_factory_sdk::calendar;

/// `2015-08-30T12:36:00Z`, with or without a fraction of the second.
pub(super) fn parse(text: &str) -> Option<SystemTime> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(time.split('.').next()?, ':')?;
    let in_bounds = (1970..10_000).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..=60).contains(&second);
    in_bounds.then(|| {
        let days = calendar::days(year, month, day);
        let seconds = days * 86_400 + hour * 3600 + minute * 60 + second;
        UNIX_EPOCH + Duration::from_secs(seconds.unsigned_abs())
    })
}

fn numbers(text: &str, between: char) -> Option<[i64; 3]> {
    let mut parts = text.split(between).map(str::parse);
    let mut next = || parts.next()?.ok();
    let numbers = [next()?, next()?, next()?];
    parts.next().is_none().then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_times() {
        for (seconds, written) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_827_696, "2000-02-29T12:34:56Z"),
            (1_440_938_160, "2015-08-30T12:36:00.000Z"),
            (1_798_761_599, "2026-12-31T23:59:59Z"),
        ] {
            let time = UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(parse(written), Some(time), "{written}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "2015-08-30",
            "2015-08-30T12:36:00",
            "2015-08-30T12:36Z",
            "2015-13-30T12:36:00Z",
            "2015-08-30T24:36:00Z",
            "2015-08-30T-1:36:00Z",
            "99999999999-08-30T12:36:00Z",
            "2015-08-99999999999999999999T12:36:00Z",
            "1969-12-31T23:59:59Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
