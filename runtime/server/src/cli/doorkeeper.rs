//! From a configuration to whoever stands at the door of HTTP.

use std::net::SocketAddr;
use std::sync::Arc;

use mcp_factory_guard::{AddressLimits, Audit};
use mcp_factory_identity::{AuthConfig, Authenticator, Clock, Mode, Surroundings};

use crate::config::{Config, Problem, Problems};
use crate::http::{Gatekeeper, GatekeeperParts, Tls};
use crate::metrics::Metrics;
use crate::registry::Registry;

/// Whether callers over HTTP are asked who they are.
pub(super) fn is_authenticated(config: &Config) -> bool {
    config.auth.mode() != Mode::None
}

/// The names by which others come here, as the configuration says.
pub(super) fn outside_names(config: &Config) -> impl Iterator<Item = &str> {
    let hosts = config.http.allowed_hosts.iter().map(String::as_str);
    config.http.public_url.as_deref().into_iter().chain(hosts)
}

/// Who knows the callers; nobody when nobody is asked. What is wrong with `[auth]` goes to `problems`.
pub(super) fn authenticator(
    config: &Config,
    registry: &Registry,
    address: SocketAddr,
    problems: &mut Problems,
) -> Option<Authenticator> {
    if config.is_unread("auth") {
        return None;
    }
    if !is_authenticated(config) {
        if config.auth != AuthConfig::default() {
            let message = "`auth.mode` is \"none\" and the rest of [auth] says otherwise: nobody would be asked who is calling; \
                           write mode = \"jwt\", \"introspection\" or \"keys\", or leave the section out";
            problems.add(Problem::new(config.place("auth.mode"), message));
        }
        return None;
    }
    if address.ip().is_unspecified()
        && config.http.public_url.is_none()
        && config.auth.resource.is_none()
        && config.auth.mode() != Mode::Keys
    {
        let message = format!(
            "tokens must be meant for this server, and {address} is no name of it: set http.public_url"
        );
        problems.add(Problem::new("http.public_url", message));
    }
    let surroundings = Surroundings {
        resource: resource(config, address),
        hierarchy: config.access.hierarchy(),
        scopes: registry.scopes().iter().map(ToString::to_string).collect(),
    };
    let mut auth = config.auth.clone();
    if !config.tenants.is_empty() {
        auth = auth.with_tenants();
    }
    match Authenticator::new(&auth, surroundings, Clock::system()) {
        Ok(authenticator) => Some(authenticator),
        Err(found) => {
            for problem in found {
                let path = format!("auth.{}", problem.path);
                let message = format!("`{path}`: {}", problem.message);
                problems.add(Problem::new(config.place(&path), message));
            }
            None
        }
    }
}

/// The URL of the endpoint, from what the operator says that the server is called.
fn resource(config: &Config, address: SocketAddr) -> String {
    let Some(url) = &config.http.public_url else {
        return endpoint(config, address);
    };
    let url = url.trim_end_matches('/');
    // Some write the whole endpoint, some only the host.
    if url.ends_with("/mcp") {
        url.to_owned()
    } else {
        format!("{url}/mcp")
    }
}

/// The URL of the endpoint at an address.
pub(super) fn endpoint(config: &Config, address: SocketAddr) -> String {
    let scheme = if config.http.tls.is_some() {
        "https"
    } else {
        "http"
    };
    format!("{scheme}://{address}/mcp")
}

/// The server's certificate, when it has one. What is wrong with it goes to `problems`.
pub(super) fn tls(config: &Config, problems: &mut Problems) -> Option<Tls> {
    let files = config.http.tls.clone()?;
    Tls::load(files)
        .map_err(|problem| {
            let path = format!("http.tls.{}", problem.field);
            problems.add(Problem::new(config.place(&path), problem.to_string()));
        })
        .ok()
}

/// The gatekeeper as configured.
pub(super) fn gatekeeper(
    config: &Config,
    authenticator: Option<Authenticator>,
    audit: Arc<Audit>,
    metrics: Option<Arc<Metrics>>,
) -> Gatekeeper {
    let limits = &config.limits;
    Gatekeeper::new(GatekeeperParts {
        authenticator,
        trusted_proxies: config.http.trusted_proxies.clone(),
        requests: AddressLimits::new(limits.tracked_callers, limits.address_rate),
        failures: AddressLimits::new(limits.tracked_callers, limits.failure_rate),
        audit,
    })
    .counting(metrics)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::TlsFiles;

    #[test]
    fn the_resource_is_the_endpoint() {
        let address = "127.0.0.1:8080".parse().unwrap();
        for url in [
            "https://mcp.example.com",
            "https://mcp.example.com/",
            "https://mcp.example.com/mcp",
            "https://mcp.example.com/mcp/",
        ] {
            let mut config = Config::default();
            config.http.public_url = Some(url.to_owned());
            assert_eq!(resource(&config, address), "https://mcp.example.com/mcp");
        }
        let mut config = Config::default();
        assert_eq!(resource(&config, address), "http://127.0.0.1:8080/mcp");
        config.http.tls = Some(TlsFiles {
            certificate: "c".into(),
            key: "env:KEY".parse().unwrap(),
        });
        assert_eq!(resource(&config, address), "https://127.0.0.1:8080/mcp");
    }
}
