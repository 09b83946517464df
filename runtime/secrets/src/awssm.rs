//! `awssm:NAME`, or `awssm:NAME#KEY` for a member of a secret that is a JSON object. NAME is a name or an ARN.

use std::{collections::BTreeMap, time::SystemTime};

use mcp_factory_outbound::{
    Client, HeaderName, HeaderValue, Reach, Request, Url, base_url,
    header::{AUTHORIZATION, CONTENT_TYPE},
    signature_v4::stamp,
};
use mcp_factory_sdk::{Secret, SecretReference};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{AwsConfig, Fetched, attempt::ask, signature::Signed};

const SERVICE: &str = "secretsmanager";
const TARGET: &str = "secretsmanager.GetSecretValue";
const JSON: &str = "application/x-amz-json-1.1";

/// Fetches all, each secret once for all of its members.
pub(crate) async fn fetch(
    config: &AwsConfig,
    references: &[&str],
    deadline: Instant,
) -> Vec<Fetched> {
    if references.is_empty() {
        return Vec::new();
    }
    let manager = match Manager::open(config, deadline).await {
        Ok(manager) => manager,
        Err(why) => {
            return references
                .iter()
                .map(|_| Err(format!("{NAME}: {why}")))
                .collect();
        }
    };
    let mut known: BTreeMap<&str, Fetched> = BTreeMap::new();
    let mut fetched = Vec::with_capacity(references.len());
    for text in references {
        let (name, key) = match text.split_once('#') {
            Some((name, key)) => (name, Some(key)),
            None => (*text, None),
        };
        if !known.contains_key(name) {
            known.insert(name, manager.read(name).await);
        }
        let found = match (&known[name], key) {
            (Ok(secret), Some(key)) => member(secret, key, name),
            (found, _) => found.clone(),
        };
        fetched.push(found.map_err(|why| format!("{NAME}: {why}")));
    }
    fetched
}

const NAME: &str = "AWS Secrets Manager";

struct Manager {
    client: Client,
    endpoint: Url,
    host: String,
    region: String,
    access_key: Secret<String>,
    secret_key: Secret<String>,
    session_token: Option<Secret<String>>,
    deadline: Instant,
}

impl Manager {
    async fn open(config: &AwsConfig, deadline: Instant) -> Result<Self, String> {
        let region = config.region.clone();
        let region = region
            .or_else(|| set("AWS_REGION"))
            .or_else(|| set("AWS_DEFAULT_REGION"));
        let region = region.ok_or("set `secrets.awssm.region`, or the variable AWS_REGION")?;
        let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
        if region.is_empty() || !region.chars().all(is_name) {
            return Err(
                "`secrets.awssm.region` is no region: write one such as \"eu-central-1\""
                    .to_owned(),
            );
        }
        let address = config.endpoint.clone();
        let address =
            address.unwrap_or_else(|| format!("https://{SERVICE}.{region}.amazonaws.com"));
        let endpoint =
            base_url("secrets.awssm.endpoint", &address).map_err(|error| error.to_string())?;
        let host = endpoint.host_str().unwrap_or_default();
        let host = match endpoint.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let or = |reference: &Option<SecretReference>, variable: &str| {
            reference
                .clone()
                .unwrap_or_else(|| SecretReference::Environment(variable.to_owned()))
        };
        let session_token = match &config.session_token {
            Some(reference) => Some(read("session_token", reference.clone()).await?),
            None => set("AWS_SESSION_TOKEN").map(Secret::new),
        };
        Ok(Self {
            client: Client::builder(Reach::operator())
                .build()
                .map_err(|error| error.to_string())?,
            access_key: read("access_key", or(&config.access_key, "AWS_ACCESS_KEY_ID")).await?,
            secret_key: read(
                "secret_key",
                or(&config.secret_key, "AWS_SECRET_ACCESS_KEY"),
            )
            .await?,
            session_token,
            endpoint,
            host,
            region,
            deadline,
        })
    }

    async fn read(&self, name: &str) -> Fetched {
        let body = json!({"SecretId": name}).to_string();
        // What cannot be sent is told before anything is; a later one differs in its time alone.
        self.request(&body)?;
        let answer = ask(&self.client, self.deadline, || {
            self.request(&body)
                .unwrap_or_else(|_| Request::post(self.endpoint.clone()))
        })
        .await?;
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if !answer.status.is_success() {
            // `ResourceNotFoundException`, perhaps after a namespace and a `#`.
            let kind = body
                .get("__type")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let kind = kind.rsplit('#').next().unwrap_or_default();
            return Err(match kind {
                "ResourceNotFoundException" => {
                    format!("there is no secret `{name}` in {}", self.region)
                }
                "" => format!("reading `{name}` is refused with {}", answer.status),
                kind => format!("reading `{name}` is refused: {}", shown(kind)),
            });
        }
        let text = body.get("SecretString").and_then(Value::as_str);
        let text = text.ok_or_else(|| format!("`{name}` is binary; only texts are read"))?;
        Ok(Secret::new(text.to_owned()))
    }

    fn request(&self, body: &str) -> Result<Request, &'static str> {
        let stamp = stamp(SystemTime::now());
        let mut headers = vec![
            ("content-type", JSON),
            ("host", self.host.as_str()),
            ("x-amz-date", stamp.as_str()),
        ];
        if let Some(token) = &self.session_token {
            headers.push(("x-amz-security-token", token.expose()));
        }
        headers.push(("x-amz-target", TARGET));
        let authorization = Signed {
            method: "POST",
            headers: &headers,
            body: body.as_bytes(),
            region: &self.region,
            service: SERVICE,
            stamp: &stamp,
            access_key: self.access_key.expose(),
            secret_key: self.secret_key.expose(),
        }
        .authorization();
        let value = |text: &str| {
            let mut value = HeaderValue::try_from(text).map_err(
                |_| "a key holds a character that no key has; look for a line break in it",
            )?;
            value.set_sensitive(true);
            Ok::<_, &'static str>(value)
        };
        let mut request = Request::post(self.endpoint.clone())
            .body(body.to_owned())
            .header(CONTENT_TYPE, HeaderValue::from_static(JSON))
            .header(
                HeaderName::from_static("x-amz-target"),
                HeaderValue::from_static(TARGET),
            )
            .header(HeaderName::from_static("x-amz-date"), value(&stamp)?)
            .header(AUTHORIZATION, value(&authorization)?);
        if let Some(token) = &self.session_token {
            request = request.header(
                HeaderName::from_static("x-amz-security-token"),
                value(token.expose())?,
            );
        }
        Ok(request)
    }
}

/// A member of a secret that is a JSON object.
fn member(secret: &Secret<String>, key: &str, name: &str) -> Fetched {
    let Ok(Value::Object(members)) = serde_json::from_str(secret.expose()) else {
        return Err(format!(
            "`{name}` is no JSON object, so it has no `{key}`: leave `#{key}` out"
        ));
    };
    match members.get(key) {
        Some(Value::String(text)) => Ok(Secret::new(text.clone())),
        Some(Value::Number(number)) => Ok(Secret::new(number.to_string())),
        Some(_) => Err(format!("`{key}` of `{name}` is no text")),
        None => {
            let names: Vec<&str> = members.keys().map(String::as_str).collect();
            Err(format!(
                "`{name}` has no `{key}`; it has {}",
                names.join(", ")
            ))
        }
    }
}

/// A word of the service's own, as far as it is one.
fn shown(kind: &str) -> String {
    kind.chars()
        .filter(char::is_ascii_alphanumeric)
        .take(80)
        .collect()
}

fn set(variable: &str) -> Option<String> {
    std::env::var(variable)
        .ok()
        .filter(|value| !value.is_empty())
}

async fn read(setting: &str, reference: SecretReference) -> Result<Secret<String>, String> {
    let read = tokio::task::spawn_blocking(move || reference.read()).await;
    read.map_err(|_| "the process is stopping".to_owned())?
        .map_err(|problem| format!("`secrets.awssm.{setting}`: {problem}"))
}
