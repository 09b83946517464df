//! Limits per address, before anything is known of who calls.

use std::net::{IpAddr, Ipv6Addr};

use mcp_factory_sdk::Rate;

use super::{Exceeded, charge::Account, row_key::RowKeys};

/// Counts what comes from each address: IPv4 by address, IPv6 by its first 64 bits, which one machine
/// has to itself. An IPv4 address written as IPv6 (`::ffff:192.0.2.1`) is the IPv4 address.
///
/// Never shared with replicas: it exists to be cheap.
#[derive(Debug)]
pub struct AddressLimits {
    account: Account,
    keys: RowKeys,
    rate: Option<Rate>,
}

impl AddressLimits {
    /// Keeps at most `tracked` addresses (at least one, at most a million); without a rate everything
    /// is let through and nothing kept.
    pub fn new(tracked: usize, rate: Option<Rate>) -> Self {
        Self {
            account: Account::new(tracked),
            keys: RowKeys::default(),
            rate,
        }
    }

    /// Counts one more from `address`.
    ///
    /// # Errors
    /// When its rate is used up.
    pub fn take(&self, address: IpAddr) -> Result<(), Exceeded> {
        match self.rate {
            Some(rate) => self.account.charge(self.keys.of(&group(address)), rate),
            None => Ok(()),
        }
    }

    /// Whether one more would be refused now. Counts nothing.
    pub fn is_exhausted(&self, address: IpAddr) -> Option<Exceeded> {
        let key = self.keys.of(&group(address));
        self.account.peek(key, self.rate?).err()
    }

    /// How many addresses are kept now.
    pub fn rows(&self) -> usize {
        self.account.rows()
    }
}

/// All addresses that count as one.
fn group(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let network = u128::from(address) >> 64 << 64;
            Ipv6Addr::from(network).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn one_a_second() -> AddressLimits {
        AddressLimits::new(100, Some(Rate::new(1, Duration::from_secs(1))))
    }

    #[tokio::test(start_paused = true)]
    async fn what_belongs_together_is_counted_together() {
        for (first, second, together) in [
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("192.0.2.1", "::ffff:192.0.2.1", true),
            ("::ffff:192.0.2.1", "::ffff:192.0.2.2", false),
            ("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", true),
            ("2001:db8::1", "2001:db8:0:1::1", false),
            ("::1", "::2", true),
            ("::c000:201", "192.0.2.1", false),
        ] {
            let limits = one_a_second();
            assert!(limits.take(ip(first)).is_ok());
            let refused = limits.take(ip(second)).is_err();
            assert_eq!(refused, together, "{first} and {second}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn to_ask_costs_nothing() {
        let limits = one_a_second();
        let address = ip("192.0.2.1");
        assert_eq!(limits.is_exhausted(address), None);
        assert_eq!(limits.rows(), 0);
        assert!(limits.take(address).is_ok());
        let wait = limits.is_exhausted(address).expect("used up").retry_after;
        assert_eq!(wait, Duration::from_secs(1));
        tokio::time::advance(wait).await;
        assert_eq!(limits.is_exhausted(address), None);
        assert!(limits.take(address).is_ok());
    }

    #[test]
    fn without_a_rate_nothing_is_kept() {
        let limits = AddressLimits::new(100, None);
        for _ in 0..100 {
            assert!(limits.take(ip("192.0.2.1")).is_ok());
        }
        assert_eq!(limits.is_exhausted(ip("192.0.2.1")), None);
        assert_eq!(limits.rows(), 0);
    }
}
