//! The engines, from settings that were checked: every refusal at start names its key.

use std::time::Duration;

use mcp_factory_outbound::{Breaker, BreakerSettings, LONGEST_PAUSE, Url};
use mcp_factory_sdk::parse_duration;

use crate::{
    address::completions,
    config::{Config, EngineConfig, JsonMode, TokenLimit},
    keys::{KeyRing, LONGEST_BENCH},
    money::Price,
    tally::Tally,
};

/// The most engines of a chain.
const MOST_ENGINES: usize = 20;
/// The most keys of an engine.
const MOST_KEYS: usize = 20;
/// The most modes of an engine.
const MOST_MODES: usize = 10;
/// A price above this is a slip: nobody asks a million dollars for a million tokens.
const HIGHEST_PRICE: f64 = 1e6;

/// One engine, ready to be asked.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) name: String,
    /// Where completions are asked for. The operator's: never shown.
    pub(crate) url: Url,
    pub(crate) model: String,
    pub(crate) window: Option<u64>,
    pub(crate) price: Option<Price>,
    pub(crate) prices: (Option<f64>, Option<f64>),
    pub(crate) modes: Vec<String>,
    pub(crate) stream: bool,
    pub(crate) json: JsonMode,
    pub(crate) token_limit: TokenLimit,
    pub(crate) silence: Duration,
    pub(crate) keys: KeyRing,
    pub(crate) breaker: Breaker,
    pub(crate) tally: Tally,
}

/// Times that hold for all engines.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub(crate) connect: Duration,
    pub(crate) cooldown: Duration,
    pub(crate) bench: Duration,
}

/// A setting that cannot be used: a sentence for the operator.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct BadSetting(String);

impl BadSetting {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

/// The times of the settings.
pub(crate) fn times(config: &Config) -> Result<Times, BadSetting> {
    let hour = Duration::from_hours(1);
    Ok(Times {
        connect: duration("connect_timeout", &config.connect_timeout, hour)?,
        cooldown: duration("cooldown", &config.cooldown, LONGEST_PAUSE)?,
        bench: duration("key_bench", &config.key_bench, LONGEST_BENCH)?,
    })
}

fn duration(key: &str, text: &str, most: Duration) -> Result<Duration, BadSetting> {
    let length = parse_duration(text).map_err(|error| BadSetting(format!("`{key}`: {error}")))?;
    if length.is_zero() || length > most {
        let most = most.as_secs() / 3600;
        return Err(BadSetting(format!(
            "`{key}` must be more than nothing and at most {most}h"
        )));
    }
    Ok(length)
}

/// All engines, in order. Reads keys, so it may block.
pub(crate) fn engines(config: &Config, times: Times) -> Result<Vec<Engine>, BadSetting> {
    if config.chain.is_empty() {
        return Err(BadSetting::new(
            "`chain` names no engine: add a [[chain]] with name, base_url, model and keys",
        ));
    }
    if config.chain.len() > MOST_ENGINES {
        return Err(BadSetting(format!(
            "`chain` has more than {MOST_ENGINES} engines"
        )));
    }
    if config.breaker_failures == 0 {
        return Err(BadSetting::new(
            "`breaker_failures` is 0: set it to 1 or more",
        ));
    }
    let mut problems = Vec::new();
    let mut engines: Vec<Engine> = Vec::new();
    for settings in &config.chain {
        if engines.iter().any(|engine| engine.name == settings.name) {
            let name = &settings.name;
            return Err(BadSetting(format!(
                "`chain` has two engines called `{name}`"
            )));
        }
        engines.push(engine(settings, config, times, &mut problems)?);
    }
    for problem in &problems {
        tracing::warn!("{problem}; the engine is passed over while it has no other key");
    }
    if !engines.iter().any(|engine| engine.keys.is_ready()) {
        return Err(BadSetting(format!(
            "no engine of `chain` has a usable key: {}",
            problems.join("; ")
        )));
    }
    Ok(engines)
}

fn engine(
    settings: &EngineConfig,
    config: &Config,
    times: Times,
    problems: &mut Vec<String>,
) -> Result<Engine, BadSetting> {
    let name = &settings.name;
    let bad = |key: &str, what: &str| BadSetting(format!("`{key}` of the engine `{name}` {what}"));
    if !is_name(name) {
        return Err(BadSetting::new(
            "`name` of an engine in `chain` must be 1 to 32 letters, digits, dots, dashes or underscores",
        ));
    }
    if settings.model.is_empty() || settings.model.len() > 200 {
        return Err(bad("model", "must have 1 to 200 characters"));
    }
    if settings.modes.len() > MOST_MODES
        || settings
            .modes
            .iter()
            .any(|mode| !is_name(mode) || mode == "auto")
    {
        return Err(bad(
            "modes",
            "must be at most 10 short words other than `auto`, which means any engine",
        ));
    }
    let keys = match (settings.keyless, settings.keys.len()) {
        (true, 0) => KeyRing::keyless(),
        (true, _) => {
            return Err(bad(
                "keyless",
                "is true, but there are `keys`: remove one of them",
            ));
        }
        (false, 0) => {
            return Err(bad(
                "keys",
                "names no key: add \"env:NAME\" or \"file:/path\", or set `keyless` = true",
            ));
        }
        (false, count) if count > MOST_KEYS => return Err(bad("keys", "names more than 20 keys")),
        (false, _) => {
            let (keys, missing) = KeyRing::read(&settings.keys);
            problems.extend(
                missing
                    .into_iter()
                    .map(|problem| format!("`{name}`: {problem}")),
            );
            keys
        }
    };
    let has_budget = config.daily_budget_usd.is_some() || config.caller_daily_budget_usd.is_some();
    let price = match (settings.price_in, settings.price_out) {
        (Some(sent), Some(received)) => {
            if ![sent, received]
                .iter()
                .all(|price| (0.0..=HIGHEST_PRICE).contains(price))
            {
                return Err(bad(
                    "price_in",
                    "and `price_out` must be USD per million tokens, from 0",
                ));
            }
            Some(Price::per_million(sent, received))
        }
        (None, None) if has_budget => {
            return Err(bad(
                "price_in",
                "and `price_out` are missing, so no budget can hold: set them (0 for an engine of your own)",
            ));
        }
        (None, None) => None,
        _ => {
            return Err(bad(
                "price_in",
                "and `price_out` go together: set both or none",
            ));
        }
    };
    if settings.context == Some(0) {
        return Err(bad(
            "context",
            "is 0: write the window in tokens, or leave it out",
        ));
    }
    let silence = settings
        .silence_timeout
        .as_ref()
        .unwrap_or(&config.silence_timeout);
    Ok(Engine {
        url: completions(settings).map_err(|what| bad("base_url", what))?,
        name: name.clone(),
        model: settings.model.clone(),
        window: settings.context,
        price,
        prices: (settings.price_in, settings.price_out),
        modes: settings.modes.clone(),
        stream: settings.stream,
        json: settings.json,
        token_limit: settings.token_limit,
        silence: duration("silence_timeout", silence, Duration::from_hours(1))?,
        keys,
        breaker: Breaker::new(BreakerSettings::new(
            config.breaker_failures,
            times.cooldown,
        )),
        tally: Tally::default(),
    })
}

/// A name that can stand in a message without quoting.
fn is_name(name: &str) -> bool {
    (1..=32).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

#[cfg(test)]
mod tests;
