//! What must not be dialled, as networks. Written apart from `address.rs`, which it checks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// IANA's special-purpose registry (and one cloud's host agent), IPv4.
pub(super) const PRIVATE_4: &[&str] = &[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "168.63.129.16/32",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
];

/// The same for IPv6, without the tunnels.
pub(super) const PRIVATE_6: &[&str] = &[
    "::/128",
    "::1/128",
    "64:ff9b:1::/48",
    "100::/64",
    "2001:1::/32",
    "2001:2::/31",
    "2001:4::/30",
    "2001:8::/29",
    "2001:10::/28",
    "2001:20::/27",
    "2001:40::/26",
    "2001:80::/25",
    "2001:100::/24",
    "2001:db8::/32",
    "3fff::/20",
    "4000::/2",
    "8000::/1",
];

/// All of those, and each IPv4 network inside of each tunnel.
pub(super) fn forbidden() -> Vec<IpNet> {
    let mut all: Vec<IpNet> = PRIVATE_6.iter().map(|net| net.parse().unwrap()).collect();
    for net in PRIVATE_4 {
        let net: ipnet::Ipv4Net = net.parse().unwrap();
        let bits = u128::from(net.network().to_bits());
        let inside = |prefix: u128, shift: u8| {
            let address = Ipv6Addr::from_bits(prefix | bits << shift);
            IpNet::new(address.into(), 96 - shift + net.prefix_len()).unwrap()
        };
        all.push(net.into());
        all.push(inside(0, 0));
        all.push(inside(0xffff << 32, 0));
        all.push(inside(0xffff << 48, 0));
        all.push(inside(0x0064_ff9b << 96, 0));
        all.push(inside(0x2002 << 112, 80));
        all.push(inside(0x2001_0000 << 96, 64));
    }
    all
}

/// Whether a dial to it is a failure. A Teredo client and an ISATAP host stand in no network of their own.
pub(super) fn is_forbidden(forbidden: &[IpNet], address: IpAddr) -> bool {
    let listed = |address: IpAddr| forbidden.iter().any(|net| net.contains(&address));
    let IpAddr::V6(six) = address else {
        return listed(address);
    };
    let bits = six.to_bits();
    let low = u32::try_from(bits & 0xffff_ffff).unwrap();
    let four = |bits: u32| IpAddr::from(Ipv4Addr::from_bits(bits));
    let teredo = bits >> 96 == 0x2001_0000 && listed(four(!low));
    let isatap = matches!(bits >> 32 & 0xffff_ffff, 0x5efe | 0x0200_5efe) && listed(four(low));
    listed(address) || teredo || isatap
}

#[test]
fn the_list_is_what_it_should_be() {
    let nets = forbidden();
    for bad in [
        "127.0.0.1",
        "::ffff:a00:1",
        "2002:a9fe:a9fe::1",
        "2001::1",
        "fe80::1",
        "2001:0:808:808::80ff:fffe",
        "2606:4700::5efe:a00:1",
    ] {
        assert!(is_forbidden(&nets, bad.parse().unwrap()), "{bad}");
    }
    for good in ["8.8.8.8", "2606:4700::1", "64:ff9b::808:808"] {
        assert!(!is_forbidden(&nets, good.parse().unwrap()), "{good}");
    }
}
