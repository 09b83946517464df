//! `list_engines` and `engine_health`: what there is, and how it does.

use std::time::Duration;

use mcp_factory_outbound::Condition;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    chain::Engine,
    keys::{KeyCondition, Why},
    money::Money,
    router::Router,
    tally::millis,
};

/// Whether something may be used now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
#[expect(missing_docs, reason = "a schema reads better as a plain list")]
pub enum State {
    Ready,
    Resting,
    Probing,
    NoKey,
}

/// The engines, in the order in which they are asked.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct EngineList {
    /// The engines.
    pub engines: Vec<EngineInfo>,
}

/// What an engine is.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct EngineInfo {
    /// Its name: what `model` may be set to.
    pub name: String,
    /// Its model: what `model` may be set to, too.
    pub model: String,
    /// What `mode` may be set to for it.
    pub modes: Vec<String>,
    /// Its context window in tokens, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<u64>,
    /// USD for a million tokens sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_in: Option<f64>,
    /// USD for a million tokens received.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_out: Option<f64>,
    /// Whether it may be asked now.
    pub state: State,
}

/// How the engines do.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct HealthReport {
    /// The engines.
    pub engines: Vec<EngineHealth>,
    /// Calls that run now.
    pub in_flight: usize,
    /// The day's money.
    pub budget: BudgetReport,
}

/// How an engine does.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct EngineHealth {
    /// Its name.
    pub name: String,
    /// Whether it may be asked now.
    pub state: State,
    /// How long it rests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready_in_ms: Option<u64>,
    /// Failures in a row.
    pub failures_in_a_row: u32,
    /// Attempts that were answered since the start.
    pub answered: u64,
    /// Attempts that failed since the start.
    pub failed: u64,
    /// How long the last attempt took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_latency_ms: Option<u64>,
    /// Its keys, in the order of the settings.
    pub keys: Vec<KeyHealth>,
}

/// How a key does.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct KeyHealth {
    /// Why it is not used: `missing`, `limited`, `benched` (it was refused) or `unreadable`; else `ready`.
    pub state: &'static str,
    /// How long it rests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready_in_ms: Option<u64>,
}

/// The day's money.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BudgetReport {
    /// The limit, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_usd: Option<f64>,
    /// What was spent today.
    pub spent_usd: f64,
    /// What is set aside for calls that run.
    pub reserved_usd: f64,
    /// When it begins anew.
    pub resets_in_s: u64,
}

impl Engine {
    pub(crate) fn state(&self) -> State {
        match (self.ready_in(), self.breaker.condition()) {
            (None, _) => State::NoKey,
            (_, Condition::Trial) => State::Probing,
            (Some(Duration::ZERO), _) => State::Ready,
            (Some(_), _) => State::Resting,
        }
    }
}

impl Router {
    /// What there is.
    pub(crate) fn list(&self) -> EngineList {
        let info = |engine: &Engine| EngineInfo {
            name: engine.name.clone(),
            model: engine.model.clone(),
            modes: engine.modes.clone(),
            context: engine.window,
            price_in: engine.prices.0,
            price_out: engine.prices.1,
            state: engine.state(),
        };
        EngineList {
            engines: self.engines.iter().map(info).collect(),
        }
    }

    /// How it does.
    pub(crate) fn report(&self) -> HealthReport {
        let balance = self.budget.balance();
        HealthReport {
            engines: self.engines.iter().map(health).collect(),
            in_flight: self.in_flight(),
            budget: BudgetReport {
                limit_usd: balance.limit.map(Money::usd),
                spent_usd: balance.spent.usd(),
                reserved_usd: balance.reserved.usd(),
                resets_in_s: balance.until_reset.as_secs(),
            },
        }
    }

    /// Calls that run now.
    pub(crate) fn in_flight(&self) -> usize {
        self.most_places
            .saturating_sub(self.places.available_permits())
    }
}

fn health(engine: &Engine) -> EngineHealth {
    let (answered, failed) = engine.tally.counts();
    let rest = engine.ready_in().filter(|left| !left.is_zero());
    EngineHealth {
        name: engine.name.clone(),
        state: engine.state(),
        ready_in_ms: rest.map(millis),
        failures_in_a_row: match engine.breaker.condition() {
            Condition::Closed { failures } => failures,
            Condition::Open(_) | Condition::Trial => 0,
        },
        answered,
        failed,
        last_latency_ms: engine.tally.last_millis(),
        keys: engine.keys.conditions().into_iter().map(key).collect(),
    }
}

fn key(condition: KeyCondition) -> KeyHealth {
    let (state, rest) = match condition {
        KeyCondition::Ready => ("ready", None),
        KeyCondition::Missing => ("missing", None),
        KeyCondition::Resting(Why::Limited, left) => ("limited", Some(left)),
        KeyCondition::Resting(Why::Benched, left) => ("benched", Some(left)),
        KeyCondition::Resting(Why::Unreadable, left) => ("unreadable", Some(left)),
    };
    KeyHealth {
        state,
        ready_in_ms: rest.map(millis),
    }
}
