//! The settings, as they stand in the configuration file, and what is made of them at the start.

use std::collections::BTreeSet;

use mcp_factory_outbound::{BreakerConfig, DEFAULT_RETRIES};
use mcp_factory_sdk::{SecretReference, StartError};
use schemars::JsonSchema;
use serde::Deserialize;

/// The most channels that may be listed.
const MOST_CHANNELS: usize = 500;

/// Settings of the Slack plugin.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the bot token (`xoxb-…`) is: `env:NAME` or `file:PATH`. Required. A file is read anew for each
    /// call, so it may be replaced while the server runs.
    pub token: Option<SecretReference>,
    /// The ids of the channels that may be used, and nothing else may: `["C0123456789"]`. Required.
    /// `["*"]` is every public channel; private channels, group messages and direct messages must be listed
    /// by their ids, also beside `"*"`.
    pub channels: Vec<String>,
    /// Whether messages and reactions may be posted.
    pub mode: Mode,
    /// Lets messages notify whole channels and user groups (`<!channel>`, `<!here>`, `<!everyone>`).
    pub allow_broadcasts: bool,
    /// How long one call may wait for Slack's rate limits, and before it asks again, in all.
    pub rate_wait_max: String,
    /// How often a request that failed is sent again, if nothing can be done twice by that.
    #[schemars(range(max = 5))]
    pub retries: u32,
    /// When Slack is left alone because it keeps failing.
    pub breaker: BreakerConfig,
    /// How long one request to Slack may take.
    pub request_timeout: String,
    /// How much one answer returns, in bytes.
    #[schemars(range(min = 4_096, max = 4_194_304))]
    pub max_answer_bytes: usize,
    /// Where Slack's Web API is, when it is reached through a gateway. https, unless it is on loopback.
    pub api_base: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            token: None,
            channels: Vec::new(),
            mode: Mode::Readonly,
            allow_broadcasts: false,
            rate_wait_max: "30s".to_owned(),
            retries: DEFAULT_RETRIES,
            breaker: BreakerConfig::default(),
            request_timeout: "30s".to_owned(),
            max_answer_bytes: 64 << 10,
            api_base: None,
        }
    }
}

/// What may be done: only reading, or posting too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "a schema reads better as a plain list")]
pub enum Mode {
    #[default]
    Readonly,
    Readwrite,
}

/// Which channels may be used.
#[derive(Clone, Debug, Default)]
pub(crate) struct Listed {
    /// Every public one.
    pub(crate) public: bool,
    /// These, whatever they are.
    pub(crate) ids: BTreeSet<String>,
}

/// The channels of the configuration.
pub(crate) fn channels(config: &Config) -> Result<Listed, StartError> {
    if config.channels.is_empty() {
        return Err(StartError::new(
            "`channels` is empty, so there is nothing to serve: list the ids of channels, or [\"*\"] for every public one",
        ));
    }
    if config.channels.len() > MOST_CHANNELS {
        return Err(StartError::new(format!(
            "`channels` lists more than {MOST_CHANNELS} channels; use [\"*\"] for every public one"
        )));
    }
    let mut listed = Listed::default();
    for channel in &config.channels {
        if channel == "*" {
            listed.public = true;
        } else if is_channel_id(channel) {
            listed.ids.insert(channel.clone());
        } else {
            return Err(StartError::new(format!(
                "`channels` holds {channel:?}, which is no channel id: ids look like C0123456789 (names change hands, so they are not taken); Slack shows it at the end of the channel's details"
            )));
        }
    }
    Ok(listed)
}

/// The size of answers.
pub(crate) fn answer_bytes(config: &Config) -> Result<usize, StartError> {
    match config.max_answer_bytes {
        bytes @ 4_096..=4_194_304 => Ok(bytes),
        bytes => Err(StartError::new(format!(
            "`max_answer_bytes` is {bytes}; it must be from 4096 to 4194304"
        ))),
    }
}

/// A bot's token; others can do more than a bot should, or are not for this API.
pub(crate) fn is_for_bots(token: &str) -> Result<(), &'static str> {
    if ["xoxp-", "xoxe.xoxp-", "xoxc-", "xoxd-", "xapp-"]
        .iter()
        .any(|prefix| token.starts_with(prefix))
    {
        return Err(
            "is not a bot token: it acts as a person or as an app; use the one that begins with xoxb-",
        );
    }
    Ok(())
}

/// Whether it has the form of an id of a channel, a private channel or a direct message.
pub(crate) fn is_channel_id(text: &str) -> bool {
    has_form(text, &['C', 'G', 'D'])
}

/// Whether it has the form of an id of a person.
pub(crate) fn is_user_id(text: &str) -> bool {
    has_form(text, &['U', 'W'])
}

fn has_form(text: &str, kinds: &[char]) -> bool {
    text.starts_with(kinds)
        && (3..=32).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
}
