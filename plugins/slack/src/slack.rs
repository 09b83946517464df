//! Slack, as this plugin may use it.

use std::time::Instant;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::api::{Api, Method};
use crate::channels::Remembered;
use crate::config::{Listed, Mode};
use crate::error::SlackError;

/// When a call's time is up, if it has a limit.
pub type Until = Option<Instant>;

/// The way to Slack, and what may be done there.
#[derive(Debug)]
pub struct Slack {
    pub(crate) api: Api,
    pub(crate) listed: Listed,
    pub(crate) mode: Mode,
    pub(crate) broadcasts: bool,
    pub(crate) answer_bytes: usize,
    pub(crate) remembered: Remembered,
}

/// The part of every list that says where it goes on.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Metadata {
    #[serde(default)]
    pub(crate) next_cursor: Option<String>,
}

impl Slack {
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        fields: &[(&str, &str)],
        until: Until,
    ) -> Result<T, SlackError> {
        self.api.call(method, fields, until).await
    }

    /// Refuses to change anything, unless the settings allow it.
    pub(crate) fn check_mode(&self) -> Result<(), SlackError> {
        match self.mode {
            Mode::Readwrite => Ok(()),
            Mode::Readonly => Err(SlackError::ReadOnly),
        }
    }
}

/// Refuses what is no timestamp of a message.
pub(crate) fn check_timestamp(argument: &'static str, value: &str) -> Result<(), SlackError> {
    let digits = |text: &str, most: usize| {
        (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let is_one = value
        .split_once('.')
        .is_some_and(|(seconds, rest)| digits(seconds, 12) && digits(rest, 6) && rest.len() == 6);
    if is_one {
        Ok(())
    } else {
        let value = value.to_owned();
        Err(SlackError::NotTimestamp { argument, value })
    }
}

#[cfg(test)]
mod tests {
    use super::check_timestamp;

    #[test]
    fn a_timestamp_has_one_form() {
        assert!(check_timestamp("ts", "1712345678.000001").is_ok());
        for bad in [
            "",
            "1712345678",
            "1712345678.1",
            ".000001",
            "p1712345678000001",
            "1.00000a",
            "1.000001 ",
        ] {
            assert!(check_timestamp("ts", bad).is_err(), "{bad}");
        }
    }
}
