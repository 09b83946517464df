//! A second factor in front of tools: `#[tool(gate = "shell")]`.
//!
//! Every group of tools is locked until a caller enters the current code of an authenticator app
//! (RFC 6238), and again when the caller has used none of them for a while. In the room: opening,
//! passing, closing. Not here: who the caller is, and calling [`pass`](Gates::pass) before a tool runs.
//!
//! Decided: **A code opens once, for one caller.** Whoever sees a code that was used, in a log or over a
//! shoulder, cannot use it under any name: of a group only codes later than the last accepted one are
//! good. So two people who open one group within the same 30 seconds take turns. **Guessing stops.**
//! Five wrong codes lock one caller out, fifty lock everybody out; that some can keep others from opening a
//! group is the price, and what is open stays so. **In doubt it is locked**: an unknown group, a secret
//! that cannot be read, a Redis that does not answer.

mod answer;
mod config;
mod local;
mod plugin;
mod replicated;
mod seed;
mod source;
mod store;

use std::{collections::BTreeMap, sync::Arc};

pub use self::{
    answer::{Closed, GroupStatus, NotLocked, NotOpened, Opened},
    config::{GateConfig, GroupConfig},
    plugin::{GatePlugin, PLUGIN as GATE_PLUGIN},
};
use self::{
    local::Local,
    replicated::Replicated,
    seed::{Code, Seed},
    source::SeedSource,
    store::{Settled, Store, Terms},
};
use crate::{Clock, Problem, Shared};

/// The gates of a server. Callers are known by [`Principal::key`](mcp_factory_sdk::Principal::key).
#[derive(Debug)]
pub struct Gates {
    groups: BTreeMap<String, Group>,
    store: Store,
    clock: Clock,
}

#[derive(Debug)]
struct Group {
    source: SeedSource,
    terms: Terms,
}

impl Gates {
    /// All gates, locked. `groups` are those that the server's tools name. Reads every secret once, so it
    /// may block for a moment: for the start of a server.
    ///
    /// With `shared`, everything is kept in that Redis, and replicas are all that have its prefix and the
    /// name `server`: let nothing with other secrets be one of them. Without, it is kept in this process.
    ///
    /// # Errors
    /// Everything wrong with the configuration, a group that tools name and it does not among it.
    pub fn new(
        server: &str,
        config: &GateConfig,
        groups: &[&str],
        shared: Option<Arc<Shared>>,
        clock: Clock,
    ) -> Result<Self, Vec<Problem>> {
        let mut problems = config.problems(groups);
        let mut seeds: Vec<(&str, Arc<Seed>)> = Vec::new();
        let mut gates = BTreeMap::new();
        for (name, group) in &config.groups {
            let problem = |message| Problem::new(format!("groups.{name}.secret"), message);
            let (source, seed) = match SeedSource::new(&group.secret) {
                Ok(read) => read,
                Err(error) => {
                    problems.push(problem(error.to_string()));
                    continue;
                }
            };
            if let Some((other, _)) = seeds.iter().find(|(_, other)| other.is_same(&seed)) {
                problems.push(problem(format!(
                    "it is the secret of `{other}` too, so one code would open both; give each its own"
                )));
            }
            seeds.push((name, seed));
            let terms = Terms {
                attempts: config.attempts,
                group_attempts: config.group_attempts,
                lockout: config.lockout,
                inactivity: group.inactivity,
            };
            gates.insert(name.clone(), Group { source, terms });
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let store = match shared {
            Some(shared) => Store::Replicated(Replicated::new(server, shared)),
            None => Store::Local(Local::new()),
        };
        Ok(Self {
            groups: gates,
            store,
            clock,
        })
    }

    /// Whether the caller may run a tool of the group; if so, the group's time starts anew for it.
    ///
    /// # Errors
    /// Why not.
    pub async fn pass(&self, caller: &str, group: &str) -> Result<(), Closed> {
        let locked = || Closed::Locked {
            group: group.to_owned(),
        };
        let inactivity = self.groups.get(group).ok_or_else(locked)?.terms.inactivity;
        match self.store.touch(caller, group, inactivity).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(locked()),
            Err(crate::Unavailable) => Err(Closed::Unavailable),
        }
    }

    /// Opens the group for the caller, if `code` is the authenticator's present one, give or take 30 seconds.
    ///
    /// # Errors
    /// Why not.
    pub async fn unlock(&self, caller: &str, group: &str, code: &str) -> Result<Opened, NotOpened> {
        let Group { source, terms } = self.groups.get(group).ok_or(NotOpened::UnknownGroup)?;
        let code = Code::parse(code).ok_or(NotOpened::NotACode)?;
        let seed = source.seed().await.map_err(|error| {
            tracing::error!(group, %error, "the gate stays locked: its secret cannot be read");
            NotOpened::Unavailable
        })?;
        let step = seed.step_of(&code, self.clock.since_epoch());
        let settled = self.store.settle(caller, group, step, terms).await;
        match settled.map_err(|crate::Unavailable| NotOpened::Unavailable)? {
            Settled::Opened => {
                tracing::info!(group, ?caller, "a gate was opened");
                Ok(Opened {
                    inactivity: terms.inactivity,
                })
            }
            Settled::Wrong(left) => {
                if left == 0 {
                    tracing::warn!(
                        group,
                        ?caller,
                        "too many wrong codes: a gate takes no more for a while"
                    );
                }
                Err(NotOpened::Wrong { left })
            }
            Settled::Reused => Err(NotOpened::Reused),
            Settled::LockedOut(retry_after) => Err(NotOpened::LockedOut { retry_after }),
        }
    }

    /// Locks the group, or all of them, for the caller. A call under way goes on.
    ///
    /// # Errors
    /// Why nothing was locked.
    pub async fn lock(&self, caller: &str, group: Option<&str>) -> Result<(), NotLocked> {
        let groups: Vec<&str> = match group {
            Some(group) if self.groups.contains_key(group) => vec![group],
            Some(_) => return Err(NotLocked::UnknownGroup),
            None => self.groups.keys().map(String::as_str).collect(),
        };
        let locked = self.store.lock(caller, &groups).await;
        locked.map_err(|crate::Unavailable| NotLocked::Unavailable)
    }

    /// The kill switch: locks every group for every caller, with Redis on every replica. Calls under way go on.
    ///
    /// # Errors
    /// [`NotLocked::Unavailable`].
    pub async fn lock_everyone(&self) -> Result<(), NotLocked> {
        let locked = self.store.lock_everyone().await;
        locked.map_err(|crate::Unavailable| NotLocked::Unavailable)?;
        tracing::warn!("every gate was locked for everyone");
        Ok(())
    }

    /// Every group as the caller finds it, by name. Looking does not keep one open.
    ///
    /// # Errors
    /// [`Closed::Unavailable`]: it cannot be told, and all are closed.
    pub async fn status(&self, caller: &str) -> Result<Vec<GroupStatus>, Closed> {
        let mut all = Vec::with_capacity(self.groups.len());
        for (name, group) in &self.groups {
            let found = self.store.look(caller, name, &group.terms).await;
            let found = found.map_err(|crate::Unavailable| Closed::Unavailable)?;
            all.push(GroupStatus {
                group: name.clone(),
                closes_in: found.closes_in,
                locked_out: found.locked_out,
            });
        }
        Ok(all)
    }
}
