//! Who a request is from, and whether its address is heard at all. Runs before the body is read.
//!
//! Not here: how a credential is verified (the identity crate) and what its bearer may do (`pipeline`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::HeaderMap;
use ipnet::IpNet;
use mcp_factory_guard::{AddressLimits, Audit, Record};
use mcp_factory_identity::{self as identity, Authenticator};
use mcp_factory_sdk::{Principal, ScopeSet};
use tokio::time::Instant;

use super::refusal::Refusal;
use crate::metrics::{Metrics, Refused};

/// The limits and the authenticator before everything else.
#[derive(Debug)]
pub(crate) struct Gatekeeper {
    /// Nobody is asked when `None`: whoever reaches the port is trusted, which is why the port is a
    /// loopback one then, unless the operator insists.
    authenticator: Option<Authenticator>,
    trusted_proxies: Vec<IpNet>,
    requests: AddressLimits,
    failures: AddressLimits,
    audit: Arc<Audit>,
    /// The second since the start in which a refusal by a limit was last recorded, plus one.
    recorded: AtomicU64,
    started: Instant,
    /// Whoever calls from this machine where nobody is asked who they are.
    neighbour: Arc<Principal>,
    metrics: Option<Arc<Metrics>>,
}

/// What a gatekeeper is made of.
#[derive(Debug)]
pub(crate) struct GatekeeperParts {
    pub(crate) authenticator: Option<Authenticator>,
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// Requests of one address, whoever sends them.
    pub(crate) requests: AddressLimits,
    /// Credentials of one address that proved to be none.
    pub(crate) failures: AddressLimits,
    pub(crate) audit: Arc<Audit>,
}

impl Gatekeeper {
    pub(crate) fn new(parts: GatekeeperParts) -> Self {
        Self {
            authenticator: parts.authenticator,
            trusted_proxies: parts.trusted_proxies,
            requests: parts.requests,
            failures: parts.failures,
            audit: parts.audit,
            recorded: AtomicU64::new(0),
            started: Instant::now(),
            neighbour: Arc::new(anonymous(IpAddr::V4(Ipv4Addr::LOCALHOST))),
            metrics: None,
        }
    }

    /// The same, counting what is refused in `metrics`.
    pub(crate) fn counting(self, metrics: Option<Arc<Metrics>>) -> Self {
        Self { metrics, ..self }
    }

    /// Counts a refusal.
    pub(super) fn count(&self, why: Refused) {
        if let Some(metrics) = &self.metrics {
            metrics.refuse(why);
        }
    }

    pub(super) fn authenticator(&self) -> Option<&Authenticator> {
        self.authenticator.as_ref()
    }

    /// The address that a request came from: the nearest one that is not a trusted proxy's.
    pub(super) fn address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut address = peer.to_canonical();
        if self.trusted_proxies.is_empty() {
            return address;
        }
        let mut told = headers
            .get_all("x-forwarded-for")
            .iter()
            .rev()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.rsplit(','));
        while self.is_proxy(address) {
            // What a proxy says is no address ends the search at the proxy.
            let Some(Some(before)) = told.next().map(forwarded) else {
                break;
            };
            address = before.to_canonical();
        }
        address
    }

    fn is_proxy(&self, address: IpAddr) -> bool {
        let mut networks = self.trusted_proxies.iter();
        networks.any(|network| network.contains(&address))
    }

    /// The sender of a request with these headers. `wanted` finds the scope of what they say that it is
    /// about: a hint for a client that is refused, nothing is decided by it.
    pub(super) async fn admit(
        &self,
        headers: &HeaderMap,
        address: IpAddr,
        wanted: impl FnOnce() -> Option<&'static str>,
    ) -> Result<Arc<Principal>, Refusal> {
        if let Err(exceeded) = self.requests.take(address) {
            self.note_limited(address);
            return Err(Refusal::too_many(exceeded.retry_after));
        }
        let Some(authenticator) = &self.authenticator else {
            return Ok(if address.is_loopback() {
                Arc::clone(&self.neighbour)
            } else {
                Arc::new(anonymous(address))
            });
        };
        if let Some(exceeded) = self.failures.is_exhausted(address) {
            // Callers that share an address with a guesser are still heard when they are known already.
            return authenticator.verified(headers).ok_or_else(|| {
                self.note_limited(address);
                Refusal::too_many(exceeded.retry_after)
            });
        }
        match authenticator.authenticate(headers).await {
            Ok(principal) => Ok(principal),
            Err(refusal) => {
                if is_failed_attempt(&refusal) {
                    // The answer to this one stands; the next one will find the place taken.
                    let _counted = self.failures.take(address).is_ok();
                }
                self.note(outcome(&refusal), None, address);
                let challenge = authenticator.challenge(&refusal, wanted().as_slice());
                Err(Refusal::unauthenticated(&refusal, challenge))
            }
        }
    }

    /// Records that an address came too often: once a second at most, or a flood of requests would be a flood
    /// of records, and push out those of calls.
    fn note_limited(&self, address: IpAddr) {
        self.count(Refused::RateLimited);
        let second = self.started.elapsed().as_secs() + 1;
        if self.recorded.swap(second, Ordering::Relaxed) != second {
            self.record("rate_limited", None, address);
        }
    }

    /// Records and counts a refusal, of a caller that is known or of one that is not.
    pub(super) fn note(
        &self,
        outcome: &'static str,
        principal: Option<&Principal>,
        address: IpAddr,
    ) {
        self.count(Refused::of(outcome));
        self.record(outcome, principal, address);
    }

    fn record(&self, outcome: &'static str, principal: Option<&Principal>, address: IpAddr) {
        self.audit.record(&Record {
            event: "refused",
            principal: principal.map(Principal::id),
            tenant: principal.and_then(Principal::tenant),
            transport: "http",
            address: Some(address),
            outcome,
            ..Record::default()
        });
    }
}

/// One entry of `X-Forwarded-For`: an address, to which some proxies add the port.
fn forwarded(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim();
    let with_port = || entry.parse::<SocketAddr>().ok().map(|address| address.ip());
    let bare = entry.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok().or_else(with_port)
}

/// Callers whom nobody asks who they are: told apart by where they call from, so that one cannot use up
/// the limits of another, speak in its session or walk through a gate that it opened.
fn anonymous(address: IpAddr) -> Principal {
    let id = match address {
        address if address.is_loopback() => "anonymous@localhost".to_owned(),
        IpAddr::V4(address) => format!("anonymous@{address}"),
        // One household or host has a whole /64 to call from.
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("anonymous@{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    };
    Principal::new(id, ScopeSet::All)
}

/// Whether somebody tried a credential that was none. To have none at all is how every client begins.
const fn is_failed_attempt(refusal: &identity::Refusal) -> bool {
    matches!(
        refusal,
        identity::Refusal::InvalidToken | identity::Refusal::InvalidRequest(_)
    )
}

/// The word for the audit.
const fn outcome(refusal: &identity::Refusal) -> &'static str {
    match refusal {
        identity::Refusal::NoCredential
        | identity::Refusal::InvalidToken
        | identity::Refusal::InvalidRequest(_) => "unauthenticated",
        identity::Refusal::InsufficientScope(_) | identity::Refusal::NoTenant => "denied",
        identity::Refusal::Unavailable { .. } => "unavailable",
    }
}

#[cfg(test)]
mod tests;
