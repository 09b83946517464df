//! One question at a time for each token: whoever comes with the same waits for the same answer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mcp_factory_sdk::Principal;
use tokio::sync::watch;

use crate::Refusal;
use crate::verified::TokenDigest;

/// What became of a token.
pub(super) type Outcome = Result<Arc<Principal>, Refusal>;
type Waiting = HashMap<TokenDigest, watch::Receiver<Option<Outcome>>>;

/// The tokens that are being asked about. As many as there are requests at most.
#[derive(Debug, Default)]
pub(super) struct Flights(Mutex<Waiting>);

/// Whose turn it is.
#[derive(Debug)]
pub(super) enum Turn<'a> {
    /// The caller asks, and tells the others.
    Ask(Asking<'a>),
    /// Somebody else asks.
    Wait(watch::Receiver<Option<Outcome>>),
}

/// The one who asks. Dropped without an answer, the next in line asks.
#[derive(Debug)]
pub(super) struct Asking<'a> {
    flights: &'a Flights,
    token: TokenDigest,
    answer: watch::Sender<Option<Outcome>>,
}

impl Flights {
    /// Joins those who wait for the token's answer, or starts the wait.
    pub(super) fn join(&self, token: TokenDigest) -> Turn<'_> {
        let mut waiting = self.lock();
        if let Some(receiver) = waiting.get(&token) {
            return Turn::Wait(receiver.clone());
        }
        let (answer, receiver) = watch::channel(None);
        waiting.insert(token, receiver);
        Turn::Ask(Asking {
            flights: self,
            token,
            answer,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Asking<'_> {
    /// Tells everybody who waits.
    pub(super) fn answer(self, outcome: &Outcome) {
        self.answer.send_replace(Some(outcome.clone()));
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.flights.lock().remove(&self.token);
    }
}

/// The answer of whoever asks; `None` when they went away without one.
pub(super) async fn answer_of(mut receiver: watch::Receiver<Option<Outcome>>) -> Option<Outcome> {
    let answer = receiver.wait_for(Option::is_some).await.ok()?;
    answer.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_next_in_line_asks_when_the_first_goes_away() {
        let flights = Flights::default();
        let token = TokenDigest::of("token");
        let Turn::Ask(first) = flights.join(token) else {
            panic!("nobody asks yet");
        };
        let Turn::Wait(second) = flights.join(token) else {
            panic!("the first asks");
        };
        assert!(matches!(
            flights.join(TokenDigest::of("other")),
            Turn::Ask(_)
        ));
        drop(first);
        assert_eq!(answer_of(second).await, None);
        let Turn::Ask(second) = flights.join(token) else {
            panic!("nobody asks any more");
        };
        let Turn::Wait(third) = flights.join(token) else {
            panic!("the second asks");
        };
        second.answer(&Err(Refusal::NoTenant));
        assert_eq!(answer_of(third).await, Some(Err(Refusal::NoTenant)));
        assert!(flights.lock().is_empty());
    }
}
