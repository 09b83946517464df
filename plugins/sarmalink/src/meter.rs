//! What one attempt costs, as far as it is known: counted by the engine, guessed, or nothing.
//!
//! A count is believed as far as it can be true. Nothing for a text that is there would make it free, and an
//! absurd number would use up the day's money: in place of both, and of what is missing, stands the guess.

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

/// Tokens that an engine may add of its own to what is sent and what is asked for, such as a system prompt.
const MARGIN: u64 = 1024;

/// Tokens.
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
    /// The most tokens that can have been sent.
    most_input: u64,
    /// The most tokens of an answer that were asked for.
    limit: u64,
    at_most: Money,
    sent: bool,
    received: usize,
    /// What the engine said, if anything.
    input: Option<u64>,
    output: Option<u64>,
}

impl Meter {
    /// For a prompt of so many bytes in so many messages, and an answer of at most `limit` tokens.
    pub(crate) fn new(price: Price, prompt_bytes: usize, messages: usize, limit: u64) -> Self {
        Self {
            price,
            prompt_bytes,
            most_input: tokens::no_more_than(prompt_bytes, messages).saturating_add(MARGIN),
            limit,
            at_most: price.of(tokens::at_most(prompt_bytes, messages), limit),
            sent: false,
            received: 0,
            input: None,
            output: None,
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

    /// The engine said what it counted. What it said before stays where it says nothing now.
    pub(crate) fn count(&mut self, input: Option<u64>, output: Option<u64>) {
        self.input = input.or(self.input);
        self.output = output.or(self.output);
    }

    /// What the engine counted of the prompt, if that can be true.
    fn counted_input(&self) -> Option<u64> {
        let least = u64::from(self.prompt_bytes > 0);
        self.input
            .filter(|tokens| (least..=self.most_input).contains(tokens))
    }

    /// What it counted of the answer. Thoughts count and are not sent, so what was asked for is believed too.
    fn counted_output(&self) -> Option<u64> {
        let least = u64::from(self.received > 0);
        let most = self.limit.max(self.received as u64).saturating_add(MARGIN);
        self.output.filter(|tokens| (least..=most).contains(tokens))
    }

    /// Tokens: counted, or guessed.
    pub(crate) fn usage(&self) -> Usage {
        let prompt = if self.sent { self.prompt_bytes } else { 0 };
        Usage {
            input: self
                .counted_input()
                .unwrap_or_else(|| tokens::about(prompt)),
            output: self
                .counted_output()
                .unwrap_or_else(|| tokens::about(self.received)),
        }
    }

    /// Whether the engine counted, and all that it counted can be true.
    pub(crate) fn is_counted(&self) -> bool {
        self.counted_input().is_some() && self.counted_output().is_some()
    }

    pub(crate) fn cost(&self) -> Money {
        let usage = self.usage();
        self.price.of(usage.input, usage.output)
    }

    pub(crate) const fn billed(&self) -> Billed {
        match (self.input.is_some() || self.output.is_some(), self.sent) {
            (true, _) => Billed::Yes,
            (false, true) => Billed::Maybe,
            (false, false) => Billed::No,
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
        meter.count(Some(90), Some(20));
        assert!(meter.is_counted());
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

    #[test]
    fn a_count_that_cannot_be_true_is_a_guess() {
        // 400 bytes sent are 100 tokens by the guess, 40 received are 10; 100 were asked for.
        for (input, output, expected, is_counted) in [
            (Some(90), Some(20), (90, 20), true),
            (Some(90), None, (90, 10), false),
            (Some(90), Some(0), (90, 10), false),
            (None, Some(20), (100, 20), false),
            (Some(0), Some(20), (100, 20), false),
            (None, None, (100, 10), false),
            (Some(u64::MAX), Some(20), (100, 20), false),
            (Some(90), Some(u64::MAX), (90, 10), false),
            (Some(1_432), Some(1_124), (1_432, 1_124), true),
            (Some(1_433), Some(1_125), (100, 10), false),
        ] {
            let mut meter = Meter::new(Price::per_million(1.0, 1.0), 400, 1, 100);
            meter.sent();
            meter.received(40);
            meter.count(input, output);
            let usage = meter.usage();
            let told = format!("{input:?} {output:?}");
            assert_eq!((usage.input, usage.output), expected, "{told}");
            assert_eq!(meter.is_counted(), is_counted, "{told}");
        }
    }

    #[test]
    fn an_answer_without_text_may_count_nothing() {
        let mut meter = Meter::new(Price::default(), 400, 1, 100);
        meter.sent();
        meter.count(Some(90), Some(0));
        assert!(meter.is_counted());
    }

    #[test]
    fn a_later_count_replaces_an_earlier_one_where_it_says_something() {
        let mut meter = Meter::new(Price::default(), 400, 1, 100);
        meter.count(Some(90), Some(1));
        meter.count(None, Some(20));
        meter.count(None, None);
        let usage = meter.usage();
        assert_eq!((usage.input, usage.output), (90, 20));
    }
}
