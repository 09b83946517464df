//! `awssm:NAME`, or `awssm:NAME#KEY` for a member of a secret that is a JSON object. NAME is a name or an ARN.
//!
//! In the room: what a reference means, and the one request of the service. Not here: whose credentials sign it
//! (`credentials`), and how (`signature`).

mod container;
mod credentials;
mod instance;
mod signature;
mod time;
mod web_identity;

use std::{collections::BTreeMap, time::SystemTime};

use mcp_factory_outbound::{
    Client, HeaderName, HeaderValue, IpNet, Reach, Request, Url, base_url,
    header::{AUTHORIZATION, CONTENT_TYPE},
    signature_v4::stamp,
};
use mcp_factory_sdk::Secret;
use serde_json::{Value, json};
use tokio::time::Instant;

use self::{
    credentials::{Credentials, Provider},
    signature::Signed,
};
use crate::{AwsConfig, Fetched, attempt::ask, place::set};

const SERVICE: &str = "secretsmanager";
const TARGET: &str = "secretsmanager.GetSecretValue";
const JSON: &str = "application/x-amz-json-1.1";
const NAME: &str = "AWS Secrets Manager";

/// The service, and who this server is to it, once it was asked.
#[derive(Debug)]
pub(crate) struct SecretsManager {
    config: AwsConfig,
    open: Option<(Manager, Provider)>,
}

impl SecretsManager {
    pub(crate) fn new(config: &AwsConfig) -> Self {
        Self {
            config: config.clone(),
            open: None,
        }
    }

    /// Fetches all, each secret once for all of its members.
    pub(crate) async fn fetch(&mut self, references: &[&str], deadline: Instant) -> Vec<Fetched> {
        if references.is_empty() {
            return Vec::new();
        }
        let opened = match &mut self.open {
            Some(open) => Ok(open),
            None => Manager::open(&self.config)
                .and_then(|manager| {
                    let provider = Provider::new(&self.config, &manager.region, &set)?;
                    Ok((manager, provider))
                })
                .map(|open| self.open.insert(open)),
        };
        let ready = match opened {
            Ok((manager, provider)) => match provider.current(deadline).await {
                Ok(credentials) => Ok((manager, credentials, provider)),
                Err(why) => Err(why),
            },
            Err(why) => Err(why),
        };
        let (manager, credentials, provider) = match ready {
            Ok(ready) => ready,
            Err(why) => {
                let why = format!("{NAME}: {why}");
                return references.iter().map(|_| Err(why.clone())).collect();
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
                let read = manager.read(name, &credentials, deadline).await;
                if matches!(read, Err(Unread::Refused(_))) {
                    // They may have been taken back.
                    provider.forget();
                }
                known.insert(name, read.map_err(Unread::into_words));
            }
            let found = match (&known[name], key) {
                (Ok(secret), Some(key)) => member(secret, key, name),
                (found, _) => found.clone(),
            };
            fetched.push(found.map_err(|why| format!("{NAME}: {why}")));
        }
        fetched
    }
}

/// Why a secret was not read.
enum Unread {
    /// The service will not have it so.
    Refused(String),
    Else(String),
}

impl Unread {
    fn into_words(self) -> String {
        match self {
            Self::Refused(why) | Self::Else(why) => why,
        }
    }
}

#[derive(Debug)]
struct Manager {
    client: Client,
    endpoint: Url,
    host: String,
    region: String,
}

impl Manager {
    fn open(config: &AwsConfig) -> Result<Self, String> {
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
        let address = address.unwrap_or_else(|| address_of(SERVICE, &region));
        let endpoint =
            base_url("secrets.awssm.endpoint", &address).map_err(|error| error.to_string())?;
        let host = endpoint.host_str().unwrap_or_default();
        let host = match endpoint.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        Ok(Self {
            client: client(Reach::operator())?,
            endpoint,
            host,
            region,
        })
    }

    async fn read(
        &self,
        name: &str,
        credentials: &Credentials,
        deadline: Instant,
    ) -> Result<Secret<String>, Unread> {
        let body = json!({"SecretId": name}).to_string();
        // What cannot be sent is told before anything is; a later one differs in its time alone.
        self.request(&body, credentials)
            .map_err(|why| Unread::Refused(why.to_owned()))?;
        let answer = ask(&self.client, deadline, || {
            self.request(&body, credentials)
                .unwrap_or_else(|_| Request::post(self.endpoint.clone()))
        })
        .await
        .map_err(Unread::Else)?;
        let body = answer.json();
        if !answer.status.is_success() {
            // `ResourceNotFoundException`, perhaps after a namespace and a `#`.
            let kind = body
                .get("__type")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let kind = kind.rsplit('#').next().unwrap_or_default();
            return Err(match kind {
                "ResourceNotFoundException" => {
                    Unread::Else(format!("there is no secret `{name}` in {}", self.region))
                }
                "" => Unread::Refused(format!(
                    "reading `{name}` is refused with {}",
                    answer.status
                )),
                kind => Unread::Refused(format!("reading `{name}` is refused: {}", shown(kind))),
            });
        }
        let text = body.get("SecretString").and_then(Value::as_str);
        let text =
            text.ok_or_else(|| Unread::Else(format!("`{name}` is binary; only texts are read")))?;
        Ok(Secret::new(text.to_owned()))
    }

    fn request(&self, body: &str, credentials: &Credentials) -> Result<Request, &'static str> {
        let stamp = stamp(SystemTime::now());
        let mut headers = vec![
            ("content-type", JSON),
            ("host", self.host.as_str()),
            ("x-amz-date", stamp.as_str()),
        ];
        if let Some(token) = &credentials.session_token {
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
            access_key: credentials.access_key.expose(),
            secret_key: credentials.secret_key.expose(),
        }
        .authorization();
        let mut request = Request::post(self.endpoint.clone())
            .body(body.to_owned())
            .header(CONTENT_TYPE, HeaderValue::from_static(JSON))
            .header(
                HeaderName::from_static("x-amz-target"),
                HeaderValue::from_static(TARGET),
            )
            .header(HeaderName::from_static("x-amz-date"), sensitive(&stamp)?)
            .header(AUTHORIZATION, sensitive(&authorization)?);
        if let Some(token) = &credentials.session_token {
            request = request.header(
                HeaderName::from_static("x-amz-security-token"),
                sensitive(token.expose())?,
            );
        }
        Ok(request)
    }
}

/// Where a service is in a region. China's have a name of their own.
fn address_of(service: &str, region: &str) -> String {
    let china = if region.starts_with("cn-") { ".cn" } else { "" };
    format!("https://{service}.{region}.amazonaws.com{china}")
}

/// The way to whoever gives credentials: by https to anybody, in the clear to none but these networks.
fn reach_of(url: &Url, near: &[&str]) -> Result<Reach, String> {
    let reach = if url.scheme() == "https" {
        Reach::operator()
    } else {
        let near = near.iter().map(|network| network.parse::<IpNet>());
        Reach::only(near.filter_map(Result::ok))
    };
    match reach.check(url) {
        Ok(()) => Ok(reach),
        Err(_) => Err(
            "leads to where credentials are not asked for in the clear: only https, this machine, and the addresses \
             that AWS has for it will do"
                .to_owned(),
        ),
    }
}

fn client(reach: Reach) -> Result<Client, String> {
    let client = Client::builder(reach).build();
    client.map_err(|error| error.to_string())
}

fn sensitive(text: &str) -> Result<HeaderValue, &'static str> {
    let mut value = HeaderValue::try_from(text)
        .map_err(|_| "a key holds a character that no key has; look for a line break in it")?;
    value.set_sensitive(true);
    Ok(value)
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

#[cfg(test)]
mod tests;
