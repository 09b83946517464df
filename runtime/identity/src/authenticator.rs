//! The door: headers in, a principal or a refusal out, and what a refused client is told.
//!
//! Not here: how each kind of credential is checked (`jwt`, `introspection`, `keys`).

mod assemble;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use mcp_factory_sdk::{Principal, ScopeHierarchy};

use crate::challenge::{Challenge, error_of, is_challenged};
use crate::credential::{Presented, presented};
use crate::grants::Grants;
use crate::introspection::Introspection;
use crate::jwt::JwtVerifier;
use crate::keys::{KeySources, Keys};
use crate::metadata::{Metadata, path_of};
use crate::{AuthConfig, Clock, Mode, Problem, Refusal};

/// What an authenticator must know of the server around it.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The URL by which clients know this server, where the configuration does not say: never of a request.
    pub resource: String,
    /// Which scope contains which.
    pub hierarchy: ScopeHierarchy,
    /// Every scope that something here demands, for the metadata.
    pub scopes: Vec<String>,
}

/// Knows the callers of one server. Share it behind an `Arc`.
pub struct Authenticator {
    mode: Mode,
    method: Method,
    metadata: Option<Metadata>,
    metadata_path: String,
    required_scopes: Vec<String>,
    challenge_scopes: Vec<String>,
}

enum Method {
    Jwt(Box<JwtVerifier>),
    Introspection(Box<Introspection>),
    Keys(Keys),
}

impl Authenticator {
    /// An authenticator as configured. Keys and secrets are read here, so it may block for a moment; the
    /// network is not touched before the first token that needs it.
    ///
    /// # Errors
    /// Everything that is wrong with the settings; mode `none` is nothing to make an authenticator of.
    pub fn new(
        config: &AuthConfig,
        surroundings: Surroundings,
        clock: Clock,
    ) -> Result<Self, Vec<Problem>> {
        let problems = config.problems();
        if !problems.is_empty() {
            return Err(problems);
        }
        let one = |path, message: &str| vec![Problem::new(path, message)];
        let resource = config.resource.as_ref().unwrap_or(&surroundings.resource);
        let metadata = match (config.issuer(), config.mode) {
            (Some(issuer), Mode::Jwt | Mode::Introspection) => {
                let scopes = surroundings.scopes.iter().chain(&config.required_scopes);
                let name = config.resource_name.as_deref();
                let metadata = Metadata::new(resource, issuer, scopes.map(String::as_str), name);
                Some(metadata.map_err(|problem| one("resource", problem))?)
            }
            _ => None,
        };
        let grants = Grants {
            scope_claims: config.scope_claims(),
            tenant_claim: config.tenant_claim.clone(),
            required_scopes: config.required_scopes.clone(),
            hierarchy: surroundings.hierarchy,
        };
        let method = match (config.mode, config.issuer()) {
            (Mode::Keys, _) => Method::Keys(Keys::new(KeySources::of(config), grants, clock)?),
            (Mode::Jwt, Some(issuer)) => {
                let verifier = assemble::jwt(config, issuer, resource, grants, clock)
                    .map_err(|problem| vec![problem])?;
                Method::Jwt(Box::new(verifier))
            }
            (Mode::Introspection, Some(issuer)) => {
                let introspection =
                    assemble::introspection(config, issuer, resource, grants, clock)
                        .map_err(|problem| vec![problem])?;
                Method::Introspection(Box::new(introspection))
            }
            (Mode::Jwt | Mode::Introspection, None) => return Err(one("issuer", "is missing")),
            (Mode::None, _) => {
                return Err(one("mode", "is \"none\": there is nobody to authenticate"));
            }
        };
        let challenge_scopes = config.challenge_scopes.clone().unwrap_or_else(|| {
            let read = surroundings.scopes.iter().filter(|scope| *scope == "read");
            read.take(1).cloned().collect()
        });
        Ok(Self {
            mode: config.mode,
            method,
            metadata_path: path_of(resource),
            metadata,
            required_scopes: config.required_scopes.clone(),
            challenge_scopes,
        })
    }

    /// Who sends a request with these headers.
    ///
    /// # Errors
    /// Why nobody is known to; the cause is in the log.
    pub async fn authenticate(&self, headers: &HeaderMap) -> Result<Arc<Principal>, Refusal> {
        let presented = self.presented(headers)?;
        match &self.method {
            Method::Jwt(verifier) => verifier.authenticate(presented.expose()).await,
            Method::Introspection(introspection) => introspection.authenticate(presented).await,
            Method::Keys(keys) => keys.authenticate(presented).await,
        }
    }

    /// Who sends a request with these headers, where that is known from before and still holds. It costs a
    /// hash; `None` says nothing about the credential but that [`authenticate`](Self::authenticate) must.
    pub fn verified(&self, headers: &HeaderMap) -> Option<Arc<Principal>> {
        let presented = self.presented(headers).ok()?;
        match &self.method {
            Method::Jwt(verifier) => verifier.verified(presented.expose()),
            Method::Introspection(introspection) => introspection.verified(presented),
            Method::Keys(keys) => keys.verified(presented),
        }
    }

    fn presented<'a>(&self, headers: &'a HeaderMap) -> Result<Presented<'a>, Refusal> {
        presented(headers, self.mode == Mode::Keys)
    }

    /// The metadata of this server as a protected resource, in JSON; none where tokens have no issuer.
    pub fn metadata(&self) -> Option<&Bytes> {
        self.metadata.as_ref().map(|metadata| &metadata.document)
    }

    /// Where the metadata is served, on this server.
    pub fn metadata_path(&self) -> &str {
        &self.metadata_path
    }

    /// `WWW-Authenticate` for a refusal. `scopes` are those that the operation needs; none when that is
    /// not known, and then a client is told to ask for the configured ones.
    ///
    /// `None` for a refusal that no other credential would mend.
    pub fn challenge(&self, refusal: &Refusal, scopes: &[&str]) -> Option<HeaderValue> {
        if !is_challenged(refusal) {
            return None;
        }
        if let Refusal::InsufficientScope(_) = refusal {
            return Some(self.insufficient_scope(scopes));
        }
        let wanted: Vec<&str> = match scopes {
            [] => self.challenge_scopes.iter().map(String::as_str).collect(),
            scopes => scopes.to_vec(),
        };
        let scopes = match self.mode {
            // Nobody can ask for a scope of a key.
            Mode::Keys => Vec::new(),
            _ => self.with_required(&wanted),
        };
        let description = refusal.to_string();
        Some(self.header(error_of(refusal), &scopes, Some(&description)))
    }

    /// `WWW-Authenticate` for a caller who lacks one of the `scopes` that an operation needs.
    pub fn insufficient_scope(&self, scopes: &[&str]) -> HeaderValue {
        let description = "the credential lacks a scope that this needs";
        let scopes = self.with_required(scopes);
        self.header(Some("insufficient_scope"), &scopes, Some(description))
    }

    fn header(
        &self,
        error: Option<&'static str>,
        scopes: &[&str],
        description: Option<&str>,
    ) -> HeaderValue {
        let challenge = Challenge {
            error,
            scopes,
            resource_metadata: self.metadata.as_ref().map(|metadata| metadata.url.as_str()),
            description,
        };
        challenge.header()
    }

    /// One challenge names all that is needed, each once: a token for less would only be refused again.
    fn with_required<'a>(&'a self, scopes: &[&'a str]) -> Vec<&'a str> {
        let mut all: Vec<&str> = self.required_scopes.iter().map(String::as_str).collect();
        for scope in scopes {
            if !all.contains(scope) {
                all.push(scope);
            }
        }
        all
    }

    /// The mode as it is configured, for logs.
    pub const fn name(&self) -> &'static str {
        self.mode.name()
    }
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Authenticator")
            .field("mode", &self.mode)
            .field("metadata", &self.metadata)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
