//! What one attempt costs, as far as it is known: counted by the engine, guessed, or nothing.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    money::{Money, Price},
    tokens,
};

/// Whether an attempt was paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
#[expect(
    missing_docs,
    reason = "a schema reads better as a plain list; see `Attempt::billed`"
)]
pub enum Billed {
    No,
    Maybe,
    Yes,
}

/// Tokens as an engine counted them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) input: u64,
    pub(crate) output: u64,
}

/// The meter of one attempt.
#[derive(Clone, Debug)]
pub(crate) struct Meter {
    price: Price,
    prompt_bytes: usize,
    at_most: Money,
    sent: bool,
    received: usize,
    counted: Option<Usage>,
}

impl Meter {
    /// For a prompt of so many bytes in so many messages, and an answer of at most `limit` tokens.
    pub(crate) fn new(price: Price, prompt_bytes: usize, messages: usize, limit: u64) -> Self {
        Self {
            price,
            prompt_bytes,
            at_most: price.of(tokens::at_most(prompt_bytes, messages), limit),
            sent: false,
            received: 0,
            counted: None,
        }
    }

    /// What it may come to.
    pub(crate) const fn at_most(&self) -> Money {
        self.at_most
    }

    /// The prompt is on its way: from here on it may cost.
    pub(crate) const fn sent(&mut self) {
        self.sent = true;
    }

    /// The engine refused before it did any work.
    pub(crate) const fn refused(&mut self) {
        self.sent = false;
    }

    /// More of the answer has come.
    pub(crate) const fn received(&mut self, bytes: usize) {
        self.received += bytes;
    }

    /// The engine said what it counted.
    pub(crate) const fn count(&mut self, usage: Usage) {
        self.counted = Some(usage);
    }

    /// Tokens: counted, or guessed.
    pub(crate) fn usage(&self) -> Usage {
        self.counted.unwrap_or_else(|| Usage {
            input: if self.sent {
                tokens::about(self.prompt_bytes)
            } else {
                0
            },
            output: tokens::about(self.received),
        })
    }

    /// Whether the engine counted.
    pub(crate) const fn is_counted(&self) -> bool {
        self.counted.is_some()
    }

    pub(crate) fn cost(&self) -> Money {
        let usage = self.usage();
        self.price.of(usage.input, usage.output)
    }

    pub(crate) const fn billed(&self) -> Billed {
        match (self.counted, self.sent) {
            (Some(_), _) => Billed::Yes,
            (None, true) => Billed::Maybe,
            (None, false) => Billed::No,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_meter_runs_from_nothing_over_a_guess_to_a_count() {
        let mut meter = Meter::new(Price::per_million(1.0, 1.0), 400, 1, 100);
        assert_eq!((meter.billed(), meter.cost()), (Billed::No, Money(0)));
        meter.sent();
        assert_eq!(
            (meter.billed(), meter.cost()),
            (Billed::Maybe, Money(100_000_000))
        );
        meter.received(40);
        assert_eq!(
            meter.usage(),
            Usage {
                input: 100,
                output: 10
            }
        );
        assert!(meter.cost() < meter.at_most());
        meter.count(Usage {
            input: 90,
            output: 20,
        });
        assert_eq!(
            (meter.billed(), meter.cost()),
            (Billed::Yes, Money(110_000_000))
        );
    }

    #[test]
    fn what_was_refused_costs_nothing() {
        let mut meter = Meter::new(Price::per_million(1.0, 1.0), 400, 1, 100);
        meter.sent();
        meter.refused();
        assert_eq!((meter.billed(), meter.cost()), (Billed::No, Money(0)));
    }
}
