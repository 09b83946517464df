//! What one attempt came to, in the words that decide whether there is another. What a service's statuses
//! and words mean is its plugin's to say; this has the parts that all of HTTP shares.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode};

use crate::error::OutboundError;
use crate::response::Response;
use crate::retry;

/// What one attempt came to.
#[derive(Debug)]
pub enum Said<T, E> {
    /// The service answered, be it a refusal: it works, and would say the same again.
    Answer(Result<T, E>),
    /// It declined, did nothing, and wants to be left alone for so long: a rate limit.
    Later(Duration),
    /// It failed, or was not reached. The second part is the answer of the call when this was the last try.
    Fault(Fault, Result<T, E>),
    /// Nothing was asked of it, or nothing can be told of it from this: a credential that cannot be read,
    /// a request that cannot be sent.
    Own(E),
}

impl<T, E> Said<T, E> {
    /// A request without an answer, or without all of it.
    pub fn broken(error: OutboundError, told: impl FnOnce(OutboundError) -> E) -> Self {
        match Fault::of_error(&error) {
            Some(fault) => Self::Fault(fault, Err(told(error))),
            None => Self::Own(told(error)),
        }
    }
}

impl<E> Said<Response, E> {
    /// The head of an answer, by its status alone: 5xx is a fault, all others are answers.
    pub fn by_status(
        sent: Result<Response, OutboundError>,
        told: impl FnOnce(OutboundError) -> E,
    ) -> Self {
        match sent {
            Err(error) => Self::broken(error, told),
            Ok(response) => match Fault::of_status(response.status(), response.headers()) {
                Some(fault) => Self::Fault(fault, Ok(response)),
                None => Self::Answer(Ok(response)),
            },
        }
    }
}

/// A failure of the service or of the way to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    kind: Kind,
    /// How long the service asks to wait.
    asked: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// It did not get the request, for certain.
    Unsent,
    /// It may have done what was asked.
    Uncertain,
    /// The time was over. Whoever waited once has waited enough.
    Silent,
    /// It would fail again in a moment.
    Lasting,
}

impl Fault {
    /// What an error says of the service; `None` when it says nothing.
    pub fn of_error(error: &OutboundError) -> Option<Self> {
        let kind = match error {
            OutboundError::Resolve(_) | OutboundError::Connect(_) => Kind::Unsent,
            OutboundError::Tls(_) => Kind::Lasting,
            OutboundError::Timeout => Kind::Silent,
            OutboundError::Broken(_) => Kind::Uncertain,
            OutboundError::Refused(_)
            | OutboundError::TooLarge { .. }
            | OutboundError::Redirect(_)
            | OutboundError::Request(_)
            | OutboundError::Json(_)
            | OutboundError::Roots(_) => return None,
        };
        Some(Self { kind, asked: None })
    }

    /// What a status says of the service: 5xx is a fault, but for 501 and 505, which say what it does not do.
    pub fn of_status(status: StatusCode, headers: &HeaderMap) -> Option<Self> {
        let kind = match status.as_u16() {
            500 | 502..=504 => Kind::Uncertain,
            506..=599 => Kind::Lasting,
            _ => return None,
        };
        Some(Self {
            kind,
            asked: retry::retry_after(headers, SystemTime::now()),
        })
    }

    /// How long the service asks to wait, if it does.
    pub const fn asked(self) -> Option<Duration> {
        self.asked
    }

    /// Whether the same may be sent again: what was not received always, else only what may be done twice.
    pub const fn may_repeat(self, is_repeatable: bool) -> bool {
        match self.kind {
            Kind::Unsent => true,
            Kind::Uncertain => is_repeatable,
            Kind::Silent | Kind::Lasting => false,
        }
    }

    /// Whether it says that the service fails, when it was given `waited` and `enough` is what it may need.
    pub(crate) fn counts(self, waited: Duration, enough: Duration) -> bool {
        self.kind != Kind::Silent || waited >= enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_status(status: u16) -> Option<Fault> {
        Fault::of_status(
            StatusCode::from_u16(status).expect("a status"),
            &HeaderMap::new(),
        )
    }

    #[test]
    fn only_what_was_not_received_is_sent_twice_unless_it_may_be_done_twice() {
        let broken = OutboundError::broken(std::io::Error::other("gone"));
        let refused = OutboundError::connect(std::io::Error::other("refused"));
        let fault = |error| Fault::of_error(&error).expect("a fault");
        for (fault, reads, writes) in [
            (fault(refused), true, true),
            (fault(broken), true, false),
            (fault(OutboundError::Timeout), false, false),
            (of_status(500).expect("one"), true, false),
            (of_status(503).expect("one"), true, false),
            (of_status(507).expect("one"), false, false),
        ] {
            assert_eq!(
                (fault.may_repeat(true), fault.may_repeat(false)),
                (reads, writes),
                "{fault:?}"
            );
        }
        for status in [200, 304, 400, 404, 429, 501, 505] {
            assert_eq!(of_status(status), None, "{status}");
        }
        assert_eq!(
            Fault::of_error(&OutboundError::TooLarge { limit: 1 }),
            None,
            "it did answer"
        );
    }

    #[test]
    fn who_allows_too_little_time_proves_nothing() {
        let silent = Fault::of_error(&OutboundError::Timeout).expect("a fault");
        let (little, enough) = (Duration::from_secs(1), Duration::from_secs(10));
        assert!(!silent.counts(little, enough) && silent.counts(enough, enough));
        assert!(of_status(500).expect("one").counts(little, enough));
    }
}
