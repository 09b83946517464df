//! When a key stops working: `2027-01-31`, or to the second `2027-01-31T18:00:00Z`.

use std::{fmt, str::FromStr};

use mcp_factory_sdk::calendar;
use serde::{Deserialize, Deserializer, de};
use toml::value::{Date, Datetime, Offset, Time};

/// What a wrong date is answered with. The date is not repeated: the place says which it is.
pub(crate) const NOT_AN_EXPIRY: &str =
    "is not a date: write \"2027-01-31\", or \"2027-01-31T18:00:00Z\" with its zone";

/// The first second at which a key is refused, in seconds since 1970.
///
/// A date alone means its first moment in UTC: on that day the key is refused already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expiry(u64);

impl Expiry {
    /// Whether a key that expires then is refused at `unix_now`.
    pub(crate) const fn is_past(self, unix_now: u64) -> bool {
        unix_now >= self.0
    }
}

impl FromStr for Expiry {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let datetime: Datetime = text.parse().map_err(|_| NOT_AN_EXPIRY)?;
        Self::of(&datetime).ok_or(NOT_AN_EXPIRY)
    }
}

impl Expiry {
    /// A time without a zone is nobody's time, and before 1970 there were no keys.
    fn of(datetime: &Datetime) -> Option<Self> {
        let days = days_since_1970(datetime.date?);
        let seconds = match (datetime.time, datetime.offset) {
            (None, None) => 0,
            (Some(time), Some(offset)) => seconds_of_day(time) - seconds_ahead(offset),
            _ => return None,
        };
        u64::try_from(days * 86_400 + seconds).ok().map(Self)
    }
}

fn seconds_of_day(time: Time) -> i64 {
    let part = |part: Option<u8>| i64::from(part.unwrap_or(0));
    i64::from(time.hour) * 3_600 + i64::from(time.minute) * 60 + part(time.second)
}

fn seconds_ahead(offset: Offset) -> i64 {
    match offset {
        Offset::Z => 0,
        Offset::Custom { minutes } => i64::from(minutes) * 60,
    }
}

fn days_since_1970(date: Date) -> i64 {
    calendar::days(
        i64::from(date.year),
        i64::from(date.month),
        i64::from(date.day),
    )
}

impl<'de> Deserialize<'de> for Expiry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

/// A text, or the date that TOML has itself.
struct Reader;

impl<'de> de::Visitor<'de> for Reader {
    type Value = Expiry;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a date")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Expiry, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Expiry, A::Error> {
        let datetime = Datetime::deserialize(de::value::MapAccessDeserializer::new(map))?;
        Expiry::of(&datetime).ok_or_else(|| de::Error::custom(NOT_AN_EXPIRY))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_seconds_since_1970() {
        for (text, seconds) in [
            ("1970-01-01", 0),
            ("2000-02-29", 951_782_400),
            ("2000-03-01", 951_868_800),
            ("2027-01-31", 1_801_353_600),
            ("2027-01-31T18:00:01Z", 1_801_418_401),
            ("2027-01-31T18:00:00+02:00", 1_801_411_200),
            ("2100-03-01", 4_107_542_400),
        ] {
            assert_eq!(text.parse(), Ok(Expiry(seconds)), "{text}");
        }
        for text in [
            "",
            "soon",
            "2027-02-30",
            "31.01.2027",
            "2027-01-31T18:00:00",
            "18:00:00",
            "1969-12-31",
        ] {
            assert_eq!(text.parse::<Expiry>(), Err(NOT_AN_EXPIRY), "{text}");
        }
    }

    #[test]
    fn the_day_itself_is_too_late() {
        let expiry: Expiry = "2027-01-31".parse().expect("a date");
        assert!(!expiry.is_past(1_801_353_599));
        assert!(expiry.is_past(1_801_353_600));
    }

    #[test]
    fn toml_has_dates_of_its_own() {
        #[derive(Deserialize)]
        struct Table {
            expires: Expiry,
        }
        for text in ["expires = 2027-01-31", "expires = \"2027-01-31\""] {
            let table: Table = toml::from_str(text).expect(text);
            assert_eq!(table.expires, Expiry(1_801_353_600));
        }
        assert!(toml::from_str::<Table>("expires = 18:00:00").is_err());
        assert!(toml::from_str::<Table>("expires = 20270131").is_err());
    }
}
