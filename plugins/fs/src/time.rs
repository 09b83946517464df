//! Times of files as RFC 3339 in UTC.

use cap_std::fs::{Metadata, MetadataExt};

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

/// Seconds since 1970 as a date, by Howard Hinnant's `civil_from_days`.
fn rfc3339(seconds: i64) -> String {
    let days = seconds.div_euclid(86_400);
    let second = seconds.rem_euclid(86_400);
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 {
        month_index + 3
    } else {
        month_index - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
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
