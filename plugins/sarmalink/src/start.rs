//! From settings to a router: everything that may be refused is refused here, and nothing is sent.

use std::sync::Arc;

use mcp_factory_outbound::{Client, Reach};
use mcp_factory_sdk::Clock;
use tokio::sync::Semaphore;

use crate::{
    budget::Budget,
    chain::{self, BadSetting},
    config::Config,
    day::Limits,
    money::Money,
    router::Router,
    store::Store,
    wire::Wire,
};

/// The highest budget: above it, sums would come near the end of the numbers.
const HIGHEST_BUDGET: f64 = 1e6;
/// The largest of the sizes in the settings.
const LARGEST: usize = 16 << 20;
/// The most calls at once.
const MOST_PLACES: usize = 10_000;

/// Builds the router. Reads files, so it may block.
pub(crate) fn router(config: &Config) -> Result<Router, BadSetting> {
    for (key, size, most) in [
        ("max_prompt_bytes", config.max_prompt_bytes, LARGEST),
        ("max_answer_bytes", config.max_answer_bytes, LARGEST),
        ("max_in_flight", config.max_in_flight, MOST_PLACES),
    ] {
        if size == 0 || size > most {
            return Err(BadSetting::new(format!("`{key}` must be from 1 to {most}")));
        }
    }
    let limits = Limits {
        total: budget("daily_budget_usd", config.daily_budget_usd)?,
        caller: budget("caller_daily_budget_usd", config.caller_daily_budget_usd)?,
    };
    let times = chain::times(config)?;
    let engines = chain::engines(config, times)?;
    let (store, kept) = match &config.state {
        None => (None, None),
        Some(path) => {
            let (store, kept) =
                Store::open(path).map_err(|error| BadSetting::new(error.to_string()))?;
            (Some(store), kept)
        }
    };
    let mut client = Client::builder(Reach::operator()).connect_timeout(times.connect);
    if let Some(path) = &config.roots_file {
        client = client.roots_file(path);
    }
    let client = client
        .build()
        .map_err(|error| BadSetting::new(error.to_string()))?;
    Ok(Router {
        engines,
        wire: Wire {
            client,
            keep: config.max_answer_bytes,
        },
        budget: Arc::new(Budget::new(limits, Clock::system(), store, kept)),
        times,
        places: Semaphore::new(config.max_in_flight),
        most_places: config.max_in_flight,
        max_prompt_bytes: config.max_prompt_bytes,
    })
}

fn budget(key: &str, usd: Option<f64>) -> Result<Option<Money>, BadSetting> {
    match usd {
        None => Ok(None),
        Some(usd) if usd > 0.0 && usd <= HIGHEST_BUDGET => Ok(Some(Money::from_usd(usd))),
        Some(_) => Err(BadSetting::new(format!(
            "`{key}` must be more than 0 and at most {HIGHEST_BUDGET} USD; leave it out for no limit"
        ))),
    }
}
