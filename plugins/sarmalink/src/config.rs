//! The settings, as they stand in the configuration file. What they come to once checked is `chain.rs`.

use std::path::PathBuf;

use mcp_factory_sdk::SecretReference;
use schemars::JsonSchema;
use serde::Deserialize;

/// Settings.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The engines, in the order in which they are asked; at least one and at most 20.
    pub chain: Vec<EngineConfig>,
    /// What all calls of one day (UTC) may cost in USD. Needs `price_in` and `price_out` on every engine.
    pub daily_budget_usd: Option<f64>,
    /// What the calls of any one caller may cost in a day. Needs prices too.
    pub caller_daily_budget_usd: Option<f64>,
    /// A file that keeps the day's spending over restarts; without it a restart begins at zero.
    pub state: Option<PathBuf>,
    /// How long to wait for a connection.
    pub connect_timeout: String,
    /// How long an engine may be silent: until it begins to answer, and between the parts of an answer.
    pub silence_timeout: String,
    /// How long an engine or a key rests when nobody said for how long.
    pub cooldown: String,
    /// How long a key rests that was refused, or whose credit is used up.
    pub key_bench: String,
    /// How many failures in a row make an engine rest.
    #[schemars(range(min = 1, max = 100))]
    pub breaker_failures: u32,
    /// The most that may be sent to an engine, in bytes of text.
    #[schemars(range(min = 1, max = 16_777_216))]
    pub max_prompt_bytes: usize,
    /// The most text of an answer that is returned, in bytes.
    #[schemars(range(min = 1, max = 16_777_216))]
    pub max_answer_bytes: usize,
    /// How many calls may run at once.
    #[schemars(range(min = 1, max = 10_000))]
    pub max_in_flight: usize,
    /// Certificates to trust beside the usual ones: a PEM file.
    pub roots_file: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            chain: Vec::new(),
            daily_budget_usd: None,
            caller_daily_budget_usd: None,
            state: None,
            connect_timeout: "3s".to_owned(),
            silence_timeout: "20s".to_owned(),
            cooldown: "30s".to_owned(),
            key_bench: "10m".to_owned(),
            breaker_failures: 3,
            max_prompt_bytes: 512 << 10,
            max_answer_bytes: 256 << 10,
            max_in_flight: 32,
            roots_file: None,
        }
    }
}

/// One engine: a model behind an OpenAI-compatible address.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EngineConfig {
    /// What callers, attempts and logs call it.
    pub name: String,
    /// The address that `/chat/completions` is added to, such as `https://api.example.com/v1`.
    pub base_url: String,
    /// The model, as the engine calls it.
    pub model: String,
    /// Its keys, used in turn: `env:NAME` or `file:/path`.
    #[serde(default)]
    pub keys: Vec<SecretReference>,
    /// The engine wants no key.
    #[serde(default)]
    pub keyless: bool,
    /// The context window in tokens. An engine without it is not asked after another's window was too small.
    #[serde(default)]
    pub context: Option<u64>,
    /// USD for a million tokens sent.
    #[serde(default)]
    pub price_in: Option<f64>,
    /// USD for a million tokens received.
    #[serde(default)]
    pub price_out: Option<f64>,
    /// What it is good for, in words that callers pass as `mode`.
    #[serde(default)]
    pub modes: Vec<String>,
    /// Takes the answer as a stream, which shows progress and notices a stalled engine.
    #[serde(default = "yes")]
    pub stream: bool,
    /// How the engine is told to answer in JSON.
    #[serde(default)]
    pub json: JsonMode,
    /// The name of the field that limits the answer.
    #[serde(default)]
    pub token_limit: TokenLimit,
    /// `silence_timeout` for this engine alone.
    #[serde(default)]
    pub silence_timeout: Option<String>,
    /// Accepts `http://` beyond this machine: keys and texts then cross the network unencrypted.
    #[serde(default)]
    pub allow_http: bool,
}

const fn yes() -> bool {
    true
}

/// How an engine is told to answer in JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum JsonMode {
    /// With the schema, in `response_format`.
    #[default]
    JsonSchema,
    /// With `response_format` = `json_object`, and the schema in words.
    JsonObject,
    /// In words only.
    Words,
}

/// The name of the field that limits the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words are the field's names")]
pub enum TokenLimit {
    #[default]
    MaxTokens,
    MaxCompletionTokens,
}

#[cfg(test)]
mod tests {
    /// By the mark, the factory knows what it must not compile in.
    #[test]
    fn keys_are_marked_as_secrets() {
        let schema = crate::PLUGIN.config_schema();
        let key = schema.pointer("/properties/chain/items/properties/keys/items");
        let key = key.expect("engines have keys");
        assert_eq!(key["writeOnly"], true, "{key}");
        assert_eq!(key["pattern"], "^(env|file|vault|awssm):.+$", "{key}");
    }
}
