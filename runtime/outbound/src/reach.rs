//! Where a client may go. The judgement is made of the URL before anything is looked up, and of every
//! address right before it is dialled; nothing else dials.

use std::net::IpAddr;

use ipnet::IpNet;
use url::Url;

use crate::address::{Seen, is_public, unwrapped};
use crate::error::Refusal;

/// Which addresses and ports may be dialled.
#[derive(Debug, Clone)]
pub struct Reach {
    anywhere: bool,
    public: bool,
    allowed: Vec<IpNet>,
    /// `None`: every port.
    ports: Option<Vec<u16>>,
}

impl Reach {
    /// Only machines on the public internet, ports 80 and 443: for URLs that come from a model or from
    /// another service.
    ///
    /// Never loopback, private, link-local, carrier-grade NAT, multicast, documentation or reserved
    /// addresses, nor an IPv6 address that carries one of them (mapped, NAT64, 6to4, Teredo, ISATAP).
    pub fn public() -> Self {
        Self {
            anywhere: false,
            public: true,
            allowed: Vec::new(),
            ports: Some(vec![80, 443]),
        }
    }

    /// Every address and port: for a URL that the operator wrote into the configuration.
    pub fn operator() -> Self {
        Self {
            anywhere: true,
            public: true,
            allowed: Vec::new(),
            ports: None,
        }
    }

    /// Only these networks, on every port: for an address that is the same everywhere and that nothing else may
    /// lead to, such as the metadata of the machine.
    pub fn only(networks: impl IntoIterator<Item = IpNet>) -> Self {
        Self {
            public: false,
            allowed: networks.into_iter().collect(),
            ..Self::public().any_port()
        }
    }

    /// Allows a network besides. An IPv6 address that carries an IPv4 address is judged by the latter.
    /// For the operator's decision only, never for a value from a call.
    #[must_use]
    pub fn allow(mut self, network: IpNet) -> Self {
        self.allowed.push(network);
        self
    }

    /// Allows these ports and no other.
    #[must_use]
    pub fn ports(mut self, ports: &[u16]) -> Self {
        self.ports = Some(ports.to_vec());
        self
    }

    /// Allows every port.
    #[must_use]
    pub fn any_port(mut self) -> Self {
        self.ports = None;
        self
    }

    /// Whether this address may be dialled.
    pub fn permits(&self, address: IpAddr) -> bool {
        if self.anywhere {
            return true;
        }
        match unwrapped(address) {
            Seen::One(inside) => self.permits_bare(inside),
            Seen::Two(one, other) => self.permits_bare(one) && self.permits_bare(other),
        }
    }

    fn permits_bare(&self, address: IpAddr) -> bool {
        (self.public && is_public(address))
            || self
                .allowed
                .iter()
                .any(|network| network.contains(&address))
    }

    pub(crate) fn permits_port(&self, port: u16) -> bool {
        self.ports
            .as_ref()
            .is_none_or(|ports| ports.contains(&port))
    }

    /// Whether a URL can be reached at all, as far as it can be told without looking its name up: scheme,
    /// user name, port, and the address when it is written out. A name that passes may still be refused
    /// for its addresses.
    pub fn check(&self, url: &Url) -> Result<(), Refusal> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Refusal::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refusal::UserInfo);
        }
        let port = url.port_or_known_default().ok_or(Refusal::Port)?;
        let address = match url.host().ok_or(Refusal::Host)? {
            url::Host::Domain("") => return Err(Refusal::Host),
            url::Host::Domain(_) => None,
            url::Host::Ipv4(address) => Some(IpAddr::V4(address)),
            url::Host::Ipv6(address) => Some(IpAddr::V6(address)),
        };
        if !self.permits_port(port) {
            return Err(Refusal::Port);
        }
        match address {
            Some(address) if !self.permits(address) => Err(Refusal::Address),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
