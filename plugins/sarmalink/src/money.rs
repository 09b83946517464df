//! Money that adds up: whole picodollars, so that no sum depends on its order.

use std::iter::Sum;

/// An amount in millionths of a millionth of a US dollar. Sums stop at the top instead of wrapping.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Money(pub(crate) u64);

const PER_DOLLAR: f64 = 1e12;

impl Money {
    /// The amount in dollars; what is negative or no number is nothing.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates at both ends, which is what is wanted"
    )]
    pub(crate) fn from_usd(usd: f64) -> Self {
        Self((usd * PER_DOLLAR).round() as u64)
    }

    /// In dollars, for people.
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    pub(crate) fn usd(self) -> f64 {
        self.0 as f64 / PER_DOLLAR
    }

    pub(crate) const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    pub(crate) const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::default(), Self::plus)
    }
}

/// What an engine asks for one token each way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Price {
    sent: Money,
    received: Money,
}

impl Price {
    /// From USD per million tokens.
    pub(crate) fn per_million(sent: f64, received: f64) -> Self {
        Self {
            sent: Money::from_usd(sent / 1e6),
            received: Money::from_usd(received / 1e6),
        }
    }

    /// What so many tokens cost.
    pub(crate) const fn of(self, sent: u64, received: u64) -> Money {
        Money(self.sent.0.saturating_mul(sent))
            .plus(Money(self.received.0.saturating_mul(received)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_list_becomes_a_bill() {
        let price = Price::per_million(2.5, 10.0);
        assert_eq!(price.of(1_000_000, 0), Money::from_usd(2.5));
        assert_eq!(price.of(400, 100), Money::from_usd(0.002));
        // The smallest price of any list still counts.
        assert!(Price::per_million(0.000_001, 0.0).of(1, 0) > Money::default());
    }

    #[test]
    fn nothing_wraps() {
        let most = Money(u64::MAX);
        assert_eq!(most.plus(Money(1)), most);
        assert_eq!(Money(1).minus(Money(2)), Money(0));
        assert_eq!(Price::per_million(1e9, 0.0).of(u64::MAX, 1), most);
        assert_eq!(Money::from_usd(-1.0), Money(0));
        assert_eq!(Money::from_usd(f64::NAN), Money(0));
    }
}
