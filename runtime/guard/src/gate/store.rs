//! What the gate remembers: what is open, which codes were used, how many were wrong.
//!
//! In the room: the questions. They are answered by this process alone (`local`) or by the Redis that it
//! shares with its replicas (`replicated`), and mean the same in both; one set of tests runs over both.

use std::time::Duration;

use super::{local::Local, replicated::Replicated};
use crate::Unavailable;

/// How long the last accepted step is kept: a code of it is good for at most 90 seconds, and clocks that
/// are set back by less than this make no old code good again.
pub(super) const STEP_KEPT: Duration = Duration::from_hours(1);

/// What is allowed for a group.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    /// Wrong codes of one caller.
    pub(super) attempts: u32,
    /// Wrong codes of all callers.
    pub(super) group_attempts: u32,
    /// How long a lock-out lasts, and how long a wrong code counts.
    pub(super) lockout: Duration,
    /// How long the group stays open unused.
    pub(super) inactivity: Duration,
}

/// What came of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Settled {
    /// It was good: the group is open.
    Opened,
    /// It was wrong; so many more may be.
    Wrong(u32),
    /// It was good, once.
    Reused,
    /// It was not looked at, and will not be for so long.
    LockedOut(Duration),
}

/// How one caller finds one group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// Open, for so long unless used.
    pub(super) closes_in: Option<Duration>,
    /// Locked out, for so long.
    pub(super) locked_out: Option<Duration>,
}

/// Where it is remembered.
#[derive(Debug)]
pub(super) enum Store {
    Local(Local),
    Replicated(Replicated),
}

impl Store {
    /// Judges a code in one step: `step` is the one it belongs to, `None` when it belongs to none.
    ///
    /// Lock-outs come first, so that a right code tells nothing then; a wrong code is counted for the
    /// caller and for the group; a step is accepted when it is later than every accepted one.
    pub(super) async fn settle(
        &self,
        caller: &str,
        group: &str,
        step: Option<u64>,
        terms: &Terms,
    ) -> Result<Settled, Unavailable> {
        match self {
            Self::Local(local) => Ok(local.settle(caller, group, step, terms)),
            Self::Replicated(replicated) => replicated.settle(caller, group, step, terms).await,
        }
    }

    /// Whether the group is open for the caller; if so, its time starts anew.
    pub(super) async fn touch(
        &self,
        caller: &str,
        group: &str,
        inactivity: Duration,
    ) -> Result<bool, Unavailable> {
        match self {
            Self::Local(local) => Ok(local.touch(caller, group, inactivity)),
            Self::Replicated(replicated) => replicated.touch(caller, group, inactivity).await,
        }
    }

    /// How the caller finds the group; changes nothing.
    pub(super) async fn look(
        &self,
        caller: &str,
        group: &str,
        terms: &Terms,
    ) -> Result<Found, Unavailable> {
        match self {
            Self::Local(local) => Ok(local.look(caller, group, terms)),
            Self::Replicated(replicated) => replicated.look(caller, group, terms).await,
        }
    }

    /// Closes these groups for the caller. Lock-outs stay.
    pub(super) async fn lock(&self, caller: &str, groups: &[&str]) -> Result<(), Unavailable> {
        match self {
            Self::Local(local) => local.lock(caller, groups),
            Self::Replicated(replicated) => return replicated.lock(caller, groups).await,
        }
        Ok(())
    }

    /// Closes every group for every caller. Lock-outs stay.
    pub(super) async fn lock_everyone(&self) -> Result<(), Unavailable> {
        match self {
            Self::Local(local) => local.lock_everyone(),
            Self::Replicated(replicated) => return replicated.lock_everyone().await,
        }
        Ok(())
    }
}
