//! `vault:MOUNT/PATH#FIELD`: a field of a secret of Vault's key-value engine, version 2.
//!
//! In the room: what a reference means, and which secrets are read for the references of a round. Who this server is
//! to Vault, and for how long, is the session's business.

mod session;

use std::collections::BTreeMap;

use mcp_factory_sdk::Secret;
use serde_json::Value;
use tokio::time::Instant;

use self::session::Session;
use crate::{Fetched, VaultConfig};

/// Vault, and this server's session there, if it has one by now.
#[derive(Debug)]
pub(crate) struct Vault {
    config: VaultConfig,
    session: Option<Session>,
}

impl Vault {
    pub(crate) fn new(config: &VaultConfig) -> Self {
        Self {
            config: config.clone(),
            session: None,
        }
    }

    /// Fetches all, each secret once for all of its fields.
    pub(crate) async fn fetch(&mut self, references: &[&str], deadline: Instant) -> Vec<Fetched> {
        if references.is_empty() {
            return Vec::new();
        }
        let session = match self.session(deadline).await {
            Ok(session) => session,
            Err(why) => {
                let why = format!("Vault: {why}");
                return references.iter().map(|_| Err(why.clone())).collect();
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
                let read = session.read(&reference, deadline).await;
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

    /// The session, with the token that is good for this round.
    async fn session(&mut self, deadline: Instant) -> Result<&mut Session, String> {
        match &mut self.session {
            Some(session) => session.begin_round().await?,
            None => self.session = Some(Session::open(&self.config, deadline).await?),
        }
        self.session
            .as_mut()
            .ok_or_else(|| "there is no session".to_owned())
    }

    /// When the token wants to be renewed. One that nobody has asked Vault about yet, now.
    pub(crate) fn renewal(&self) -> Option<Instant> {
        self.session.as_ref().and_then(Session::renewal)
    }

    /// Renews the token, or logs in again when it is lost.
    pub(crate) async fn renew(&mut self, deadline: Instant) -> Result<(), String> {
        match &mut self.session {
            Some(session) => session.renew(deadline).await,
            None => Ok(()),
        }
    }
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

#[cfg(test)]
mod tests;
