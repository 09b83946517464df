//! The ledger of one day: what was spent and what is set aside, in all and for each caller.
//!
//! Pure bookkeeping: the lock, the file and the clock are in `budget.rs`.

use std::collections::HashMap;

use crate::money::Money;

/// How many callers have a purse of their own; those beyond share one.
const CALLERS: usize = 10_000;

/// Whose purse the callers beyond [`CALLERS`] share; no caller's key is empty.
const OTHERS: &str = "";

/// What may be spent in a day.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Limits {
    pub(crate) total: Option<Money>,
    pub(crate) caller: Option<Money>,
}

/// Which of the limits is in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    Total,
    Caller,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Purse {
    spent: Money,
    reserved: Money,
}

impl Purse {
    fn has_room(self, amount: Money, limit: Option<Money>) -> bool {
        limit.is_none_or(|limit| self.spent.plus(self.reserved).plus(amount) <= limit)
    }
}

/// The ledger.
#[derive(Debug, Default)]
pub(crate) struct Day {
    number: u64,
    total: Purse,
    callers: HashMap<String, Purse>,
}

impl Day {
    /// A day, in days since 1970, on which so much is spent already.
    pub(crate) fn new(number: u64, spent: Money) -> Self {
        let mut day = Self {
            number,
            ..Self::default()
        };
        day.total.spent = spent;
        day
    }

    pub(crate) const fn number(&self) -> u64 {
        self.number
    }

    pub(crate) const fn spent(&self) -> Money {
        self.total.spent
    }

    pub(crate) const fn reserved(&self) -> Money {
        self.total.reserved
    }

    pub(crate) fn callers(&self) -> usize {
        self.callers.len()
    }

    /// Begins a new day if it is one. What is set aside belongs to calls that still run, so it stays; they
    /// are booked on the day they end. A clock that was set back begins nothing.
    pub(crate) fn turn(&mut self, today: u64) {
        if today <= self.number {
            return;
        }
        self.number = today;
        self.total.spent = Money::default();
        self.callers.retain(|_, purse| {
            purse.spent = Money::default();
            purse.reserved > Money::default()
        });
    }

    /// Sets money aside, or says which limit is in the way. Returns whose purse it came from.
    pub(crate) fn reserve(
        &mut self,
        limits: Limits,
        caller: &str,
        amount: Money,
    ) -> Result<String, Over> {
        if !self.total.has_room(amount, limits.total) {
            return Err(Over::Total);
        }
        let is_known = self.callers.contains_key(caller);
        let owner = if is_known || self.callers.len() < CALLERS {
            caller
        } else {
            OTHERS
        };
        let purse = self.callers.get(owner).copied().unwrap_or_default();
        if !purse.has_room(amount, limits.caller) {
            return Err(Over::Caller);
        }
        if limits.caller.is_some() {
            let purse = self.callers.entry(owner.to_owned()).or_default();
            purse.reserved = purse.reserved.plus(amount);
        }
        self.total.reserved = self.total.reserved.plus(amount);
        Ok(owner.to_owned())
    }

    /// Gives back what was set aside and books what it really cost.
    pub(crate) fn settle(&mut self, owner: &str, reserved: Money, cost: Money) {
        let settle = |purse: &mut Purse| {
            purse.reserved = purse.reserved.minus(reserved);
            purse.spent = purse.spent.plus(cost);
        };
        settle(&mut self.total);
        if let Some(purse) = self.callers.get_mut(owner) {
            settle(purse);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn limits(total: u64, caller: u64) -> Limits {
        Limits {
            total: Some(Money(total)),
            caller: Some(Money(caller)),
        }
    }

    #[test]
    fn a_limit_includes_its_end_and_what_is_set_aside() {
        let mut day = Day::new(1, Money(40));
        let limits = limits(100, 1_000);
        let owner = day.reserve(limits, "ann", Money(60)).expect("room");
        assert_eq!(day.reserve(limits, "bob", Money(1)), Err(Over::Total));
        day.settle(&owner, Money(60), Money(10));
        assert_eq!((day.spent(), day.reserved()), (Money(50), Money(0)));
        assert!(day.reserve(limits, "bob", Money(50)).is_ok());
    }

    #[test]
    fn one_caller_cannot_spend_the_share_of_another() {
        let mut day = Day::new(1, Money(0));
        let limits = limits(100, 30);
        assert!(day.reserve(limits, "ann", Money(30)).is_ok());
        assert_eq!(day.reserve(limits, "ann", Money(1)), Err(Over::Caller));
        assert!(day.reserve(limits, "bob", Money(30)).is_ok());
    }

    #[test]
    fn callers_beyond_the_table_share_a_purse() {
        let mut day = Day::new(1, Money(0));
        let limits = limits(u64::MAX, 10);
        for number in 0..CALLERS {
            day.reserve(limits, &format!("caller {number}"), Money(1))
                .expect("room");
        }
        assert!(day.reserve(limits, "one more", Money(10)).is_ok());
        assert_eq!(
            day.reserve(limits, "and another", Money(1)),
            Err(Over::Caller)
        );
        assert!(day.reserve(limits, "caller 7", Money(9)).is_ok());
        assert_eq!(day.callers(), CALLERS + 1);
    }

    #[test]
    fn midnight_forgets_what_was_spent_and_keeps_what_is_set_aside() {
        let mut day = Day::new(1, Money(0));
        let limits = limits(100, 100);
        let ann = day.reserve(limits, "ann", Money(60)).expect("room");
        let bob = day.reserve(limits, "bob", Money(40)).expect("room");
        day.settle(&bob, Money(40), Money(40));
        day.turn(0);
        assert_eq!(day.spent(), Money(40), "a clock set back begins no day");
        day.turn(2);
        assert_eq!(
            (day.spent(), day.reserved(), day.callers()),
            (Money(0), Money(60), 1)
        );
        day.settle(&ann, Money(60), Money(50));
        assert_eq!((day.spent(), day.reserved()), (Money(50), Money(0)));
    }

    proptest! {
        /// Whatever is reserved, settled and forgotten in whatever order: nobody gets past a limit by
        /// reserving, and in the end nothing stays set aside.
        #[test]
        fn the_books_balance(steps in prop::collection::vec((0..4_u8, 0..60_u64, 0..60_u64, any::<bool>()), 1..200)) {
            let limits = limits(200, 100);
            let mut day = Day::new(1, Money(0));
            let mut open: Vec<(String, Money)> = Vec::new();
            let mut booked = 0;
            for (who, amount, cost, is_reservation) in steps {
                if is_reservation || open.is_empty() {
                    let spent = day.spent().plus(day.reserved());
                    match day.reserve(limits, &format!("caller {who}"), Money(amount)) {
                        Ok(owner) => {
                            prop_assert!(spent.plus(Money(amount)) <= Money(200));
                            open.push((owner, Money(amount)));
                        }
                        Err(Over::Total) => prop_assert!(spent.plus(Money(amount)) > Money(200)),
                        Err(Over::Caller) => {}
                    }
                } else {
                    let (owner, reserved) = open.swap_remove(0);
                    day.settle(&owner, reserved, Money(cost));
                    booked += cost;
                }
            }
            for (owner, reserved) in open {
                day.settle(&owner, reserved, Money(0));
            }
            prop_assert_eq!(day.reserved(), Money(0));
            prop_assert_eq!(day.spent(), Money(booked));
            let callers: Money = day.callers.values().map(|purse| purse.spent).sum();
            prop_assert_eq!(callers, day.spent());
        }
    }
}
