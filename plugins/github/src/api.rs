//! GitHub's REST API as this plugin uses it: asked, waited for, confirmed from memory, and refused in words.

use std::time::{Duration, SystemTime};

use mcp_factory_outbound::{Bytes, HeaderMap, Method, Response, StatusCode, Upstream, Url, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::clean;
use crate::credentials::{Credentials, Token};
use crate::error::GithubError;
use crate::etag::{Etags, Kept, Key};
use crate::exchange::{Exchange, JSON, Sent, failed};
use crate::limits::{self, Bucket, Limits};
use crate::link;
use crate::patience::Patience;
use crate::url::ApiUrl;

/// How often one request is sent at most, with waits for limits in between.
const MOST_ATTEMPTS: u32 = 5;
/// The shortest wait after a refusal that names none.
const LEAST_WAIT: Duration = Duration::from_millis(200);

/// A question to the API.
#[derive(Debug)]
pub(crate) struct Ask<'a> {
    method: Method,
    /// What it is about, for error messages: `acme/tool#7`.
    what: &'a str,
    url: ApiUrl,
    accept: &'static str,
    bucket: Bucket,
    body: Option<Value>,
    /// The answer may be a redirect to elsewhere, which the caller judges.
    elsewhere: bool,
}

impl<'a> Ask<'a> {
    /// To read something.
    pub(crate) fn get(what: &'a str, url: ApiUrl) -> Self {
        Self {
            method: Method::GET,
            what,
            url,
            accept: JSON,
            bucket: Bucket::Core,
            body: None,
            elsewhere: false,
        }
    }

    /// To change something.
    pub(crate) fn change(method: Method, what: &'a str, url: ApiUrl, body: Value) -> Self {
        Self {
            method,
            body: Some(body),
            ..Self::get(what, url)
        }
    }

    /// In another format.
    pub(crate) fn accept(mut self, accept: &'static str) -> Self {
        self.accept = accept;
        self
    }

    /// From another allowance.
    pub(crate) fn bucket(mut self, bucket: Bucket) -> Self {
        self.bucket = bucket;
        self
    }

    /// With redirects as answers.
    pub(crate) fn elsewhere(mut self) -> Self {
        self.elsewhere = true;
        self
    }
}

/// An answer that was given.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) body: Bytes,
    pub(crate) next_page: Option<u32>,
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, GithubError> {
        serde_json::from_slice(&self.body).map_err(|error| {
            tracing::warn!(%error, "an answer of GitHub is not what its API promises");
            GithubError::Unavailable {
                reason: "its answer is not what the API promises".to_owned(),
            }
        })
    }
}

/// What came of a question: an answer, its beginning still unread, or the way to elsewhere.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Status 2xx; the body is unread.
    Open(Response),
    /// Confirmed from memory.
    Kept(Answer),
    /// A redirect, where the question allows it.
    Elsewhere(Url),
}

/// The API.
#[derive(Debug)]
pub(crate) struct Api {
    exchange: Exchange,
    credentials: Credentials,
    limits: Limits,
    etags: Etags,
}

#[derive(Deserialize)]
struct Named {
    full_name: String,
}

impl Api {
    pub(crate) fn new(exchange: Exchange, credentials: Credentials) -> Self {
        Self {
            exchange,
            credentials,
            limits: Limits::default(),
            etags: Etags::default(),
        }
    }

    pub(crate) fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// The way to GitHub, and how it does.
    pub(crate) fn upstream(&self) -> &Upstream {
        self.exchange.upstream()
    }

    /// Answers kept, and their bytes.
    pub(crate) fn kept(&self) -> (usize, u64) {
        self.etags.size()
    }

    /// Asks and reads the whole answer.
    pub(crate) async fn ask(
        &self,
        ask: &Ask<'_>,
        patience: &mut Patience,
    ) -> Result<Answer, GithubError> {
        let token = self.token(patience).await?;
        let (response, token) = match self.open_with(ask, token, patience).await? {
            (Outcome::Open(response), token) => (response, token),
            (Outcome::Kept(answer), _) => return Ok(answer),
            (Outcome::Elsewhere(_), _) => return Err(unexpected()),
        };
        let next_page = link::next_page(response.headers());
        let etag = response.headers().get(header::ETAG).cloned();
        let changes = ask.method != Method::GET;
        let body = response.bytes().await.map_err(|error| match error {
            mcp_factory_outbound::OutboundError::TooLarge { .. } if !changes => {
                GithubError::TooLarge {
                    what: ask.what.to_owned(),
                }
            }
            error => failed(&error, changes),
        })?;
        if let (Some(etag), false) = (etag, changes) {
            let key = self.key(ask, &token);
            self.etags.keep(
                key,
                Kept {
                    etag,
                    body: body.clone(),
                    next_page,
                },
            );
        }
        Ok(Answer { body, next_page })
    }

    /// Asks and leaves the body to the caller.
    pub(crate) async fn open(
        &self,
        ask: &Ask<'_>,
        patience: &mut Patience,
    ) -> Result<Outcome, GithubError> {
        let token = self.token(patience).await?;
        Ok(self.open_with(ask, token, patience).await?.0)
    }

    /// Asks as the GitHub App itself, not as its installation.
    pub(crate) async fn ask_as_app(
        &self,
        url: ApiUrl,
        patience: &mut Patience,
    ) -> Result<Answer, GithubError> {
        let Credentials::App(app) = &self.credentials else {
            return Err(unexpected());
        };
        let secret = app.proof().await?;
        let ask = Ask::get("the GitHub App", url);
        match self
            .once(&ask, &Token { secret, mark: 0 }, None, patience)
            .await?
        {
            Once::Done(Outcome::Open(response)) => {
                let body = response
                    .bytes()
                    .await
                    .map_err(|error| failed(&error, false))?;
                Ok(Answer {
                    body,
                    next_page: None,
                })
            }
            _ => Err(GithubError::Unauthorized),
        }
    }

    async fn token(&self, patience: &Patience) -> Result<Token, GithubError> {
        self.credentials.token(&self.exchange, patience).await
    }

    fn key(&self, ask: &Ask<'_>, token: &Token) -> Key {
        Key {
            token: token.mark,
            accept: ask.accept,
            url: ask.url.below(self.exchange.base()),
        }
    }

    async fn open_with(
        &self,
        ask: &Ask<'_>,
        mut token: Token,
        patience: &mut Patience,
    ) -> Result<(Outcome, Token), GithubError> {
        let mut renewed = false;
        for _ in 0..MOST_ATTEMPTS {
            if let Some(wait) = self.limits.closed(ask.bucket, token.mark) {
                patience.wait(wait).await?;
            }
            let kept = (ask.method == Method::GET)
                .then(|| self.etags.get(&self.key(ask, &token)))
                .flatten();
            let etag = kept.as_ref().map(|kept| kept.etag.clone());
            match self.once(ask, &token, etag, patience).await? {
                Once::Done(outcome) => {
                    self.upstream().note_refused(false);
                    return Ok((outcome, token));
                }
                Once::Unchanged => {
                    let kept = kept.ok_or_else(unexpected)?;
                    let (body, next_page) = (kept.body.clone(), kept.next_page);
                    return Ok((Outcome::Kept(Answer { body, next_page }), token));
                }
                Once::Refused if renewed => {
                    self.upstream().note_refused(true);
                    return Err(GithubError::Unauthorized);
                }
                Once::Refused => {
                    // It may have been replaced a moment ago.
                    renewed = true;
                    self.credentials.forget(token.mark).await;
                    token = self.token(patience).await?;
                }
                Once::Limited(wait) => patience.wait(wait.max(LEAST_WAIT)).await?,
            }
        }
        Err(GithubError::Unavailable {
            reason: "its rate limit keeps refusing".to_owned(),
        })
    }

    async fn once(
        &self,
        ask: &Ask<'_>,
        token: &Token,
        etag: Option<mcp_factory_outbound::HeaderValue>,
        patience: &mut Patience,
    ) -> Result<Once, GithubError> {
        let sent = Sent {
            method: ask.method.clone(),
            url: &ask.url,
            accept: ask.accept,
            bearer: &token.secret,
            etag,
            body: ask.body.as_ref(),
            changes: ask.method != Method::GET,
        };
        let response = self.exchange.send(&sent, patience).await?;
        let (status, now) = (response.status(), SystemTime::now());
        if let Some(wait) = limits::used_up(response.headers(), now) {
            let limited = limits::Limited {
                wait,
                secondary: false,
            };
            self.limits.close(ask.bucket, token.mark, limited);
        }
        match status {
            StatusCode::NOT_MODIFIED => return Ok(Once::Unchanged),
            StatusCode::UNAUTHORIZED => return Ok(Once::Refused),
            status if status.is_success() => return Ok(Once::Done(Outcome::Open(response))),
            status if status.is_redirection() => {
                let to = response.redirect().ok().flatten().ok_or_else(unexpected)?;
                if ask.elsewhere && !self.is_renamed(&to) {
                    return Ok(Once::Done(Outcome::Elsewhere(to)));
                }
                return Err(self.moved(ask, token, &to, patience).await);
            }
            _ => {}
        }
        let headers = response.headers().clone();
        // Refusals are short; one that is not is not worth reading to its end.
        let body = response
            .bytes_up_to(16 << 10)
            .await
            .map(|(body, _)| body)
            .unwrap_or_default();
        if let Some(limited) = limits::refusal(status, &headers, &body, now) {
            self.limits.close(ask.bucket, token.mark, limited);
            return Ok(Once::Limited(limited.wait));
        }
        Err(refusal(ask, status, &headers, &body))
    }

    /// Whether this is where GitHub sends those who know a repository by an old name.
    fn is_renamed(&self, to: &Url) -> bool {
        self.moved_to(to).is_some()
    }

    fn moved_to(&self, to: &Url) -> Option<u64> {
        let below = to.as_str().strip_prefix(self.exchange.base())?;
        let id = below
            .strip_prefix("/repositories/")?
            .split(['/', '?'])
            .next()?;
        id.parse().ok()
    }

    /// A repository has another name now. Nothing is followed: the new name has to pass the same checks.
    async fn moved(
        &self,
        ask: &Ask<'_>,
        token: &Token,
        to: &Url,
        patience: &Patience,
    ) -> GithubError {
        let name = ask.what.split(['#', ' ', ':']).next().unwrap_or_default();
        if !name.contains('/') {
            return GithubError::Unavailable {
                reason: format!(
                    "{} is elsewhere, and nothing is followed there: `api_base` may be wrong",
                    ask.what
                ),
            };
        }
        let repository = name.to_owned();
        let mut new_name = String::new();
        if let Some(id) = self.moved_to(to) {
            let url = ApiUrl::new(["repositories"]).number(id);
            let sent = Sent {
                method: Method::GET,
                url: &url,
                accept: JSON,
                bearer: &token.secret,
                etag: None,
                body: None,
                changes: false,
            };
            if let Ok(response) = self.exchange.send(&sent, patience).await
                && response.status().is_success()
                && let Ok(named) = response.json::<Named>().await
            {
                new_name = named.full_name;
            }
        }
        GithubError::Moved {
            repository,
            to: new_name,
        }
    }
}

/// What came of sending once.
#[expect(
    clippy::large_enum_variant,
    reason = "one at a time, on the stack, for a moment"
)]
enum Once {
    Done(Outcome),
    Unchanged,
    Refused,
    Limited(Duration),
}

fn unexpected() -> GithubError {
    GithubError::Unavailable {
        reason: "an answer that its API does not promise".to_owned(),
    }
}

/// A refusal of GitHub, for the model. Only its own short message is repeated, and only where it helps.
fn refusal(ask: &Ask<'_>, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> GithubError {
    let what = ask.what.to_owned();
    let reason = message(body);
    match status.as_u16() {
        403 | 451 => GithubError::Forbidden {
            what,
            needs: headers
                .get("x-accepted-github-permissions")
                .and_then(|needs| needs.to_str().ok())
                .map(|needs| format!(" (it needs {})", clean::line(needs, 100).0))
                .unwrap_or_default(),
        },
        404 => GithubError::NotFound { what },
        410 => GithubError::Gone { what },
        409 => GithubError::Conflict { what, reason },
        406 => GithubError::TooLarge { what },
        400 | 405 | 413 | 422 => GithubError::Invalid { what, reason },
        status if ask.method == Method::GET => GithubError::Unavailable {
            reason: format!("status {status}"),
        },
        status => GithubError::Uncertain {
            reason: format!("status {status}"),
        },
    }
}

/// The message and the errors of a refusal in one line.
fn message(body: &[u8]) -> String {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Refusal {
        message: String,
        errors: Vec<Value>,
    }
    let refusal: Refusal = serde_json::from_slice(body).unwrap_or_default();
    let mut parts = vec![refusal.message];
    for error in refusal.errors.iter().take(5) {
        let text = |name: &str| error.get(name).and_then(Value::as_str);
        parts.extend(
            match (error.as_str(), text("message"), text("field"), text("code")) {
                (Some(text), ..) | (_, Some(text), ..) => Some(text.to_owned()),
                (_, _, Some(field), Some(code)) => {
                    Some(format!("`{field}` is {}", code.replace('_', " ")))
                }
                _ => None,
            },
        );
    }
    parts.retain(|part| !part.is_empty());
    if parts.is_empty() {
        return "it does not say why".to_owned();
    }
    clean::line(&parts.join("; "), 300).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_repeated_in_one_line_or_not_at_all() {
        assert_eq!(message(b"<html>nginx</html>"), "it does not say why");
        assert_eq!(message(br#"{"message":"Bad\nthing \u200b","errors":["a",{"message":"b"},{"field":"title","code":"missing_field"},{}]}"#), "Bad thing ; a; b; `title` is missing field");
    }
}
