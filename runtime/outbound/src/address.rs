//! Which addresses are on the public internet. Numbers only; who may dial what is [`Reach`](crate::Reach).
//!
//! An IPv6 address that carries an IPv4 address is a tunnel to it, so it is judged by the one inside.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address as a router would see it: the addresses inside when there are any, else itself.
pub(crate) enum Seen {
    /// One destination.
    One(IpAddr),
    /// A tunnel that involves two machines (Teredo: its server and its client).
    Two(IpAddr, IpAddr),
}

/// Takes an address out of its tunnels.
pub(crate) fn unwrapped(address: IpAddr) -> Seen {
    let IpAddr::V6(outer) = address else {
        return Seen::One(address);
    };
    if outer.is_unspecified() || outer.is_loopback() {
        return Seen::One(address);
    }
    let part = outer.segments();
    let inside = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    };
    match part {
        // ::/96 IPv4-compatible, ::ffff:0:0/96 mapped, ::ffff:0:0:0/96 translated (SIIT), 64:ff9b::/96 NAT64,
        // 2002::/16 6to4.
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => Seen::One(inside(high, low)),
        // Teredo: the server as it is, the client with every bit flipped.
        [0x2001, 0, server_high, server_low, _, _, high, low] => {
            Seen::Two(inside(server_high, server_low), inside(!high, !low))
        }
        // ISATAP, under any prefix.
        [.., 0 | 0x0200, 0x5efe, high, low] => {
            Seen::Two(IpAddr::V6(without_interface(outer)), inside(high, low))
        }
        _ => Seen::One(address),
    }
}

/// The addresses that are carried in an IPv6 address, through whatever tunnel: whoever dials it reaches
/// those. None for one that is no tunnel.
pub fn inner_addresses(address: IpAddr) -> Vec<IpAddr> {
    match unwrapped(address) {
        Seen::One(inside) if inside == address => Vec::new(),
        Seen::One(inside) => vec![inside],
        Seen::Two(one, other) => vec![one, other],
    }
}

/// The network part alone, so that the prefix of an ISATAP address is judged too.
fn without_interface(address: Ipv6Addr) -> Ipv6Addr {
    Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)
}

/// Whether a router of the public internet would carry it to one machine. Not to be asked of tunnels.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

#[expect(
    clippy::match_same_arms,
    reason = "a network a line, each with its reason"
)]
fn is_public_v4(address: Ipv4Addr) -> bool {
    let private = match address.octets() {
        // "This network", private, loopback, multicast, reserved, broadcast.
        [0 | 10 | 127 | 224..=255, ..] => true,
        // Carrier-grade NAT; a cloud's metadata lives here too.
        [100, 64..=127, ..] => true,
        // The host agent of a large cloud, reachable from its machines only.
        [168, 63, 129, 16] => true,
        // Link-local: the metadata of most clouds.
        [169, 254, ..] => true,
        [172, 16..=31, ..] | [192, 168, ..] => true,
        // Protocol assignments, documentation, relays of 6to4, benchmarks.
        [192, 0, 0 | 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => true,
        [192, 88, 99, _] | [198, 18 | 19, ..] => true,
        _ => false,
    };
    !private
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // Protocol assignments (benchmarks, ORCHID, …), documentation: all inside of global unicast.
        [0x2001, 0..=0x01ff | 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => false,
        // Global unicast as handed out so far. Unique local, link-local, multicast, local-use NAT64,
        // discard and segment routing are all outside of it.
        [first, ..] => (0x2000..=0x3fff).contains(&first),
    }
}

#[cfg(test)]
mod tests;
