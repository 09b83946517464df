//! Who this server is to Vault: its token, where that came from, and how long it lasts.

use std::time::Duration;

use mcp_factory_outbound::{
    Client, HeaderName, HeaderValue, Reach, Request, StatusCode, Url, base_url, percent_encode,
};
use mcp_factory_sdk::{Secret, SecretReference};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::Reference;
use crate::{
    VaultConfig,
    attempt::{Answer, ask},
    place::{read, set},
};

const TOKEN: HeaderName = HeaderName::from_static("x-vault-token");
const LOOKUP: &str = "v1/auth/token/lookup-self";
const NAMESPACE: HeaderName = HeaderName::from_static("x-vault-namespace");
/// A token is renewed when two thirds of its time are over, and not more often than this.
const SHORTEST: Duration = Duration::from_secs(1);
/// Until a renewal that came to nothing is tried again.
const AGAIN: Duration = Duration::from_secs(10);
/// From one login that changed nothing to the next.
const IN_VAIN: Duration = Duration::from_hours(1);
/// Vault says how long in seconds; what is longer than this is for ever.
const LONGEST: u64 = 10 * 365 * 24 * 3600;

/// A Vault that this server has logged in to.
#[derive(Debug)]
pub(super) struct Session {
    config: VaultConfig,
    client: Client,
    base: Url,
    namespace: Option<HeaderValue>,
    token: Token,
    /// When a secret that is refused may be a reason to log in again. Vault says of some roles' tokens neither that they
    /// are good nor that they are lost, and each login leaves a token behind and may use up a `secret_id`.
    next_login: Option<Instant>,
}

#[derive(Debug)]
struct Token {
    secret: Secret<String>,
    /// It was got by a login, so that another can be had when it is lost.
    by_login: bool,
    /// It was got in this round, or seen to be good: to get another would change nothing.
    good: bool,
    /// Vault was not asked yet how long it lasts.
    unknown: bool,
    /// When to renew it, or to ask; never, for one that lasts for ever or not longer than it does.
    renewal: Option<Instant>,
}

impl Token {
    /// One that an operator made. How long it lasts only Vault knows.
    fn given(secret: Secret<String>) -> Self {
        Self {
            secret,
            by_login: false,
            good: true,
            unknown: true,
            renewal: Some(Instant::now()),
        }
    }
}

/// Why a secret was not read.
enum Unread {
    /// The token is not good for it, or not good at all.
    Forbidden(String),
    Else(String),
}

impl Session {
    pub(super) async fn open(config: &VaultConfig, deadline: Instant) -> Result<Self, String> {
        let address = config.address.clone().or_else(|| set("VAULT_ADDR"));
        let address = address.ok_or("set `secrets.vault.address`, or the variable VAULT_ADDR")?;
        let base =
            base_url("secrets.vault.address", &address).map_err(|error| error.to_string())?;
        let mut client = Client::builder(Reach::operator());
        if let Some(path) = &config.roots_file {
            client = client.roots_file(path);
        }
        let client = client.build().map_err(|error| error.to_string())?;
        let namespace = config.namespace.clone().or_else(|| set("VAULT_NAMESPACE"));
        let namespace = namespace
            .map(|name| {
                HeaderValue::try_from(name).map_err(|_| "`secrets.vault.namespace` is no name")
            })
            .transpose()?;
        let mut session = Self {
            config: config.clone(),
            client,
            base,
            namespace,
            token: Token::given(Secret::new(String::new())),
            next_login: None,
        };
        session.token = session.log_in(deadline).await?;
        Ok(session)
    }

    /// A token that was given may have been replaced at its place.
    pub(super) async fn begin_round(&mut self) -> Result<(), String> {
        self.token.good = false;
        if !self.token.by_login {
            let now = given(&self.config).await?;
            if now.expose() != self.token.secret.expose() {
                self.token = Token::given(now);
            }
        }
        Ok(())
    }

    async fn log_in(&self, deadline: Instant) -> Result<Token, String> {
        let config = &self.config;
        let ways = [
            config.token.is_some(),
            config.approle.is_some(),
            config.kubernetes.is_some(),
        ];
        if ways.iter().filter(|way| **way).count() > 1 {
            return Err("`secrets.vault` has more than one way in: keep one of token, approle and kubernetes".to_owned());
        }
        if let Some(role) = &config.approle {
            let secret = read("secrets.vault.approle.secret_id", &role.secret_id).await?;
            let body = json!({"role_id": role.role_id, "secret_id": secret.expose()});
            return self.exchange(&role.mount, &body, deadline).await;
        }
        if let Some(account) = &config.kubernetes {
            // Kubernetes mounts it readable to all of the pod, so the file's mode says nothing.
            let path = account.token_file.clone();
            let token = tokio::task::spawn_blocking(move || std::fs::read_to_string(path)).await;
            let token = token
                .map_err(|_| "the process is stopping".to_owned())?
                .map_err(|error| {
                    format!("`secrets.vault.kubernetes.token_file` cannot be read: {error}")
                })?;
            let body = json!({"role": account.role, "jwt": token.trim()});
            return self.exchange(&account.mount, &body, deadline).await;
        }
        given(config).await.map(Token::given)
    }

    /// Logs in by a method, and gets a token for it.
    async fn exchange(
        &self,
        mount: &str,
        body: &Value,
        deadline: Instant,
    ) -> Result<Token, String> {
        let url = self.url(&format!("v1/auth/{}/login", encoded(mount)))?;
        let answer = ask(&self.client, deadline, || {
            self.in_namespace(Request::post(url.clone())).json(body)
        })
        .await?;
        if !answer.status.is_success() {
            return Err(format!(
                "the login at `auth/{mount}` is refused with {}",
                answer.status
            ));
        }
        let answer: Value = serde_json::from_slice(&answer.body)
            .map_err(|_| "its answer to the login is no JSON".to_owned())?;
        let token = answer.pointer("/auth/client_token").and_then(Value::as_str);
        let token = token.ok_or("its answer to the login holds no token")?;
        Ok(Token {
            secret: Secret::new(token.to_owned()),
            by_login: true,
            good: true,
            unknown: false,
            renewal: renewal(&answer, "/auth/lease_duration", "/auth/renewable"),
        })
    }

    /// The fields of a secret. A token that got lost looks like one that may not: Vault is asked which it is, and a lost
    /// one is got again, once for all secrets of a round.
    pub(super) async fn read(
        &mut self,
        reference: &Reference<'_>,
        deadline: Instant,
    ) -> Result<Value, String> {
        let refused = match self.fields(reference, deadline).await {
            Err(Unread::Forbidden(why)) if self.token.by_login && !self.token.good => why,
            read => return read.map_err(Unread::into_words),
        };
        self.token.good = true;
        let is_early = self.next_login.is_some_and(|next| Instant::now() < next);
        if is_early || !self.is_refused(deadline).await {
            return Err(refused);
        }
        self.token = self.log_in(deadline).await?;
        let again = self.fields(reference, deadline).await;
        if matches!(again, Err(Unread::Forbidden(_))) && self.is_refused(deadline).await {
            self.next_login = Some(Instant::now() + IN_VAIN);
        }
        again.map_err(Unread::into_words)
    }

    /// Whether Vault says that the token is none, or one that may not even look at itself.
    async fn is_refused(&self, deadline: Instant) -> bool {
        let answer = self.ask(LOOKUP, None, deadline).await;
        answer.is_ok_and(|answer| answer.status == StatusCode::FORBIDDEN)
    }

    async fn fields(&self, reference: &Reference<'_>, deadline: Instant) -> Result<Value, Unread> {
        let Reference { mount, path, .. } = reference;
        let path_of_data = format!("v1/{}/data/{}", encoded(mount), encoded(path));
        let answer = self.ask(&path_of_data, None, deadline).await;
        let answer = answer.map_err(Unread::Else)?;
        match answer.status {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => {
                return Err(Unread::Else(format!(
                    "there is nothing at `{mount}/{path}`, or `{mount}` is no key-value engine of version 2"
                )));
            }
            StatusCode::FORBIDDEN => {
                return Err(Unread::Forbidden(format!(
                    "the token is not valid, or may not read `{mount}/data/{path}`"
                )));
            }
            status => {
                let why = format!("reading `{mount}/{path}` is refused with {status}");
                return Err(Unread::Else(why));
            }
        }
        let mut answer: Value = serde_json::from_slice(&answer.body)
            .map_err(|_| Unread::Else("its answer is no JSON".to_owned()))?;
        let fields = answer.pointer_mut("/data/data").map(Value::take);
        fields.filter(Value::is_object).ok_or_else(|| {
            Unread::Else(format!(
                "`{mount}/{path}` was deleted, or `{mount}` is no key-value engine of version 2"
            ))
        })
    }

    pub(super) const fn renewal(&self) -> Option<Instant> {
        self.token.renewal
    }

    /// Renews the token, and logs in again when it is lost. Of one that was given, Vault is asked first whether
    /// it can be renewed at all.
    pub(super) async fn renew(&mut self, deadline: Instant) -> Result<(), String> {
        // Whatever comes of it: not again at once.
        self.token.renewal = Some(Instant::now() + AGAIN);
        if self.token.unknown {
            let answer = self.ask(LOOKUP, None, deadline).await?;
            self.token.unknown = false;
            // A token that may not look at itself is left as it is.
            let answer = answer.json();
            self.token.renewal = renewal(&answer, "/data/ttl", "/data/renewable");
            return Ok(());
        }
        let answer = self
            .ask("v1/auth/token/renew-self", Some(&json!({})), deadline)
            .await?;
        if answer.status.is_success() {
            let answer = answer.json();
            self.token.renewal = renewal(&answer, "/auth/lease_duration", "/auth/renewable");
            return Ok(());
        }
        if self.token.by_login {
            self.token = self.log_in(deadline).await?;
            return Ok(());
        }
        self.token.renewal = None;
        Err(format!(
            "the token cannot be renewed ({}): put another in its place",
            answer.status
        ))
    }

    /// A GET, or a POST of `body`, with the token.
    async fn ask(
        &self,
        path: &str,
        body: Option<&Value>,
        deadline: Instant,
    ) -> Result<Answer, String> {
        let url = self.url(path)?;
        let mut token = HeaderValue::try_from(self.token.secret.expose())
            .map_err(|_| "the token holds a character that no token has".to_owned())?;
        token.set_sensitive(true);
        ask(&self.client, deadline, || {
            let request = match body {
                Some(body) => Request::post(url.clone()).json(body),
                None => Request::get(url.clone()),
            };
            self.in_namespace(request).header(TOKEN, token.clone())
        })
        .await
    }

    fn url(&self, path: &str) -> Result<Url, String> {
        self.base
            .join(path)
            .map_err(|_| "a path of it is no URL".to_owned())
    }

    fn in_namespace(&self, request: Request) -> Request {
        match &self.namespace {
            Some(namespace) => request.header(NAMESPACE, namespace.clone()),
            None => request,
        }
    }
}

impl Unread {
    fn into_words(self) -> String {
        match self {
            Self::Forbidden(why) | Self::Else(why) => why,
        }
    }
}

async fn given(config: &VaultConfig) -> Result<Secret<String>, String> {
    let token = config.token.clone();
    let token = token.unwrap_or_else(|| SecretReference::Environment("VAULT_TOKEN".to_owned()));
    read("secrets.vault.token", &token).await
}

/// When to renew a token of which `answer` tells; never, where it cannot be or lasts for ever.
fn renewal(answer: &Value, seconds: &str, renewable: &str) -> Option<Instant> {
    let lasts = answer.pointer(seconds).and_then(Value::as_u64)?;
    let can_be = answer.pointer(renewable).and_then(Value::as_bool)?;
    if !can_be || lasts == 0 || lasts > LONGEST {
        return None;
    }
    let two_thirds = Duration::from_secs(lasts) * 2 / 3;
    Some(Instant::now() + two_thirds.max(SHORTEST))
}

/// A path as a part of a URL, so that no name ends it.
fn encoded(path: &str) -> String {
    let mut encoded = String::new();
    percent_encode(&mut encoded, path.trim_matches('/'), b"/");
    encoded
}
