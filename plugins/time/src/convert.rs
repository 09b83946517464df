//! The same moment elsewhere.

use jiff::{
    Timestamp, Zoned,
    civil::{Date, Time},
    tz::{AmbiguousOffset, TimeZone},
};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    error::TimeError,
    moment::{Moment, name},
};

/// One moment in two places.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Conversion {
    /// Where the time was given.
    pub source: Moment,
    /// Where it was wanted.
    pub target: Moment,
    /// How far the target's clock is ahead, in hours: `+9.0h`, `-3.5h`.
    pub time_difference: String,
    /// What is odd about the time: on the day clocks are set back, an hour comes twice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// `time` (`HH:MM`) on `date` (today in `source`, at `now`, when there is none) in both zones.
pub(crate) fn convert(
    now: Timestamp,
    source: &TimeZone,
    time: &str,
    date: Option<&str>,
    target: &TimeZone,
) -> Result<Conversion, TimeError> {
    let shown = |text: &str| text.chars().take(40).collect::<String>();
    let time = clock(time).ok_or_else(|| TimeError::BadTime(shown(time)))?;
    let date = match date {
        None => now.to_zoned(source.clone()).date(),
        Some(date) => calendar(date).ok_or_else(|| TimeError::BadDate(shown(date)))?,
    };
    let ambiguous = source.to_ambiguous_zoned(date.to_datetime(time));
    let mut note = None;
    match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { .. } => {}
        AmbiguousOffset::Gap { .. } => {
            return Err(TimeError::Skipped {
                time: time.strftime("%H:%M").to_string(),
                date: date.to_string(),
                zone: name(source).to_owned(),
            });
        }
        AmbiguousOffset::Fold { .. } => {
            note = Some(
                "the clocks are set back over this time, so it comes twice; this is the first"
                    .to_owned(),
            );
        }
    }
    let here = ambiguous.earlier().map_err(|_| TimeError::OutOfRange)?;
    let there = here.with_time_zone(target.clone());
    Ok(Conversion {
        time_difference: difference(&here, &there),
        source: Moment::new(&here),
        target: Moment::new(&there),
        note,
    })
}

/// Two digits, a colon, two digits; the hour may have one.
fn clock(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let is_number = |part: &str, least| {
        (least..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !is_number(hour, 1) || !is_number(minute, 2) {
        return None;
    }
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

fn calendar(text: &str) -> Option<Date> {
    let is_form = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    is_form.then(|| text.parse().ok()).flatten()
}

/// In hours, with one decimal or, for the zones that need it, two.
fn difference(here: &Zoned, there: &Zoned) -> String {
    let seconds = there.offset().seconds() - here.offset().seconds();
    let hours = f64::from(seconds) / 3_600.0;
    let two = format!("{hours:+.2}");
    let one = two.strip_suffix('0').unwrap_or(&two);
    format!("{one}h")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::zones::Zones;

    fn zone(name: &str) -> TimeZone {
        Zones::new("UTC").expect("UTC").get(Some(name)).expect(name)
    }

    fn between(
        source: &str,
        time: &str,
        date: &str,
        target: &str,
    ) -> Result<Conversion, TimeError> {
        convert(
            Timestamp::UNIX_EPOCH,
            &zone(source),
            time,
            Some(date),
            &zone(target),
        )
    }

    #[test]
    fn differences_are_those_of_the_day() {
        for (source, target, date, there, difference) in [
            (
                "Europe/Berlin",
                "Asia/Tokyo",
                "2026-11-21",
                "2026-11-21T17:00:00+09:00",
                "+8.0h",
            ),
            (
                "Europe/Berlin",
                "Asia/Tokyo",
                "2026-07-01",
                "2026-07-01T16:00:00+09:00",
                "+7.0h",
            ),
            (
                "UTC",
                "Asia/Kolkata",
                "2026-11-21",
                "2026-11-21T14:30:00+05:30",
                "+5.5h",
            ),
            (
                "UTC",
                "Asia/Kathmandu",
                "2026-11-21",
                "2026-11-21T14:45:00+05:45",
                "+5.75h",
            ),
            (
                "Asia/Tokyo",
                "America/Los_Angeles",
                "2026-11-21",
                "2026-11-20T16:00:00-08:00",
                "-17.0h",
            ),
            (
                "UTC",
                "UTC",
                "2026-11-21",
                "2026-11-21T09:00:00+00:00",
                "+0.0h",
            ),
        ] {
            let conversion = between(source, "09:00", date, target).expect("an answer");
            assert_eq!(
                (
                    conversion.target.datetime.as_str(),
                    conversion.time_difference.as_str()
                ),
                (there, difference)
            );
        }
    }

    #[test]
    fn an_hour_that_does_not_exist_is_refused_and_one_that_comes_twice_is_told() {
        let error = between("Europe/Berlin", "02:30", "2026-03-29", "UTC")
            .expect_err("skipped")
            .to_string();
        assert!(
            error.contains("02:30 does not exist on 2026-03-29 in Europe/Berlin"),
            "{error}"
        );
        let twice = between("Europe/Berlin", "2:30", "2026-10-25", "UTC").expect("an answer");
        assert_eq!(twice.target.datetime, "2026-10-25T00:30:00+00:00");
        assert!(twice.source.is_dst && twice.note.expect("a note").contains("twice"));
        assert_eq!(
            between("Europe/Berlin", "04:30", "2026-10-25", "UTC")
                .expect("an answer")
                .note,
            None
        );
    }

    #[test]
    fn what_is_no_time_or_date_is_told() {
        for time in [
            "",
            "9",
            "24:00",
            "09:60",
            "9:5",
            "09:30:00",
            "+9:00",
            "9 am",
            "०९:००",
            "009:00",
        ] {
            let error = between("UTC", time, "2026-11-21", "UTC").expect_err(time);
            assert_eq!(error, TimeError::BadTime(time.to_owned()));
        }
        for date in [
            "",
            "21.11.2026",
            "2026-02-29",
            "2026-13-01",
            "2026-1-1",
            "-026-01-01",
            "2026-11-21T00:00",
        ] {
            let error = between("UTC", "09:00", date, "UTC").expect_err(date);
            assert_eq!(error, TimeError::BadDate(date.to_owned()));
        }
        let far = between("Pacific/Auckland", "09:00", "9999-12-31", "UTC");
        assert!(far.is_ok() || far == Err(TimeError::OutOfRange));
    }

    proptest! {
        /// There and back again is the same time, wherever.
        #[test]
        fn there_and_back(hour in 0_u8..24, minute in 0_u8..60, day in 1_u8..29, month in 1_u8..13, from in 0_usize..5, to in 0_usize..5) {
            let zones = ["UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu"];
            let (time, date) = (format!("{hour:02}:{minute:02}"), format!("2026-{month:02}-{day:02}"));
            if let Ok(there) = between(zones[from], &time, &date, zones[to]) && there.note.is_none() {
                let (date, clock) = there.target.datetime.split_once('T').expect("a time");
                let back = between(zones[to], &clock[..5], date, zones[from]).expect("it exists");
                if back.note.is_none() {
                    prop_assert_eq!(back.target, there.source);
                }
            }
        }
    }
}
