//! A million callers, and many addresses, take no more memory than ten thousand.
//!
//! Alone in its program, so that what the process holds is what the limits hold.

use std::{fs, net::IpAddr, net::Ipv6Addr, time::Duration};

use mcp_factory_guard::{AddressLimits, RateLimits};
use mcp_factory_sdk::Rate;

const TRACKED: usize = 10_000;
const RATE: Rate = Rate::new(5, Duration::from_hours(1));

/// Of this process, in KiB.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let words = line.expect("VmRSS").split_whitespace().nth(1);
    words.expect("a number").parse().expect("a number")
}

#[test]
fn a_million_keys() {
    let callers = RateLimits::new(TRACKED, None);
    let addresses = AddressLimits::new(TRACKED, Some(RATE));
    let before = resident();
    let mut most = (0, 0);
    for n in 0..1_000_000_u64 {
        let caller = format!("https://id.example.com/|{n}|{}", "x".repeat(100));
        assert!(callers.take_local(&caller, "tool", RATE).is_ok());
        if n % 10 == 0 {
            let address = Ipv6Addr::from(u128::from(n) << 64);
            assert!(addresses.take(IpAddr::V6(address)).is_ok());
        }
        if n % 10_000 == 0 {
            most = (most.0.max(callers.rows()), most.1.max(addresses.rows()));
        }
    }
    assert!((9_000..=TRACKED).contains(&most.0), "{most:?}");
    assert!((9_000..=TRACKED).contains(&most.1), "{most:?}");
    let grown = resident().saturating_sub(before);
    assert!(grown < 16 << 10, "{grown} KiB");
}
