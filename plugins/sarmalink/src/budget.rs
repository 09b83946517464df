//! The day's budget: money is set aside before an engine is asked and settled when it has answered, so that
//! calls that run at once cannot spend the same dollar twice.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use mcp_factory_sdk::Clock;

use crate::{
    day::{Day, Limits, Over},
    meter::Meter,
    money::Money,
    store::{Kept, Store},
};

const SECONDS_A_DAY: u64 = 86_400;

/// The budget of one plugin.
#[derive(Debug)]
pub(crate) struct Budget {
    limits: Limits,
    clock: Clock,
    day: Mutex<Day>,
    store: Option<Store>,
}

/// What is to be seen of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Balance {
    pub(crate) limit: Option<Money>,
    pub(crate) spent: Money,
    pub(crate) reserved: Money,
    pub(crate) callers: usize,
    pub(crate) until_reset: Duration,
}

impl Budget {
    /// A budget with these limits; `kept` is what the store held.
    pub(crate) fn new(
        limits: Limits,
        clock: Clock,
        store: Option<Store>,
        kept: Option<Kept>,
    ) -> Self {
        let today = clock.unix_now() / SECONDS_A_DAY;
        let day = match kept.filter(|kept| kept.day >= today) {
            Some(kept) => Day::new(kept.day, kept.spent()),
            None => Day::new(today, Money::default()),
        };
        Self {
            limits,
            clock,
            day: Mutex::new(day),
            store,
        }
    }

    /// The ledger of today.
    fn today(&self) -> MutexGuard<'_, Day> {
        let mut day = self.day.lock().unwrap_or_else(PoisonError::into_inner);
        day.turn(self.clock.unix_now() / SECONDS_A_DAY);
        day
    }

    /// Sets aside what the meter may come to at most.
    pub(crate) async fn reserve(
        self: &Arc<Self>,
        caller: &str,
        meter: Meter,
    ) -> Result<Reservation, Over> {
        let amount = meter.at_most();
        let owner = self.today().reserve(self.limits, caller, amount)?;
        let reservation = Reservation {
            budget: Arc::clone(self),
            owner,
            amount,
            meter,
        };
        // Before the money is spent: a server that is killed must not forget it.
        self.keep().await;
        Ok(reservation)
    }

    /// What is spent, set aside and left.
    pub(crate) fn balance(&self) -> Balance {
        let day = self.today();
        let into_day = self.clock.unix_now() % SECONDS_A_DAY;
        Balance {
            limit: self.limits.total,
            spent: day.spent(),
            reserved: day.reserved(),
            callers: day.callers(),
            until_reset: Duration::from_secs(SECONDS_A_DAY - into_day),
        }
    }

    /// Writes the state down, if there is a file for it. A full disk does not stop the calls: it is logged.
    pub(crate) async fn keep(self: &Arc<Self>) {
        if self.store.is_none() {
            return;
        }
        let budget = Arc::clone(self);
        let written = tokio::task::spawn_blocking(move || budget.write()).await;
        if let Ok(Err(error)) = written {
            tracing::error!(%error, "the day's spending could not be written to `state`");
        }
    }

    fn write(&self) -> std::io::Result<()> {
        let Some(store) = &self.store else {
            return Ok(());
        };
        store.write(|| {
            let day = self.today();
            // What is set aside counts as spent until it is settled.
            Kept::new(day.number(), day.spent().plus(day.reserved()))
        })
    }
}

/// Money set aside for one attempt, and the meter that runs on it. Dropped when the attempt ends in any way
/// (a cancelled call too), it books what the meter shows.
#[derive(Debug)]
pub(crate) struct Reservation {
    budget: Arc<Budget>,
    owner: String,
    amount: Money,
    pub(crate) meter: Meter,
}

impl Reservation {
    /// Books what the meter shows, writes it down, and returns it.
    pub(crate) async fn settle(self) -> Meter {
        let (budget, meter) = (Arc::clone(&self.budget), self.meter.clone());
        drop(self);
        budget.keep().await;
        meter
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let cost = self.meter.cost();
        self.budget.today().settle(&self.owner, self.amount, cost);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Price;

    /// A meter that may come to about ten dollars.
    fn meter() -> Meter {
        Meter::new(Price::per_million(0.0, 10.0), 0, 0, 1_000_000)
    }

    fn budget(usd: f64, clock: Clock) -> Arc<Budget> {
        let total = Some(Money::from_usd(usd));
        let limits = Limits {
            total,
            caller: None,
        };
        Arc::new(Budget::new(limits, clock, None, None))
    }

    fn bill(reservation: &mut Reservation, tokens: u64) {
        reservation.meter.count(Some(0), Some(tokens));
    }

    #[tokio::test]
    async fn calls_at_once_do_not_spend_the_same_dollar() {
        let budget = budget(100.0, Clock::system());
        let calls = (0..50).map(|_| {
            let budget = Arc::clone(&budget);
            tokio::spawn(async move {
                let mut reservation = budget.reserve("ann", meter()).await.ok()?;
                tokio::task::yield_now().await;
                bill(&mut reservation, 1_000_000);
                reservation.settle().await;
                Some(())
            })
        });
        let mut ran = 0;
        for call in calls.collect::<Vec<_>>() {
            ran += usize::from(call.await.expect("no panic").is_some());
        }
        assert_eq!(ran, 10, "ten times ten dollars");
        let balance = budget.balance();
        assert_eq!(
            (balance.spent, balance.reserved),
            (Money::from_usd(100.0), Money(0))
        );
    }

    #[tokio::test(start_paused = true)]
    async fn midnight_in_greenwich_begins_anew() {
        let one_minute_left = 20_000 * SECONDS_A_DAY - 60;
        let budget = budget(10.0, Clock::following(one_minute_left));
        let mut reservation = budget.reserve("ann", meter()).await.expect("room");
        bill(&mut reservation, 1_000_000);
        drop(reservation);
        assert_eq!(
            budget.reserve("ann", meter()).await.err(),
            Some(Over::Total)
        );
        assert_eq!(budget.balance().until_reset, Duration::from_mins(1));
        tokio::time::advance(Duration::from_secs(59)).await;
        assert!(budget.reserve("ann", meter()).await.is_err());
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(budget.reserve("ann", meter()).await.is_ok());
        assert_eq!(budget.balance().spent, Money(0));
    }

    #[tokio::test]
    async fn a_restart_remembers_what_a_file_keeps() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("spent");
        let limits = Limits {
            total: Some(Money::from_usd(15.0)),
            caller: None,
        };
        let open = |clock| {
            let (store, kept) = Store::open(&path).expect("opened");
            Arc::new(Budget::new(limits, clock, Some(store), kept))
        };
        let first = open(Clock::system());
        let reservation = first.reserve("ann", meter()).await.expect("room");
        // Killed here: what was set aside is lost money.
        std::mem::forget(reservation);
        let second = {
            // The lock of a killed server goes with it; this one is only forgotten, so go around it.
            let other = folder.path().join("copy");
            std::fs::copy(&path, &other).expect("copied");
            let (store, kept) = Store::open(&other).expect("opened");
            Arc::new(Budget::new(limits, Clock::system(), Some(store), kept))
        };
        assert_eq!(second.balance().spent, Money::from_usd(10.0));
        assert!(second.reserve("ann", meter()).await.is_err());
        // On the next day the file is old.
        drop(second);
        let (_, kept) = Store::open(&folder.path().join("copy")).expect("opened");
        let tomorrow = Clock::following(Clock::system().unix_now() + SECONDS_A_DAY);
        let third = Budget::new(limits, tomorrow, None, kept);
        assert_eq!(third.balance().spent, Money(0));
    }
}
