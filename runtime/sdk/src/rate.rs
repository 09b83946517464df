//! How often something may happen: `10/s`.
//!
//! Not here: counting (the server's business).

use std::{fmt, str::FromStr, time::Duration};

/// At most so many calls in so much time, spread evenly; as many at once when none were made for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    calls: u32,
    per: Duration,
}

impl Rate {
    /// `calls` in each `per`.
    ///
    /// # Panics
    /// When either is zero, or `per` is longer than a day; at compile time in a constant.
    pub const fn new(calls: u32, per: Duration) -> Self {
        assert!(
            calls > 0 && !per.is_zero() && per.as_secs() <= 86_400,
            "a rate is at least one call, in at most a day"
        );
        Self { calls, per }
    }

    /// How many calls: also the number that may come at once.
    pub const fn calls(self) -> u32 {
        self.calls
    }

    /// In which time.
    pub const fn per(self) -> Duration {
        self.per
    }
}

/// A text that is no rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a rate is a number of calls in a time: \"10/s\", \"100/m\", \"1/30s\"")]
pub struct NotARate;

impl FromStr for Rate {
    type Err = NotARate;

    /// Reads `10/s`, `100/m`, `5/h` or, with a number before the unit, `1/30s`.
    fn from_str(text: &str) -> Result<Self, NotARate> {
        let (calls, time) = text.split_once('/').ok_or(NotARate)?;
        let digits = time.len()
            - time
                .trim_start_matches(|digit: char| digit.is_ascii_digit())
                .len();
        let (count, unit) = time.split_at(digits);
        let seconds: u64 = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            _ => return Err(NotARate),
        };
        let count: u64 = if count.is_empty() {
            Some(1)
        } else {
            number(count)
        }
        .ok_or(NotARate)?;
        let calls = number(calls)
            .and_then(|calls| u32::try_from(calls).ok())
            .ok_or(NotARate)?;
        let seconds = seconds.checked_mul(count).ok_or(NotARate)?;
        if calls == 0 || !(1..=86_400).contains(&seconds) {
            return Err(NotARate);
        }
        Ok(Self::new(calls, Duration::from_secs(seconds)))
    }
}

/// Digits only: the standard parser also takes a sign.
fn number(text: &str) -> Option<u64> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())?
}

impl fmt::Display for Rate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.per.as_secs();
        let (count, unit) = match seconds {
            _ if self.per.subsec_nanos() > 0 => {
                return write!(formatter, "{}/{:?}", self.calls, self.per);
            }
            seconds if seconds % 3_600 == 0 => (seconds / 3_600, "h"),
            seconds if seconds % 60 == 0 => (seconds / 60, "m"),
            seconds => (seconds, "s"),
        };
        if count == 1 {
            write!(formatter, "{}/{unit}", self.calls)
        } else {
            write!(formatter, "{}/{count}{unit}", self.calls)
        }
    }
}

impl<'de> serde::Deserialize<'de> for Rate {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_what_is_shown() {
        for text in ["10/s", "1/m", "100/h", "1/30s", "5/24h", "7/90s"] {
            assert_eq!(text.parse::<Rate>().expect(text).to_string(), text);
        }
        // Made by hand only: what is written is in whole seconds.
        let odd = Rate::new(3, Duration::from_millis(1_500));
        assert_eq!(odd.to_string(), "3/1.5s");
        let rate: Rate = "100/m".parse().expect("a rate");
        assert_eq!((rate.calls(), rate.per()), (100, Duration::from_mins(1)));
    }

    #[test]
    fn nothing_else_is_a_rate() {
        for text in [
            "",
            "10",
            "/s",
            "10/",
            "0/s",
            "-1/s",
            "+1/s",
            "1/0s",
            "1/25h",
            "1/d",
            "1.5/s",
            "10 / s",
            "4294967296/s",
            "1/99999999999999999999s",
            "١/s",
        ] {
            assert_eq!(text.parse::<Rate>(), Err(NotARate), "{text}");
        }
    }
}
