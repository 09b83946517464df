//! What requests are signed with: a token, or a GitHub App's tokens for its installation.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::digest;
use mcp_factory_outbound::{Method, StatusCode};
use mcp_factory_sdk::{Clock, Secret, SecretReference};
use serde::Deserialize;
use tokio::time::Instant;

use crate::config::AppConfig;
use crate::error::GithubError;
use crate::exchange::{Exchange, JSON, Sent};
use crate::jwt;
use crate::patience::Patience;
use crate::time;
use crate::url::ApiUrl;

/// How long a token that was read is used before it is read again.
const READ_AGAIN: Duration = Duration::from_secs(5);
/// An installation's token is replaced when it has less than this to live …
const SOON: Duration = Duration::from_mins(5);
/// … and not used any more when it has less than this.
const OVER: Duration = Duration::from_secs(30);

/// A token, and a mark by which two are told apart without comparing them.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) secret: Secret<String>,
    pub(crate) mark: u64,
}

impl Token {
    fn new(secret: Secret<String>) -> Self {
        let hash = digest::digest(&digest::SHA256, secret.expose().as_bytes());
        let mut mark = [0; 8];
        mark.copy_from_slice(&hash.as_ref()[..8]);
        Self {
            secret,
            mark: u64::from_le_bytes(mark),
        }
    }
}

/// Where tokens come from.
#[derive(Debug)]
pub(crate) enum Credentials {
    /// A token that an operator made.
    Token(Written),
    /// Tokens that GitHub makes for an App.
    App(App),
}

impl Credentials {
    /// The token for the next request.
    pub(crate) async fn token(
        &self,
        exchange: &Exchange,
        patience: &Patience,
    ) -> Result<Token, GithubError> {
        match self {
            Self::Token(written) => written.token().await,
            Self::App(app) => app.token(exchange, patience).await,
        }
    }

    /// GitHub refused this one: get another.
    pub(crate) async fn forget(&self, mark: u64) {
        match self {
            Self::Token(written) => {
                let mut kept = written.kept.lock().unwrap_or_else(PoisonError::into_inner);
                if kept.as_ref().is_some_and(|(_, token)| token.mark == mark) {
                    *kept = None;
                }
            }
            Self::App(app) => {
                let mut kept = app.kept.lock().await;
                if kept.as_ref().is_some_and(|kept| kept.token.mark == mark) {
                    *kept = None;
                }
            }
        }
    }
}

/// A token in a variable or a file.
#[derive(Debug)]
pub(crate) struct Written {
    reference: SecretReference,
    kept: Mutex<Option<(Instant, Token)>>,
}

impl Written {
    pub(crate) fn new(reference: SecretReference) -> Self {
        Self {
            reference,
            kept: Mutex::default(),
        }
    }

    async fn token(&self) -> Result<Token, GithubError> {
        let kept = self
            .kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        match kept {
            Some((read, token)) if read.elapsed() < READ_AGAIN => return Ok(token),
            _ => {}
        }
        let token = Token::new(read(&self.reference).await?);
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((Instant::now(), token.clone()));
        Ok(token)
    }
}

/// Reads a secret where it may block.
async fn read(reference: &SecretReference) -> Result<Secret<String>, GithubError> {
    let reference = reference.clone();
    let failed = |error: &dyn std::fmt::Display| {
        tracing::error!(%error, "the credentials for GitHub cannot be read");
        GithubError::Credentials
    };
    tokio::task::spawn_blocking(move || reference.read())
        .await
        .map_err(|error| failed(&error))?
        .map_err(|error| failed(&error))
}

/// A GitHub App, as one installation of it.
#[derive(Debug)]
pub(crate) struct App {
    id: String,
    installation: u64,
    key: SecretReference,
    clock: Clock,
    kept: tokio::sync::Mutex<Option<Installed>>,
}

#[derive(Debug)]
struct Installed {
    token: Token,
    /// Since 1970.
    expires: Duration,
}

#[derive(Deserialize)]
struct Issued {
    token: String,
    expires_at: String,
}

impl App {
    pub(crate) fn new(config: &AppConfig) -> Self {
        Self {
            id: config.id.to_string(),
            installation: config.installation,
            key: config.private_key.clone(),
            clock: Clock::system(),
            kept: tokio::sync::Mutex::default(),
        }
    }

    /// The proof that this is the App.
    pub(crate) async fn proof(&self) -> Result<Secret<String>, GithubError> {
        let pem = read(&self.key).await?;
        let (id, now) = (self.id.clone(), self.clock.unix_now());
        let signed =
            tokio::task::spawn_blocking(move || jwt::proof(&jwt::key(pem.expose())?, &id, now))
                .await;
        match signed {
            Ok(Ok(proof)) => Ok(Secret::new(proof)),
            Ok(Err(error)) => {
                tracing::error!(%error, "the private key of the GitHub App");
                Err(GithubError::Credentials)
            }
            Err(error) => {
                tracing::error!(%error, "the private key of the GitHub App");
                Err(GithubError::Credentials)
            }
        }
    }

    async fn token(&self, exchange: &Exchange, patience: &Patience) -> Result<Token, GithubError> {
        // Whoever comes while one is fetched waits for that one.
        let mut kept = patience.within(self.kept.lock()).await?;
        let left = kept
            .as_ref()
            .map(|kept| kept.expires.saturating_sub(self.clock.since_epoch()));
        match (&*kept, left) {
            (Some(installed), Some(left)) if left > SOON => return Ok(installed.token.clone()),
            _ => {}
        }
        match self.fetch(exchange, patience).await {
            Ok(installed) => {
                let token = installed.token.clone();
                *kept = Some(installed);
                Ok(token)
            }
            Err(error) => match (&*kept, left) {
                (Some(installed), Some(left)) if left > OVER => Ok(installed.token.clone()),
                _ => Err(error),
            },
        }
    }

    async fn fetch(
        &self,
        exchange: &Exchange,
        patience: &Patience,
    ) -> Result<Installed, GithubError> {
        let proof = self.proof().await?;
        let url = ApiUrl::new(["app", "installations"])
            .number(self.installation)
            .segment("access_tokens");
        let sent = Sent {
            method: Method::POST,
            url: &url,
            accept: JSON,
            bearer: &proof,
            etag: None,
            body: None,
            changes: false,
        };
        let answer = exchange.send(&sent, patience).await?;
        match answer.status() {
            status if status.is_success() => {}
            status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND) => {
                tracing::error!(%status, installation = self.installation, "GitHub gives the App no token: see `app`");
                return Err(GithubError::Unauthorized);
            }
            status => {
                return Err(GithubError::Unavailable {
                    reason: format!("status {} to the App", status.as_u16()),
                });
            }
        }
        let unexpected = || GithubError::Unavailable {
            reason: "no token for the App in its answer".to_owned(),
        };
        let issued: Issued = answer.json().await.map_err(|_| unexpected())?;
        let expires = time::unix(&issued.expires_at).ok_or_else(unexpected)?;
        Ok(Installed {
            token: Token::new(Secret::new(issued.token)),
            expires,
        })
    }
}
