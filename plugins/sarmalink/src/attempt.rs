//! What was tried: told with every answer and with every error.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    chain::Engine,
    failure::Reason,
    meter::{Billed, Meter},
    money::Money,
    tally::millis,
};

/// One engine that was asked, or passed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Attempt {
    /// The engine's name.
    pub engine: String,
    /// Which of its keys, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_index: Option<usize>,
    /// The HTTP status, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How long it took.
    pub latency_ms: u64,
    /// How it ended (`answered`, `rate_limited`, …), or why it was passed over (`skipped_budget`, …).
    // The README has all of them; three tools need not list them.
    #[schemars(with = "String")]
    pub reason: Reason,
    /// `no`, `yes`, or `maybe`: it broke off after the prompt was sent, and is booked by a guess.
    #[schemars(with = "String")]
    pub billed: Billed,
}

/// Tokens, all attempts together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UsageReport {
    /// Sent.
    pub input_tokens: u64,
    /// Received.
    pub output_tokens: u64,
    /// Some of it was not counted by an engine but guessed.
    pub estimated: bool,
}

/// All that was tried for one call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trail {
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) usage: UsageReport,
    cost: Money,
    unpriced: bool,
}

impl Trail {
    /// An engine was passed over.
    pub(crate) fn skip(&mut self, engine: &Engine, reason: Reason) {
        self.attempts.push(Attempt {
            engine: engine.name.clone(),
            key_index: None,
            status: None,
            latency_ms: 0,
            reason,
            billed: Billed::No,
        });
    }

    /// An engine was asked.
    pub(crate) fn add(
        &mut self,
        engine: &Engine,
        key_index: Option<usize>,
        status: Option<u16>,
        took: Duration,
        reason: Reason,
        meter: &Meter,
    ) {
        let billed = meter.billed();
        if billed != Billed::No {
            let usage = meter.usage();
            self.usage.input_tokens = self.usage.input_tokens.saturating_add(usage.input);
            self.usage.output_tokens = self.usage.output_tokens.saturating_add(usage.output);
            self.usage.estimated |= !meter.is_counted();
            self.cost = self.cost.plus(meter.cost());
            self.unpriced |= engine.price.is_none();
        }
        self.attempts.push(Attempt {
            engine: engine.name.clone(),
            key_index,
            status,
            latency_ms: millis(took),
            reason,
            billed,
        });
    }

    /// What it cost, if all prices are known.
    pub(crate) fn cost_usd(&self) -> Option<f64> {
        (!self.unpriced).then(|| self.cost.usd())
    }
}
