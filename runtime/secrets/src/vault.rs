//! `vault:MOUNT/PATH#FIELD`: a field of a secret of Vault's key-value engine, version 2.

use std::collections::BTreeMap;

use mcp_factory_outbound::{
    Client, HeaderName, HeaderValue, Reach, Request, StatusCode, Url, base_url, percent_encode,
};
use mcp_factory_sdk::{Secret, SecretReference};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{Fetched, VaultConfig, attempt::ask};

const TOKEN: HeaderName = HeaderName::from_static("x-vault-token");
const NAMESPACE: HeaderName = HeaderName::from_static("x-vault-namespace");

/// Fetches all, each secret once for all of its fields.
pub(crate) async fn fetch(
    config: &VaultConfig,
    references: &[&str],
    deadline: Instant,
) -> Vec<Fetched> {
    if references.is_empty() {
        return Vec::new();
    }
    let vault = match Vault::open(config, deadline).await {
        Ok(vault) => vault,
        Err(why) => {
            return references
                .iter()
                .map(|_| Err(format!("Vault: {why}")))
                .collect();
        }
    };
    let mut known: BTreeMap<String, Result<Value, String>> = BTreeMap::new();
    let mut fetched = Vec::with_capacity(references.len());
    for text in references {
        let Some(reference) = Reference::parse(text) else {
            fetched.push(Err(FORM.to_owned()));
            continue;
        };
        let path = format!("{}/{}", reference.mount, reference.path);
        if !known.contains_key(&path) {
            let read = vault.read(&reference).await;
            known.insert(path.clone(), read);
        }
        let field = match &known[&path] {
            Ok(fields) => field(fields, reference.field, &path),
            Err(why) => Err(why.clone()),
        };
        fetched.push(field.map_err(|why| format!("Vault: {why}")));
    }
    fetched
}

const FORM: &str = "write \"vault:MOUNT/PATH#FIELD\", such as \"vault:secret/myservice#token\"";

#[derive(Debug, PartialEq, Eq)]
struct Reference<'t> {
    mount: &'t str,
    path: &'t str,
    field: &'t str,
}

impl<'t> Reference<'t> {
    fn parse(text: &'t str) -> Option<Self> {
        let (place, field) = text.split_once('#')?;
        let (mount, path) = place.split_once('/')?;
        let is_path = path.split('/').all(|part| !matches!(part, "" | "." | ".."));
        let is_mount = !matches!(mount, "" | "." | "..");
        (is_mount && is_path && !field.is_empty()).then_some(Self { mount, path, field })
    }
}

/// A Vault that this server has logged in to.
struct Vault {
    client: Client,
    base: Url,
    namespace: Option<HeaderValue>,
    token: Secret<String>,
    deadline: Instant,
}

impl Vault {
    async fn open(config: &VaultConfig, deadline: Instant) -> Result<Self, String> {
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
        let mut vault = Self {
            client,
            base,
            namespace,
            token: Secret::new(String::new()),
            deadline,
        };
        vault.token = vault.log_in(config).await?;
        Ok(vault)
    }

    async fn log_in(&self, config: &VaultConfig) -> Result<Secret<String>, String> {
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
            return self.exchange(&role.mount, &body).await;
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
            return self.exchange(&account.mount, &body).await;
        }
        let token = config.token.clone();
        let token = token.unwrap_or_else(|| SecretReference::Environment("VAULT_TOKEN".to_owned()));
        read("secrets.vault.token", &token).await
    }

    /// Logs in by a method, and gets a token for it.
    async fn exchange(&self, mount: &str, body: &Value) -> Result<Secret<String>, String> {
        let url = self.url(&format!("v1/auth/{}/login", encoded(mount)))?;
        let answer = ask(&self.client, self.deadline, || {
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
        Ok(Secret::new(token.to_owned()))
    }

    /// The fields of a secret.
    async fn read(&self, reference: &Reference<'_>) -> Result<Value, String> {
        let Reference { mount, path, .. } = reference;
        let url = self.url(&format!("v1/{}/data/{}", encoded(mount), encoded(path)))?;
        let mut token = HeaderValue::try_from(self.token.expose())
            .map_err(|_| "the token holds a character that no token has".to_owned())?;
        token.set_sensitive(true);
        let answer = ask(&self.client, self.deadline, || {
            self.in_namespace(Request::get(url.clone()))
                .header(TOKEN, token.clone())
        })
        .await?;
        match answer.status {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => {
                return Err(format!(
                    "there is nothing at `{mount}/{path}`, or `{mount}` is no key-value engine of version 2"
                ));
            }
            StatusCode::FORBIDDEN => {
                return Err(format!(
                    "the token is not valid, or may not read `{mount}/data/{path}`"
                ));
            }
            status => return Err(format!("reading `{mount}/{path}` is refused with {status}")),
        }
        let mut answer: Value =
            serde_json::from_slice(&answer.body).map_err(|_| "its answer is no JSON".to_owned())?;
        let fields = answer.pointer_mut("/data/data").map(Value::take);
        fields.filter(Value::is_object).ok_or_else(|| {
            format!(
                "`{mount}/{path}` was deleted, or `{mount}` is no key-value engine of version 2"
            )
        })
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

/// A path as a part of a URL, so that no name ends it.
fn encoded(path: &str) -> String {
    let mut encoded = String::new();
    percent_encode(&mut encoded, path.trim_matches('/'), b"/");
    encoded
}

fn field(fields: &Value, name: &str, path: &str) -> Fetched {
    match fields.get(name) {
        Some(Value::String(text)) => Ok(Secret::new(text.clone())),
        Some(Value::Number(number)) => Ok(Secret::new(number.to_string())),
        Some(_) => Err(format!("the field `{name}` of `{path}` is no text")),
        None => {
            let names: Vec<&str> = fields
                .as_object()
                .into_iter()
                .flat_map(|fields| fields.keys())
                .map(String::as_str)
                .collect();
            Err(format!(
                "`{path}` has no field `{name}`; it has {}",
                names.join(", ")
            ))
        }
    }
}

fn set(variable: &str) -> Option<String> {
    std::env::var(variable)
        .ok()
        .filter(|value| !value.is_empty())
}

async fn read(setting: &str, reference: &SecretReference) -> Result<Secret<String>, String> {
    let reference = reference.clone();
    let read = tokio::task::spawn_blocking(move || reference.read()).await;
    read.map_err(|_| "the process is stopping".to_owned())?
        .map_err(|problem| format!("`{setting}`: {problem}"))
}

#[cfg(test)]
#[path = "vault_tests.rs"]
mod tests;
