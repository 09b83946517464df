//! The gate's memory in a server that runs as one process. A restart forgets it: everything is locked
//! then, and wrong codes and used ones are forgotten too.
//!
//! What an attacker gains by filling it: nothing. A row of `open` costs a good code; the one that would
//! close first makes room, and closing is safe. A row of `tries` costs a wrong code, of which a group
//! takes no more than its limit per lock-out; a group over it refuses everybody, and should the table
//! be full all the same, a caller that is not in it is refused unheard. No row of it is given up early.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::store::{Found, STEP_KEPT, Settled, Terms};

/// The most rows of each table: some 500 KiB.
const ROWS: usize = 10_000;

/// A caller and a group; of one size however long their names are.
type Row = [u8; 32];

#[derive(Debug)]
pub(super) struct Local {
    state: Mutex<State>,
    rows: usize,
}

#[derive(Debug, Default)]
struct State {
    /// When each closes.
    open: HashMap<Row, Instant>,
    /// Wrong codes of a caller for a group.
    tries: HashMap<Row, Tries>,
    /// At most as many as are configured.
    groups: HashMap<String, Group>,
}

#[derive(Debug, Default)]
struct Group {
    tries: Option<Tries>,
    /// The last accepted step, and until when that matters.
    accepted: Option<(u64, Instant)>,
}

/// Wrong codes, and until when they count.
#[derive(Clone, Copy, Debug)]
struct Tries {
    wrong: u32,
    until: Instant,
}

impl Tries {
    /// How long there is a lock-out, if there is one.
    fn lockout(self, allowed: u32, now: Instant) -> Option<Duration> {
        (self.wrong >= allowed && self.until > now).then(|| self.until - now)
    }
}

impl Local {
    pub(super) fn new() -> Self {
        Self::with_rows(ROWS)
    }

    fn with_rows(rows: usize) -> Self {
        Self {
            state: Mutex::default(),
            rows,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics half-way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn settle(
        &self,
        caller: &str,
        group: &str,
        step: Option<u64>,
        terms: &Terms,
    ) -> Settled {
        let row = row(caller, group);
        let now = Instant::now();
        let mut state = self.state();
        if let Some(time) = state.locked_out(&row, group, terms, now) {
            return Settled::LockedOut(time);
        }
        if state.tries.len() >= self.rows && !state.tries.contains_key(&row) {
            state.tries.retain(|_, tries| tries.until > now);
            if state.tries.len() >= self.rows {
                return Settled::LockedOut(terms.lockout);
            }
        }
        let Some(step) = step else {
            return Settled::Wrong(state.count_wrong(row, group, terms, now));
        };
        if !state.group(group).accept(step, now) {
            return Settled::Reused;
        }
        state.tries.remove(&row);
        state.open(row, now + terms.inactivity, self.rows, now);
        Settled::Opened
    }

    pub(super) fn touch(&self, caller: &str, group: &str, inactivity: Duration) -> bool {
        let row = row(caller, group);
        let now = Instant::now();
        let mut state = self.state();
        match state.open.get_mut(&row) {
            Some(closes) if *closes > now => {
                *closes = now + inactivity;
                true
            }
            Some(_) => {
                state.open.remove(&row);
                false
            }
            None => false,
        }
    }

    pub(super) fn look(&self, caller: &str, group: &str, terms: &Terms) -> Found {
        let row = row(caller, group);
        let now = Instant::now();
        let mut state = self.state();
        let closes = state.open.get(&row).copied();
        Found {
            closes_in: closes
                .map(|closes| closes.saturating_duration_since(now))
                .filter(|time| !time.is_zero()),
            locked_out: state.locked_out(&row, group, terms, now),
        }
    }

    pub(super) fn lock(&self, caller: &str, groups: &[&str]) {
        let mut state = self.state();
        for group in groups {
            state.open.remove(&row(caller, group));
        }
    }

    pub(super) fn lock_everyone(&self) {
        self.state().open.clear();
    }
}

impl State {
    fn group(&mut self, group: &str) -> &mut Group {
        // `entry` would copy the name each time.
        if !self.groups.contains_key(group) {
            self.groups.insert(group.to_owned(), Group::default());
        }
        self.groups
            .get_mut(group)
            .expect("it was there or has just been put there")
    }

    fn locked_out(
        &mut self,
        row: &Row,
        group: &str,
        terms: &Terms,
        now: Instant,
    ) -> Option<Duration> {
        let mine = self.tries.get(row).copied();
        let all = self.group(group).tries;
        mine.and_then(|tries| tries.lockout(terms.attempts, now))
            .max(all.and_then(|tries| tries.lockout(terms.group_attempts, now)))
    }

    /// Counts a wrong code; how many more there may be.
    fn count_wrong(&mut self, row: Row, group: &str, terms: &Terms, now: Instant) -> u32 {
        let live = |tries: &Tries| tries.until > now;
        let until = now + terms.lockout;
        let wrong = self
            .tries
            .get(&row)
            .filter(|tries| live(tries))
            .map_or(1, |tries| tries.wrong + 1);
        self.tries.insert(row, Tries { wrong, until });
        // Of all callers: so many in each time that starts with a wrong code, or the next is a lock-out.
        let group = self.group(group);
        let all = match group.tries.filter(live) {
            Some(tries) if tries.wrong + 1 < terms.group_attempts => Tries {
                wrong: tries.wrong + 1,
                until: tries.until,
            },
            Some(tries) => Tries {
                wrong: tries.wrong + 1,
                until,
            },
            None => Tries { wrong: 1, until },
        };
        group.tries = Some(all);
        terms
            .attempts
            .saturating_sub(wrong)
            .min(terms.group_attempts.saturating_sub(all.wrong))
    }

    fn open(&mut self, row: Row, closes: Instant, rows: usize, now: Instant) {
        if self.open.len() >= rows && !self.open.contains_key(&row) {
            self.open.retain(|_, closes| *closes > now);
            if self.open.len() >= rows {
                let first = self.open.iter().min_by_key(|(_, closes)| **closes);
                if let Some(first) = first.map(|(row, _)| *row) {
                    self.open.remove(&first);
                }
            }
        }
        self.open.insert(row, closes);
    }
}

impl Group {
    /// Whether the step comes after every accepted one; if so it is the last.
    fn accept(&mut self, step: u64, now: Instant) -> bool {
        let is_used = self
            .accepted
            .is_some_and(|(last, until)| step <= last && until > now);
        if !is_used {
            self.accepted = Some((step, now + STEP_KEPT));
        }
        !is_used
    }
}

fn row(caller: &str, group: &str) -> Row {
    let mut hash = Sha256::new();
    hash.update((group.len() as u64).to_le_bytes());
    hash.update(group);
    hash.update(caller);
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: Terms = Terms {
        attempts: 5,
        group_attempts: 50,
        lockout: Duration::from_mins(15),
        inactivity: Duration::from_hours(2),
    };

    #[tokio::test(start_paused = true)]
    async fn a_full_table_of_tries_refuses_strangers_and_forgets_nobody() {
        let local = Local::with_rows(2);
        for _ in 0..5 {
            local.settle("ann", "shell", None, &TERMS);
        }
        assert_eq!(
            local.settle("bob", "shell", None, &TERMS),
            Settled::Wrong(4)
        );
        // Neither a wrong code nor a right one of somebody new is heard.
        for step in [None, Some(7)] {
            assert_eq!(
                local.settle("eve", "shell", step, &TERMS),
                Settled::LockedOut(TERMS.lockout)
            );
        }
        assert!(!local.touch("eve", "shell", TERMS.inactivity));
        assert!(matches!(
            local.settle("ann", "shell", Some(7), &TERMS),
            Settled::LockedOut(_)
        ));
        assert_eq!(
            local.settle("bob", "shell", Some(7), &TERMS),
            Settled::Opened
        );
        tokio::time::advance(TERMS.lockout).await;
        assert_eq!(
            local.settle("eve", "shell", None, &TERMS),
            Settled::Wrong(4)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_table_of_open_groups_closes_the_one_unused_for_longest() {
        let local = Local::with_rows(2);
        let minute = Duration::from_mins(1);
        for (step, caller) in (1..).zip(["ann", "bob"]) {
            local.settle(caller, "shell", Some(step), &TERMS);
            tokio::time::advance(minute).await;
        }
        assert!(local.touch("ann", "shell", TERMS.inactivity));
        assert_eq!(
            local.settle("eve", "shell", Some(3), &TERMS),
            Settled::Opened
        );
        let open = |caller| local.look(caller, "shell", &TERMS).closes_in.is_some();
        assert_eq!(["ann", "bob", "eve"].map(open), [true, false, true]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_table_never_grows_over_its_limit() {
        let local = Local::with_rows(8);
        for number in 0..100 {
            local.settle(&number.to_string(), "shell", Some(number), &TERMS);
            local.settle(&number.to_string(), "shell", None, &TERMS);
        }
        let state = local.state();
        assert_eq!((state.open.len(), state.tries.len()), (8, 8));
    }

    #[test]
    fn no_two_pairs_share_a_row() {
        assert_ne!(row("b", "a"), row("ab", ""));
        assert_ne!(row("bc", "a"), row("c", "ab"));
    }
}
