//! URLs as attackers write them, and what their name servers say.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};
use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;

use super::networks::{PRIVATE_4, PRIVATE_6};

fn one_of(rng: &mut StdRng, texts: &[&'static str]) -> &'static str {
    texts.choose(rng).unwrap()
}

fn any_4(rng: &mut StdRng) -> Ipv4Addr {
    if rng.random_bool(0.4) {
        return Ipv4Addr::from_bits(rng.random());
    }
    let net: Ipv4Net = one_of(rng, PRIVATE_4).parse().unwrap();
    let room = net.hostmask().to_bits();
    Ipv4Addr::from_bits(net.network().to_bits() | rng.random::<u32>() & room)
}

/// Any address: plain, or inside of a tunnel.
fn any_address(rng: &mut StdRng) -> IpAddr {
    let four = any_4(rng);
    let low = u128::from(four.to_bits());
    let bits = match rng.random_range(0..12) {
        0..=3 => return four.into(),
        4 => low,
        5 => 0xffff << 32 | low,
        6 => 0x0064_ff9b << 96 | low,
        7 => 0x2002 << 112 | low << 80 | 1,
        8 => 0x2001_0000 << 96 | 0x0808_0808 << 64 | (low ^ 0xffff_ffff),
        9 => 0x2606_4700 << 96 | 0x5efe << 32 | low,
        10 => {
            let net: Ipv6Net = one_of(rng, PRIVATE_6).parse().unwrap();
            let room = net.hostmask().to_bits();
            net.network().to_bits() | rng.random::<u128>() & room
        }
        _ => 0x2000 << 112 | rng.random::<u128>() >> 3,
    };
    Ipv6Addr::from_bits(bits).into()
}

/// An IPv4 address in one of the spellings that have fooled filters.
fn spelled(rng: &mut StdRng, address: Ipv4Addr) -> String {
    let [a, b, c, d] = address.octets();
    let whole = address.to_bits();
    let wide = |letter: char| match letter.to_digit(10) {
        Some(digit) => char::from_u32(u32::from('０') + digit).unwrap(),
        None => '。',
    };
    let text = address.to_string();
    match rng.random_range(0..14) {
        0 => text,
        1 => format!("{whole}"),
        2 => format!("{whole:#x}"),
        3 => format!("0{whole:o}"),
        4 => format!("{a:#x}.{b:#x}.{c:#x}.{d:#x}"),
        5 => format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
        6 => format!("{a}.{}", whole & 0x00ff_ffff),
        7 => format!("{a}.{b}.{}", whole & 0xffff),
        8 => format!("0X{a:x}.{b}.0{c:o}.{d}"),
        9 => format!("{text}."),
        10 => text.chars().map(wide).collect(),
        11 => text
            .bytes()
            .fold(String::new(), |text, byte| format!("{text}%{byte:02x}")),
        12 => format!("{text}.nip.example"),
        _ => format!("[::ffff:{text}]"),
    }
}

const NAMES: &[&str] = &[
    "localhost",
    "LOCALHOST.",
    "a.localhost",
    "ⓛocalhost",
    "localhost%00.example",
    "bücher.example",
    "xn--bcher-kva.example",
    "ⓔxample。com",
    "a_b.example",
    "-.example",
    "ß.example",
    "a..example",
];

fn host(rng: &mut StdRng) -> String {
    let four = any_4(rng);
    match rng.random_range(0..14) {
        0..=4 => spelled(rng, four),
        5 | 6 => match any_address(rng) {
            IpAddr::V4(four) => spelled(rng, four),
            IpAddr::V6(six) => format!("[{six}]"),
        },
        7 => one_of(
            rng,
            &["[fe80::1%25eth0]", "[fe80::1%1]", "[::1%25lo]", "[v1.a]"],
        )
        .to_owned(),
        8 => one_of(rng, NAMES).to_owned(),
        _ => format!(
            "a{}.example{}",
            rng.random_range(0..1000),
            one_of(rng, &["", "."])
        ),
    }
}

const SCHEMES: &[&str] = &[
    "http", "http", "http", "http", "https", "https", "HtTp", "ftp", "file", "gopher", "ws",
];
const SLASHES: &[&str] = &[
    "://", "://", "://", "://", ":", ":/", ":///", ":\\\\", "://\t",
];
const BEFORE: &[&str] = &[
    "",
    "",
    "",
    "",
    "",
    "",
    "a@",
    "a:b@",
    "public.example@",
    "public.example\\@",
    "8.8.8.8#@",
    "8.8.8.8?@",
    "@@",
    "%40",
];
const PORTS: &[&str] = &[
    "", "", "", "", ":80", ":443", ":", ":0", ":22", ":6379", ":65536", ":080", ":８０",
];
const PATHS: &[&str] = &[
    "/",
    "",
    "/a",
    "?q",
    "#f",
    "\\@8.8.8.8/",
    "/../..//10.0.0.1/",
    "/ü b",
];

/// The text of a URL, or of something near one.
pub(super) fn url(rng: &mut StdRng) -> String {
    let mut text = String::new();
    for part in [SCHEMES, SLASHES, BEFORE] {
        text.push_str(one_of(rng, part));
    }
    text.push_str(&host(rng));
    for part in [PORTS, PATHS] {
        text.push_str(one_of(rng, part));
    }
    text
}

/// Look-up by look-up: public, private, mixed, none, or first one and then the other.
pub(super) fn answers(rng: &mut StdRng) -> Vec<Vec<IpAddr>> {
    let lookups = rng.random_range(1..4);
    let one = |rng: &mut StdRng| {
        let many = rng.random_range(0..5);
        (0..many).map(|_| any_address(rng)).collect()
    };
    (0..lookups).map(|_| one(rng)).collect()
}
