//! Who is at the other end of a connection, as far as the connection tells.

use std::net::IpAddr;
use std::sync::Arc;

use crate::pipeline::{Origin, Transport};
use crate::trace::Trace;

/// The other end.
#[derive(Debug)]
pub(super) struct Peer {
    address: IpAddr,
    /// Where most requests of the connection come in: made once.
    origin: Arc<Origin>,
}

impl Peer {
    /// The one with this address.
    pub(super) fn new(address: IpAddr) -> Self {
        Self {
            address,
            origin: Arc::new(origin(address, None)),
        }
    }

    pub(super) const fn address(&self) -> IpAddr {
        self.address
    }

    /// Where a request comes in that a proxy passed on for `address`, or that is the peer's own.
    pub(super) fn origin(&self, address: IpAddr, trace: Option<Trace>) -> Arc<Origin> {
        if address == self.address && trace.is_none() {
            return Arc::clone(&self.origin);
        }
        Arc::new(origin(address, trace))
    }
}

fn origin(address: IpAddr, trace: Option<Trace>) -> Origin {
    Origin {
        transport: Transport::Http,
        address: Some(address),
        trace,
        ..Origin::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_the_peers_unless_the_request_says_otherwise() {
        let [own, other] = ["192.0.2.1", "192.0.2.2"].map(|text| text.parse().unwrap());
        let peer = Peer::new(own);
        assert!(Arc::ptr_eq(
            &peer.origin(own, None),
            &peer.origin(own, None)
        ));
        let passed_on = peer.origin(other, None);
        assert_eq!(passed_on.address, Some(other));
        assert_eq!(passed_on.transport, Transport::Http);
        let trace = Trace::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        assert!(trace.is_some());
        let traced = peer.origin(own, trace);
        assert_eq!((traced.address, traced.trace), (Some(own), trace));
    }
}
