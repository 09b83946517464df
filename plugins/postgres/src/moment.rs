//! Dates, times and intervals from their binary forms to ISO 8601.
//!
//! A moment with a time zone is told in UTC: its binary form has no other. Years before Christ are written
//! as PostgreSQL writes them, with `BC` at the end; what has no end is `infinity`.

use mcp_factory_sdk::calendar::date as civil;

use crate::put::put;

const MICROS: i64 = 1_000_000;
const DAY: i64 = 86_400 * MICROS;
/// From 1970-01-01 to 2000-01-01, in days.
const EPOCH: i64 = 10_957;

/// `2026-01-31`, from days since 2000.
pub(crate) fn date(days: i32) -> String {
    match days {
        i32::MAX => "infinity".to_owned(),
        i32::MIN => "-infinity".to_owned(),
        days => {
            let (text, era) = calendar(days.into());
            text + era
        }
    }
}

/// `2026-01-31T12:30:00.5`, from microseconds since 2000; `zone` is put at the end.
pub(crate) fn timestamp(micros: i64, zone: &str) -> String {
    match micros {
        i64::MAX => return "infinity".to_owned(),
        i64::MIN => return "-infinity".to_owned(),
        _ => {}
    }
    let (date, era) = calendar(micros.div_euclid(DAY));
    format!("{date}T{}{zone}{era}", time(micros.rem_euclid(DAY)))
}

/// `12:30:00.5`, from microseconds since midnight.
pub(crate) fn time(micros: i64) -> String {
    let seconds = micros / MICROS;
    let mut text = format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    );
    push_fraction(&mut text, micros % MICROS);
    text
}

/// `+02:00`, from seconds west of Greenwich.
pub(crate) fn zone(west: i32) -> String {
    let sign = if west > 0 { '-' } else { '+' };
    let seconds = west.unsigned_abs();
    let mut text = format!("{sign}{:02}:{:02}", seconds / 3600, seconds / 60 % 60);
    if !seconds.is_multiple_of(60) {
        put!(&mut text, ":{:02}", seconds % 60);
    }
    text
}

/// `P1Y2M3DT4H5M6.7S`; each part has its own sign.
pub(crate) fn interval(micros: i64, days: i32, months: i32) -> String {
    let mut text = "P".to_owned();
    let mut part = |number: i64, unit: char| {
        if number != 0 {
            put!(&mut text, "{number}{unit}");
        }
    };
    part((months / 12).into(), 'Y');
    part((months % 12).into(), 'M');
    part(days.into(), 'D');
    if micros != 0 {
        text.push('T');
        let seconds = micros / MICROS;
        for (number, unit) in [(seconds / 3600, 'H'), (seconds / 60 % 60, 'M')] {
            if number != 0 {
                put!(&mut text, "{number}{unit}");
            }
        }
        let rest = micros % (60 * MICROS);
        if rest != 0 {
            if rest < 0 {
                text.push('-');
            }
            let rest = rest.abs();
            put!(&mut text, "{}", rest / MICROS);
            push_fraction(&mut text, rest % MICROS);
            text.push('S');
        }
    }
    if text == "P" {
        text.push_str("T0S");
    }
    text
}

/// Adds `.5`, as many digits as are needed.
fn push_fraction(text: &mut String, micros: i64) {
    if micros != 0 {
        let digits = format!("{micros:06}");
        text.push('.');
        text.push_str(digits.trim_end_matches('0'));
    }
}

/// Year, month and day of the Gregorian calendar, and ` BC` before its first year.
fn calendar(days: i64) -> (String, &'static str) {
    let (year, month, day) = civil(days + EPOCH);
    if year > 0 {
        (format!("{year:04}-{month:02}-{day:02}"), "")
    } else {
        (format!("{:04}-{month:02}-{day:02}", 1 - year), " BC")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        for (days, expected) in [
            (0, "2000-01-01"),
            (59, "2000-02-29"),
            (60, "2000-03-01"),
            (-1, "1999-12-31"),
            (9527, "2026-01-31"),
            (-730_119, "0001-01-01"),
            (-730_120, "0001-12-31 BC"),
            (2_921_939, "9999-12-31"),
            (2_921_940, "10000-01-01"),
            (i32::MAX, "infinity"),
            (i32::MIN, "-infinity"),
        ] {
            assert_eq!(date(days), expected);
        }
    }

    #[test]
    fn timestamps() {
        assert_eq!(timestamp(0, ""), "2000-01-01T00:00:00");
        assert_eq!(timestamp(-1, "Z"), "1999-12-31T23:59:59.999999Z");
        assert_eq!(timestamp(1_500_000, ""), "2000-01-01T00:00:01.5");
        assert_eq!(timestamp(i64::MAX, "Z"), "infinity");
        assert_eq!(time(DAY), "24:00:00");
        assert_eq!(zone(-7200), "+02:00");
        assert_eq!(zone(12_600), "-03:30");
        assert_eq!(zone(-3661), "+01:01:01");
    }

    #[test]
    fn intervals() {
        for (micros, days, months, expected) in [
            (0, 0, 0, "PT0S"),
            (0, 0, 14, "P1Y2M"),
            (-500_000, 0, 0, "PT-0.5S"),
            (3_723_000_001, -3, 0, "P-3DT1H2M3.000001S"),
            (-3_723_000_000, 0, -1, "P-1MT-1H-2M-3S"),
            (60_000_000, 0, 0, "PT1M"),
        ] {
            assert_eq!(interval(micros, days, months), expected);
        }
    }
}
