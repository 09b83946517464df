//! The keys an issuer signs with, by their id. Fetched at the first token, refreshed as [`crate::refresh`] says.

mod key;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

pub(crate) use self::key::Key;
use crate::discovery::Discovery;
use crate::fetch::{Endpoint, Fetcher};
use crate::refresh::{LoadError, Missing, Refreshed, Source, Timing};

/// The most keys a set may list.
const MAX_KEYS: usize = 64;
/// From one try for an unknown key to the next: what a key rotated in without notice waits at most.
const COOL_DOWN: Duration = Duration::from_secs(30);

/// The usable keys of one document.
#[derive(Debug, Default)]
pub(crate) struct KeySet {
    keys: Vec<Arc<Key>>,
}

impl KeySet {
    /// Reads a JWK set. Keys that cannot verify an access token here are left out; none may be left.
    fn read(document: &Map<String, Value>) -> Result<Self, LoadError> {
        let listed = document
            .get("keys")
            .and_then(Value::as_array)
            .ok_or_else(|| LoadError::Document("the document has no list of `keys`".to_owned()))?;
        if listed.len() > MAX_KEYS {
            let count = listed.len();
            let problem = format!("the document lists {count} keys; at most {MAX_KEYS} are read");
            return Err(LoadError::Document(problem));
        }
        let mut keys = Vec::new();
        for jwk in listed {
            match Key::read(jwk) {
                Ok(key) => keys.push(Arc::new(key)),
                Err(reason) => {
                    let kid = jwk.get("kid").and_then(Value::as_str);
                    tracing::debug!(?kid, reason, "a key is left out");
                }
            }
        }
        Ok(Self { keys })
    }

    /// The key a header names; without a name, the only one there is.
    fn find(&self, kid: Option<&str>) -> Option<Lookup> {
        match (kid, self.keys.as_slice()) {
            (Some(kid), keys) => {
                let key = keys.iter().find(|key| key.kid() == Some(kid))?;
                Some(Lookup::Key(Arc::clone(key)))
            }
            (None, [key]) => Some(Lookup::Key(Arc::clone(key))),
            (None, []) => None,
            (None, _) => Some(Lookup::Ambiguous),
        }
    }
}

enum Lookup {
    Key(Arc<Key>),
    /// No newer set would help.
    Ambiguous,
}

/// The keys of one issuer.
pub(crate) struct KeyCache(Refreshed<Published>);

impl KeyCache {
    /// Keys found at `jwks_url`, or where the issuer's metadata says. `fresh` is `jwks_ttl`.
    pub(crate) fn new(location: Location, fetcher: Arc<Fetcher>, fresh: Duration) -> Self {
        let timing = Timing {
            fresh,
            stale_if_error: Duration::from_hours(24),
            cool_down: COOL_DOWN,
            limit: Duration::from_secs(15),
        };
        Self(Refreshed::new(Published { location, fetcher }, timing))
    }

    /// The key named `kid`. [`Missing::Unknown`] only on the word of an issuer that answers and has keys.
    pub(crate) async fn key(&self, kid: Option<&str>) -> Result<Arc<Key>, Missing> {
        match self.0.get(|set| set.find(kid)).await {
            Ok(Lookup::Key(key)) => Ok(key),
            Ok(Lookup::Ambiguous) => Err(Missing::Unknown),
            // An issuer without any key cannot have meant that every token is bad.
            Err(Missing::Unknown) if self.is_empty().await => Err(Missing::Unavailable {
                retry_after: COOL_DOWN,
            }),
            Err(missing) => Err(missing),
        }
    }

    async fn is_empty(&self) -> bool {
        let empty = self.0.get(|set| Some(set.keys.is_empty()));
        empty.await.unwrap_or(true)
    }
}

/// Where the keys are.
pub(crate) enum Location {
    Given(Endpoint),
    Discovered(Arc<Discovery>),
}

struct Published {
    location: Location,
    fetcher: Arc<Fetcher>,
}

impl Source for Published {
    type Document = KeySet;

    fn name(&self) -> String {
        "the issuer's set of keys".to_owned()
    }

    async fn load(&self) -> Result<KeySet, LoadError> {
        let discovered;
        let endpoint = match &self.location {
            Location::Given(endpoint) => endpoint,
            Location::Discovered(discovery) => {
                discovered = discovery
                    .jwks_uri()
                    .await
                    .map_err(|missing| match missing {
                        Missing::Unknown => LoadError::Document(
                            "the issuer's metadata names no usable `jwks_uri`".to_owned(),
                        ),
                        Missing::Unavailable { .. } => LoadError::Dependency,
                    })?;
                &discovered
            }
        };
        KeySet::read(&self.fetcher.get_json(endpoint).await?)
    }
}

#[cfg(test)]
mod tests;
