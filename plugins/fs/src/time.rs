//! Times of files as RFC 3339 in UTC.

use cap_std::fs::{Metadata, MetadataExt};
use mcp_factory_sdk::calendar::date;

/// When the content last changed, such as `2026-03-01T12:00:00Z`, to the second.
pub(crate) fn modified(metadata: &Metadata) -> String {
    rfc3339(metadata.mtime())
}

/// When the content last changed, in nanoseconds since 1970, for sorting.
pub(crate) fn modified_nanos(metadata: &Metadata) -> i64 {
    metadata
        .mtime()
        .saturating_mul(1_000_000_000)
        .saturating_add(metadata.mtime_nsec())
}

/// Seconds since 1970 as a date and a time of the day.
fn rfc3339(seconds: i64) -> String {
    let second = seconds.rem_euclid(86_400);
    let (year, month, day) = date(seconds.div_euclid(86_400));
    let mut text = String::with_capacity("2026-03-01T12:00:00Z".len());
    if (0..10_000).contains(&year) {
        // Nearly every time there is, without the machinery of `format!`: listings write one for each entry.
        two_digits(&mut text, year / 100);
        two_digits(&mut text, year % 100);
    } else {
        text = format!("{year:04}");
    }
    for (before, number) in [
        ('-', month),
        ('-', day),
        ('T', second / 3600),
        (':', second / 60 % 60),
        (':', second % 60),
    ] {
        text.push(before);
        two_digits(&mut text, number);
    }
    text.push('Z');
    text
}

/// A number from 0 to 99.
fn two_digits(text: &mut String, number: i64) {
    for digit in [number / 10, number % 10] {
        let digit = u32::try_from(digit)
            .ok()
            .and_then(|digit| char::from_digit(digit, 10));
        text.push(digit.unwrap_or('?'));
    }
}

#[cfg(test)]
mod tests {
    use super::rfc3339;

    #[test]
    fn known_dates() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(951_827_696), "2000-02-29T12:34:56Z");
        assert_eq!(rfc3339(1_767_225_599), "2025-12-31T23:59:59Z");
        assert_eq!(rfc3339(-1), "1969-12-31T23:59:59Z");
        assert_eq!(rfc3339(4_107_542_400), "2100-03-01T00:00:00Z");
        assert_eq!(rfc3339(253_402_300_799), "9999-12-31T23:59:59Z");
        assert_eq!(rfc3339(253_402_300_800), "10000-01-01T00:00:00Z");
        assert_eq!(rfc3339(-62_167_219_201), "-001-12-31T23:59:59Z");
    }
}
