//! Access tokens that are checked by asking their issuer (RFC 7662).
//!
//! In the room: what is remembered, and how one question is put. Beside it: what an answer must say
//! (`answer`), and one question per token at a time (`flights`). An issuer that fails is left alone for a
//! while, instead of being asked by every request.
//!
//! An issuer that does not answer says nothing about a token: that is a 503, and never a 401 that would
//! send everybody to log in anew.

mod answer;
mod flights;

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use mcp_factory_outbound::{Breaker, BreakerSettings, Change, Pass};
use mcp_factory_sdk::{Principal, Secret, SecretReference};
use tokio::sync::Semaphore;
use tokio::time::timeout;

pub(crate) use self::answer::Expected;
use self::answer::Verdict;
use self::flights::{Flights, Outcome, Turn, answer_of};
use crate::credential::Presented;
use crate::discovery::Discovery;
use crate::fetch::{BasicCredentials, Endpoint, FetchError, Fetcher};
use crate::grants::Grants;
use crate::verified::{CAPACITY, TokenCache, TokenDigest};
use crate::{Clock, Refusal};

/// How long one question may take, and as long again to find out whom to ask.
const TIMEOUT: Duration = Duration::from_secs(2);
/// How long a refusal is remembered.
const NEGATIVE_TTL: Duration = Duration::from_secs(10);
/// Questions at a time: invented tokens must not become a flood at the issuer.
const MOST_QUESTIONS: usize = 64;
/// When the issuer is left alone: short at first, for nobody gets in meanwhile.
const BREAKER: BreakerSettings = BreakerSettings {
    failures: 5,
    pause: Duration::from_secs(10),
    longest: Duration::from_secs(30),
};
/// What a client is told to wait after a single failure.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Whom to ask.
pub(crate) enum Place {
    /// As configured.
    Fixed(Endpoint),
    /// As the issuer says of itself; `otherwise` when it does not.
    Discovered {
        discovery: Discovery,
        otherwise: Endpoint,
    },
}

/// Who this server is to its issuer.
pub(crate) struct Client {
    pub(crate) id: String,
    /// Read for every question, so that it can be rotated.
    pub(crate) secret: SecretReference,
}

/// Checks tokens by asking their issuer, and remembers for a while what it said.
pub(crate) struct Introspection {
    place: Place,
    client: Option<Client>,
    expected: Expected,
    grants: Grants,
    clock: Clock,
    fetcher: Arc<Fetcher>,
    /// How long a good token is remembered; zero remembers nothing, good or bad.
    cache_ttl: Duration,
    good: TokenCache<Arc<Principal>>,
    /// Apart, so that a flood of bad tokens drives out no good one.
    bad: TokenCache<Refusal>,
    flights: Flights,
    breaker: Breaker,
    questions: Semaphore,
}

/// A failure to get an answer.
enum Failure {
    /// The issuer (or the way to it) is at fault.
    Issuer(String),
    /// It declined this one question; it works, and anybody can send what it declines.
    Question(StatusCode),
}

impl Introspection {
    /// Asks nobody yet.
    pub(crate) fn new(
        place: Place,
        client: Option<Client>,
        expected: Expected,
        grants: Grants,
        clock: Clock,
        fetcher: Arc<Fetcher>,
        cache_ttl: Duration,
    ) -> Self {
        Self {
            place,
            client,
            expected,
            grants,
            clock,
            fetcher,
            cache_ttl,
            good: TokenCache::new(CAPACITY),
            bad: TokenCache::new(CAPACITY),
            flights: Flights::default(),
            breaker: Breaker::new(BREAKER),
            questions: Semaphore::new(MOST_QUESTIONS),
        }
    }

    /// Who the token stands for: from memory, or as its issuer says.
    ///
    /// # Errors
    /// `InvalidToken`; `Unavailable` when the issuer does not say; and what the claims are refused for.
    pub(crate) async fn authenticate(&self, presented: Presented<'_>) -> Outcome {
        let token = TokenDigest::of(presented.expose());
        loop {
            if let Some(outcome) = self.remembered(&token) {
                return outcome;
            }
            match self.flights.join(token) {
                Turn::Wait(receiver) => {
                    if let Some(outcome) = answer_of(receiver).await {
                        return outcome;
                    }
                }
                Turn::Ask(asking) => {
                    // Somebody may have had the answer between the look and the turn.
                    let outcome = match self.remembered(&token) {
                        Some(outcome) => outcome,
                        // Boxed: it is large, and connections keep room for the largest that requests may await.
                        None => Box::pin(self.ask(presented, token)).await,
                    };
                    asking.answer(&outcome);
                    return outcome;
                }
            }
        }
    }

    /// Who the token stands for, if its issuer said so a short while ago.
    pub(crate) fn verified(&self, presented: Presented<'_>) -> Option<Arc<Principal>> {
        let token = TokenDigest::of(presented.expose());
        self.good.get(&token, self.clock.unix_now())
    }

    fn remembered(&self, token: &TokenDigest) -> Option<Outcome> {
        let now = self.clock.unix_now();
        let good = self.good.get(token, now).map(Ok);
        good.or_else(|| self.bad.get(token, now).map(Err))
    }

    async fn ask(&self, presented: Presented<'_>, token: TokenDigest) -> Outcome {
        let Ok(Ok(_place)) = timeout(TIMEOUT, self.questions.acquire()).await else {
            tracing::warn!("too many tokens are being introspected");
            return Err(Refusal::Unavailable {
                retry_after: RETRY_AFTER,
            });
        };
        let leave = self
            .breaker
            .admit()
            .map_err(|left| unavailable(left, "left alone for a while"))?;
        match self.question(presented).await {
            Ok(claims) => match self.expected.judge(&claims, self.clock.unix_now()) {
                Verdict::NoAnswer => Err(failed(leave, "the answer does not say `active`")),
                Verdict::Bad(cause) => {
                    leave.succeeded();
                    tracing::debug!(cause, "a token is refused");
                    Err(self.refuse(token, Refusal::InvalidToken))
                }
                Verdict::Good { expires } => {
                    leave.succeeded();
                    match self.grants.of_claims(&self.expected.issuer, &claims) {
                        Ok(principal) => Ok(self.take(token, principal, expires)),
                        Err(refusal) => Err(self.refuse(token, refusal)),
                    }
                }
            },
            Err(Failure::Issuer(cause)) => Err(failed(leave, &cause)),
            Err(Failure::Question(status)) => {
                leave.succeeded();
                Err(unavailable(
                    RETRY_AFTER,
                    &format!("it declined the question: HTTP {}", status.as_u16()),
                ))
            }
        }
    }

    fn take(&self, token: TokenDigest, who: Principal, expires: Option<u64>) -> Arc<Principal> {
        let principal = Arc::new(who);
        if !self.cache_ttl.is_zero() {
            let kept = Arc::clone(&principal);
            self.good.insert(token, kept, self.cache_ttl, expires);
        }
        principal
    }

    fn refuse(&self, token: TokenDigest, refusal: Refusal) -> Refusal {
        if !self.cache_ttl.is_zero() {
            self.bad.insert(token, refusal.clone(), NEGATIVE_TTL, None);
        }
        refusal
    }

    async fn question(
        &self,
        presented: Presented<'_>,
    ) -> Result<serde_json::Map<String, serde_json::Value>, Failure> {
        let secret = match &self.client {
            Some(client) => Some(read(&client.secret).await?),
            None => None,
        };
        let credentials = self.client.as_ref().zip(secret.as_ref());
        let credentials = credentials.map(|(client, secret)| BasicCredentials {
            client_id: &client.id,
            client_secret: secret.expose(),
        });
        let form = [
            ("token", presented.expose()),
            ("token_type_hint", "access_token"),
        ];
        let endpoint = self.endpoint().await?;
        let answer = self
            .fetcher
            .post_form(&endpoint, &form, credentials, TIMEOUT)
            .await;
        answer.map_err(|error| match error {
            FetchError::Status(status @ (StatusCode::BAD_REQUEST | StatusCode::URI_TOO_LONG)) => {
                Failure::Question(status)
            }
            FetchError::Status(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
                Failure::Issuer("it does not know `client_id` and `client_secret`".to_owned())
            }
            error => Failure::Issuer(error.to_string()),
        })
    }

    async fn endpoint(&self) -> Result<Endpoint, Failure> {
        match &self.place {
            Place::Fixed(endpoint) => Ok(endpoint.clone()),
            Place::Discovered {
                discovery,
                otherwise,
            } => match timeout(TIMEOUT, discovery.introspection_endpoint()).await {
                Ok(Ok(Some(found))) => Ok(found),
                Ok(_) => Ok(otherwise.clone()),
                Err(_) => Err(Failure::Issuer(
                    "its metadata did not come in time".to_owned(),
                )),
            },
        }
    }
}

async fn read(reference: &SecretReference) -> Result<Secret<String>, Failure> {
    let reference = reference.clone();
    let reading = tokio::task::spawn_blocking(move || reference.read());
    match timeout(TIMEOUT, reading).await {
        Ok(Ok(Ok(secret))) => Ok(secret),
        Ok(Ok(Err(problem))) => Err(Failure::Issuer(format!("`client_secret`: {problem}"))),
        Ok(Err(_)) | Err(_) => Err(Failure::Issuer("`client_secret` cannot be read".to_owned())),
    }
}

fn failed(leave: Pass<'_>, cause: &str) -> Refusal {
    let pause = match leave.failed(None) {
        Some(Change::Opened(pause) | Change::StaysOpen(pause)) => Some(pause),
        Some(Change::Closed) | None => None,
    };
    tracing::warn!(cause, ?pause, "a token could not be introspected");
    Refusal::Unavailable {
        retry_after: pause.unwrap_or(RETRY_AFTER),
    }
}

fn unavailable(retry_after: Duration, cause: &str) -> Refusal {
    tracing::debug!(cause, "a token could not be introspected");
    Refusal::Unavailable { retry_after }
}

#[cfg(test)]
mod tests;
