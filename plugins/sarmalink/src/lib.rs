//! One way to ask any of a chain of language models: the first that answers does.
//!
//! This file is the plugin's face: its tools, each a few lines. The work is done by `Router`, which
//! knows no protocol of ours; each file of the crate holds one part of it. The README has the settings and
//! the rules.

#![forbid(unsafe_code)]

mod address;
mod ask;
mod attempt;
mod budget;
mod chain;
mod chat;
mod classify;
mod config;
mod conversation;
mod day;
mod error;
mod failure;
mod heard;
mod keys;
mod meter;
mod money;
mod progress;
mod redact;
mod router;
mod schema;
mod start;
mod status;
mod store;
mod summarise;
mod tally;
mod tokens;
mod told;
mod wire;

use std::time::Duration;

use mcp_factory_sdk::{Health, prelude::*};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

pub use ask::{Message, Role};
pub use attempt::{Attempt, UsageReport};
pub use chat::Reply;
pub use classify::Classified;
pub use config::{Config, EngineConfig, JsonMode, TokenLimit};
pub use error::ChatError;
pub use failure::Reason;
pub use meter::Billed;
pub use status::{
    BudgetReport, EngineHealth, EngineInfo, EngineList, HealthReport, KeyHealth, State,
};
pub use summarise::Style;

use ask::Choice;
use chat::ChatRequest;
use error::Failed;
use progress::Audience;
use router::{Call, Router};

/// How long `summarise` and `classify` may take when the call itself has no limit.
const PATIENCE: Duration = Duration::from_mins(1);

/// The plugin: the chain.
#[derive(Debug)]
pub struct Sarmalink {
    router: Router,
}

impl Plugin for Sarmalink {
    type Config = Config;

    async fn start(config: Config, _: &StartContext) -> Result<Self, StartError> {
        let has_roots = config.roots_file.is_some();
        let router = tokio::task::spawn_blocking(move || start::router(&config)).await??;
        if has_roots {
            // A wrong file is told now, not with the first question.
            router
                .wire
                .client
                .prepare()
                .await
                .map_err(|error| StartError::new("`roots_file` cannot be used").because(error))?;
        }
        Ok(Self { router })
    }

    async fn health(&self) -> Health {
        let count = |state| {
            let engines = self
                .router
                .engines
                .iter()
                .filter(|engine| engine.state() == state);
            engines.count()
        };
        let (ready, probing) = (count(State::Ready), count(State::Probing));
        let health = if ready + probing == 0 {
            Health::failing("no engine of the chain may be asked now: engine_health tells why")
        } else {
            Health::ok()
        };
        let balance = self.router.budget.balance();
        health
            .count("engines_ready", ready)
            .count("engines_resting", count(State::Resting))
            .count("engines_without_key", count(State::NoKey))
            .count("calls_in_flight", self.router.in_flight())
            .count("callers_with_a_purse", balance.callers)
            .gauge("spent_today_usd", balance.spent.usd())
            .gauge("reserved_usd", balance.reserved.usd())
    }

    async fn stop(&self) {
        self.router.budget.keep().await;
    }
}

/// What an error is to the model, with what was tried.
fn told(failed: &Failed) -> ToolError {
    let message = failed.error.to_string();
    let error = match &failed.error {
        ChatError::Exhausted { .. } | ChatError::Busy(_) => ToolError::unavailable(message),
        ChatError::OutOfTime { .. } => ToolError::timed_out(message),
        ChatError::NothingSaid
        | ChatError::SaidTwice
        | ChatError::NotTheUsersTurn
        | ChatError::TooLong { .. }
        | ChatError::UnknownMode { .. }
        | ChatError::UnknownModel { .. }
        | ChatError::BadSchema(_)
        | ChatError::DoubleLabel(_)
        | ChatError::BadLabel
        | ChatError::EmptyText => ToolError::invalid_arguments(message),
        _ => ToolError::new(message),
    };
    if failed.trail.attempts.is_empty() {
        return error;
    }
    error.with_data(json!({
        "attempts": failed.trail.attempts,
        "usage": failed.trail.usage,
        "cost_usd": failed.trail.cost_usd(),
    }))
}

/// Our deadline, a little inside of the call's own, so that it is us who say why.
fn deadline(cx: &Context, wanted: Duration) -> Instant {
    Instant::now() + limit(cx.time_left(), wanted)
}

fn limit(left: Option<Duration>, wanted: Duration) -> Duration {
    let margin = |left: Duration| (left / 10).min(Duration::from_millis(250));
    left.map_or(wanted, |left| left.saturating_sub(margin(left)).min(wanted))
}

/// Language models: one question, and the first engine of the chain that can answer it does.
#[plugin(name = "sarmalink")]
impl Sarmalink {
    /// Asks a language model. If an engine fails, the next one is asked.
    #[tool(
        scope = "write",
        title = "Ask a model",
        read_only,
        open_world,
        timeout = "5m"
    )]
    async fn ai_chat(
        &self,
        cx: &Context,
        /// What to ask; or give `messages`.
        prompt: Option<String>,
        /// A conversation so far, with the user's turn last.
        #[arg(max_length = 200)]
        messages: Option<Vec<Message>>,
        /// Instructions that stand above the conversation.
        system: Option<String>,
        /// Which engines may answer: one of their modes, or `auto` for any.
        #[arg(default = "auto".to_owned())]
        mode: String,
        /// Only the engine with this name, or engines with this model.
        model: Option<String>,
        /// The most tokens of the answer.
        #[arg(default = 1024, minimum = 1, maximum = 131_072)]
        max_tokens: u32,
        /// From 0 (sober) to 2.
        #[arg(minimum = 0.0, maximum = 2.0)]
        temperature: Option<f64>,
        /// The answer is JSON that is valid under this JSON Schema.
        json_schema: Option<Map<String, Value>>,
        /// How long to wait, all engines together.
        #[arg(default = 60_000, minimum = 1_000, maximum = 300_000)]
        timeout_ms: u64,
    ) -> Result<Reply, ToolError> {
        let request = ChatRequest {
            prompt,
            messages,
            system,
            choice: Choice::new(mode, model),
            max_tokens,
            temperature,
            schema: json_schema,
        };
        let listener = Audience::new(cx);
        let call = Call {
            caller: cx.principal().key(),
            deadline: deadline(cx, Duration::from_millis(timeout_ms)),
            listener: &listener,
        };
        self.router
            .chat(request, &call)
            .await
            .map_err(|failed| told(&failed))
    }

    /// Summarises a text with a language model.
    #[tool(
        scope = "write",
        title = "Summarise",
        read_only,
        open_world,
        timeout = "2m"
    )]
    async fn summarise(
        &self,
        cx: &Context,
        /// The text.
        text: String,
        /// The form of the summary.
        #[arg(default = Style::Bullets)]
        style: Style,
        /// About how long it may be.
        #[arg(minimum = 1, maximum = 5_000)]
        max_words: Option<u32>,
    ) -> Result<Reply, ToolError> {
        let listener = Audience::new(cx);
        let call = Call {
            caller: cx.principal().key(),
            deadline: deadline(cx, PATIENCE),
            listener: &listener,
        };
        self.router
            .summarise(text, style, max_words, &call)
            .await
            .map_err(|failed| told(&failed))
    }

    /// Chooses which of the given labels fit a text, with a language model. Never answers with another label.
    #[tool(
        scope = "write",
        title = "Classify",
        read_only,
        open_world,
        timeout = "2m"
    )]
    async fn classify(
        &self,
        cx: &Context,
        /// The text.
        text: String,
        /// The labels to choose from.
        #[arg(min_length = 2, max_length = 100)]
        labels: Vec<String>,
        /// Any number of labels may fit, not exactly one.
        #[arg(default = false)]
        multi: bool,
    ) -> Result<Classified, ToolError> {
        let listener = Audience::new(cx);
        let call = Call {
            caller: cx.principal().key(),
            deadline: deadline(cx, PATIENCE),
            listener: &listener,
        };
        self.router
            .classify(text, labels, multi, &call)
            .await
            .map_err(|failed| told(&failed))
    }

    /// Names the engines in the order in which they are asked: models, modes, windows, prices.
    #[tool(scope = "read", title = "List engines", read_only, open_world)]
    async fn list_engines(&self) -> EngineList {
        self.router.list()
    }

    /// Tells how the engines do: which rest and for how long, their keys, and the day's money.
    #[tool(scope = "read", title = "Engine health", read_only, open_world)]
    async fn engine_health(&self) -> HealthReport {
        self.router.report()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_call_is_kept_free() {
        let [second, ten] = [1, 10].map(Duration::from_secs);
        assert_eq!(limit(None, ten), ten);
        assert_eq!(limit(Some(ten), second), second);
        assert_eq!(limit(Some(second), ten), Duration::from_millis(900));
        assert_eq!(limit(Some(ten), ten * 2), Duration::from_millis(9_750));
    }
}
