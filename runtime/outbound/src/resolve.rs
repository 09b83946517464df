//! Names to addresses, without the C library: the hosts file, then the name servers of `resolv.conf`.
//! Which of the addresses may be dialled is not decided here.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::config::{LookupIpStrategy, NameServerConfig, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::{ResolverBuilder, TokioResolver};
use tokio::sync::OnceCell;

use crate::error::OutboundError;

type Builder = ResolverBuilder<TokioRuntimeProvider>;

/// The most addresses taken of one answer.
const MAX_ADDRESSES: usize = 16;
/// The most answers remembered, and the longest one is.
const CACHED_ANSWERS: u64 = 256;
const LONGEST_MEMORY: Duration = Duration::from_mins(5);
/// How long a name server may take, and how often it is asked.
const PER_QUERY: Duration = Duration::from_secs(3);
const ATTEMPTS: usize = 2;

/// Looks names up. Cheap to clone; clones share their cache.
///
/// Nothing is read or opened before the first look-up; `/etc/hosts` and `/etc/resolv.conf` are read then,
/// once. Without a `resolv.conf` the name server of this machine is asked, as resolver(5) says.
#[derive(Clone)]
pub struct Resolver(Source);

#[cfg(test)]
type Answering = Arc<dyn Fn(&str) -> Vec<IpAddr> + Send + Sync>;

#[derive(Clone)]
enum Source {
    System(Arc<OnceCell<TokioResolver>>),
    #[cfg(test)]
    Stub(Answering),
}

impl Resolver {
    /// The system's names.
    pub fn new() -> Self {
        Self(Source::System(Arc::default()))
    }

    #[cfg(test)]
    pub(crate) fn stub(answer: impl Fn(&str) -> Vec<IpAddr> + Send + Sync + 'static) -> Self {
        Self(Source::Stub(Arc::new(answer)))
    }

    /// The addresses of a host, at least one: of an address itself, of `localhost` this machine's.
    ///
    /// Takes as long as the name servers do, a dozen seconds at worst; put a deadline around it.
    pub async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, OutboundError> {
        if let Some(known) = without_asking(host) {
            return Ok(known);
        }
        let mut addresses: Vec<IpAddr> = match &self.0 {
            Source::System(resolver) => {
                let resolver = resolver.get_or_try_init(system).await?;
                let answer = resolver.lookup_ip(host).await.map_err(unresolved)?;
                answer.iter().take(MAX_ADDRESSES).collect()
            }
            #[cfg(test)]
            Source::Stub(answer) => answer(host),
        };
        addresses.truncate(MAX_ADDRESSES);
        if addresses.is_empty() {
            return Err(OutboundError::Resolve(Arc::new(NoAddress)));
        }
        Ok(addresses)
    }
}

impl Default for Resolver {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Resolver")
    }
}

/// The name has no address.
#[derive(Debug, thiserror::Error)]
#[error("the name has no address")]
struct NoAddress;

/// Addresses written out, and the names RFC 6761 reserves for this machine: no name server is believed
/// about those.
fn without_asking(host: &str) -> Option<Vec<IpAddr>> {
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Some(vec![address]);
    }
    let name = bare.strip_suffix('.').unwrap_or(bare).to_ascii_lowercase();
    (name == "localhost" || name.ends_with(".localhost")).then(|| {
        vec![
            IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(Ipv6Addr::LOCALHOST),
        ]
    })
}

async fn system() -> Result<TokioResolver, OutboundError> {
    // It reads two files.
    tokio::task::spawn_blocking(configured)
        .await
        .map_err(|error| OutboundError::Resolve(Arc::new(error)))?
        .map_err(unresolved)
}

fn configured() -> Result<TokioResolver, NetError> {
    let builder = TokioResolver::builder_tokio().unwrap_or_else(|error| {
        tracing::debug!(%error, "no resolv.conf: the name server of this machine is asked");
        let here = NameServerConfig::udp_and_tcp(IpAddr::V4(Ipv4Addr::LOCALHOST));
        TokioResolver::builder_with_config(
            ResolverConfig::from_name_servers(vec![here]),
            TokioRuntimeProvider::default(),
        )
    });
    bounded(builder).build()
}

fn bounded(mut builder: Builder) -> Builder {
    let options = builder.options_mut();
    options.ip_strategy = LookupIpStrategy::Ipv6AndIpv4;
    options.cache_size = CACHED_ANSWERS;
    options.positive_max_ttl = Some(LONGEST_MEMORY);
    options.negative_max_ttl = Some(LONGEST_MEMORY);
    options.timeout = options.timeout.min(PER_QUERY);
    options.attempts = options.attempts.min(ATTEMPTS);
    builder
}

fn unresolved(error: NetError) -> OutboundError {
    OutboundError::Resolve(Arc::new(error))
}

#[cfg(test)]
mod tests;
