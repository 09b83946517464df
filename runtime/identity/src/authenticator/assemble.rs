//! The settings of a kind of token become what checks it.

use std::sync::Arc;

use crate::config::AuthConfig;
use crate::discovery::Discovery;
use crate::fetch::{Endpoint, Fetcher};
use crate::grants::Grants;
use crate::introspection::{self, Client, Introspection, Place};
use crate::jwks::{KeyCache, Location};
use crate::jwt::{self, JwtVerifier};
use crate::{Clock, Problem};

pub(super) fn jwt(
    config: &AuthConfig,
    issuer: &str,
    resource: &str,
    grants: Grants,
    clock: Clock,
) -> Result<JwtVerifier, Problem> {
    let fetcher = Arc::new(Fetcher::new());
    let location = if let Some(url) = &config.jwks_url {
        Location::Given(endpoint("jwks_url", url)?)
    } else {
        let discovery = Discovery::new(issuer, Arc::clone(&fetcher), config.jwks_ttl());
        Location::Discovered(Arc::new(discovery))
    };
    let expected = jwt::Expected {
        issuer: issuer.to_owned(),
        audience: config.audience(resource),
        algorithms: config
            .algorithms()
            .into_iter()
            .filter_map(jwt::algorithm)
            .collect(),
        leeway: config.leeway(),
    };
    let keys = KeyCache::new(location, fetcher, config.jwks_ttl());
    Ok(JwtVerifier::new(expected, keys, grants, clock))
}

pub(super) fn introspection(
    config: &AuthConfig,
    issuer: &str,
    resource: &str,
    grants: Grants,
    clock: Clock,
) -> Result<Introspection, Problem> {
    let fetcher = Arc::new(Fetcher::new());
    let place = if let Some(url) = &config.introspection_url {
        Place::Fixed(endpoint("introspection_url", url)?)
    } else {
        let otherwise = format!("{}/introspect", issuer.trim_end_matches('/'));
        Place::Discovered {
            discovery: Discovery::new(issuer, Arc::clone(&fetcher), config.jwks_ttl()),
            otherwise: endpoint("issuer", &otherwise)?,
        }
    };
    let client = config.client_id.clone().zip(config.client_secret.clone());
    let expected = introspection::Expected {
        issuer: issuer.to_owned(),
        audience: config.audience(resource),
        audience_may_lack: config.audience.as_ref().is_some_and(Vec::is_empty),
        leeway: config.leeway(),
    };
    Ok(Introspection::new(
        place,
        client.map(|(id, secret)| Client { id, secret }),
        expected,
        grants,
        clock,
        fetcher,
        config.cache_ttl(),
    ))
}

fn endpoint(path: &str, url: &str) -> Result<Endpoint, Problem> {
    Endpoint::parse(url).map_err(|problem| Problem::new(path, problem))
}
