//! The gate's memory in Redis, shared by the replicas of a server.
//!
//! Each question is one script, so no two replicas answer at once; Redis measures the times. What was
//! opened carries the epoch it was opened in, and another epoch, or none, closes it: so the kill switch
//! is one key, and a Redis that loses keys never opens a gate by it.
//!
//! It could forget a lock-out or a used code, though: let it refuse writes when it is full (`noeviction`,
//! its default) rather than forget; a write that it refuses is a gate that stays closed.

use std::{sync::Arc, time::Duration};

use super::store::{Found, STEP_KEPT, Settled, Terms};
use crate::{Unavailable, duration, shared::Script, shared::Shared};

/// `KEYS`: open, tries, group's tries, last step, epoch. `ARGV`: step or "", attempts, group's attempts,
/// lock-out, inactivity, how long a step and an epoch are kept (all milliseconds), a fresh epoch.
static SETTLE: Script = Script::new(
    r"
local function left(key)
    local time = redis.call('PTTL', key)
    if time == -1 then
        redis.call('PEXPIRE', key, ARGV[4])
        time = tonumber(ARGV[4])
    end
    return time
end
local mine = tonumber(redis.call('GET', KEYS[2]) or 0)
local all = tonumber(redis.call('GET', KEYS[3]) or 0)
local out = 0
if mine >= tonumber(ARGV[2]) then out = left(KEYS[2]) end
if all >= tonumber(ARGV[3]) then out = math.max(out, left(KEYS[3])) end
if out > 0 then return {3, out} end
if ARGV[1] == '' then
    mine = redis.call('INCR', KEYS[2])
    redis.call('PEXPIRE', KEYS[2], ARGV[4])
    all = redis.call('INCR', KEYS[3])
    if all == 1 or all >= tonumber(ARGV[3]) then redis.call('PEXPIRE', KEYS[3], ARGV[4]) end
    return {1, math.max(0, math.min(ARGV[2] - mine, ARGV[3] - all))}
end
local last = redis.call('GET', KEYS[4])
if last and tonumber(ARGV[1]) <= tonumber(last) then return {2, 0} end
redis.call('SET', KEYS[4], ARGV[1], 'PX', ARGV[6])
redis.call('DEL', KEYS[2])
local epoch = redis.call('GET', KEYS[5]) or ARGV[8]
redis.call('SET', KEYS[5], epoch, 'PX', ARGV[7])
redis.call('SET', KEYS[1], epoch, 'PX', ARGV[5])
return {0, 0}
",
);

/// `KEYS`: open, epoch. `ARGV`: inactivity, how long an epoch is kept.
static TOUCH: Script = Script::new(
    r"
local epoch = redis.call('GET', KEYS[2])
if not epoch or redis.call('GET', KEYS[1]) ~= epoch then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return 1
",
);

/// `KEYS`: open, tries, group's tries, epoch. `ARGV`: attempts, group's attempts.
static LOOK: Script = Script::new(
    r"
local open, out = 0, 0
local epoch = redis.call('GET', KEYS[4])
if epoch and redis.call('GET', KEYS[1]) == epoch then open = redis.call('PTTL', KEYS[1]) end
if tonumber(redis.call('GET', KEYS[2]) or 0) >= tonumber(ARGV[1]) then out = redis.call('PTTL', KEYS[2]) end
if tonumber(redis.call('GET', KEYS[3]) or 0) >= tonumber(ARGV[2]) then
    out = math.max(out, redis.call('PTTL', KEYS[3]))
end
return {open, out}
",
);

/// `KEYS`: what is open.
static LOCK: Script =
    Script::new("for _, key in ipairs(KEYS) do redis.call('DEL', key) end return 0");

/// `KEYS`: epoch. `ARGV`: a fresh one, how long it is kept.
static LOCK_EVERYONE: Script =
    Script::new("redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) return 0");

/// Longer than anything stays open unused, so that no gate closes for want of an epoch.
const EPOCH_KEPT: Duration = Duration::from_secs(duration::LONGEST.as_secs() + 3_600);

#[derive(Debug)]
pub(super) struct Replicated {
    shared: Arc<Shared>,
    /// A gate that another server opened is none of ours.
    server: String,
}

impl Replicated {
    pub(super) fn new(server: &str, shared: Arc<Shared>) -> Self {
        Self {
            shared,
            server: server.to_owned(),
        }
    }

    pub(super) async fn settle(
        &self,
        caller: &str,
        group: &str,
        step: Option<u64>,
        terms: &Terms,
    ) -> Result<Settled, Unavailable> {
        let keys = [
            self.open(caller, group),
            self.tries(caller, group),
            self.all_tries(group),
            self.key("gate-step", &[group]),
            self.epoch(),
        ];
        let arguments = [
            step.map(|step| step.to_string()).unwrap_or_default(),
            terms.attempts.to_string(),
            terms.group_attempts.to_string(),
            millis(terms.lockout),
            millis(terms.inactivity),
            millis(STEP_KEPT),
            millis(EPOCH_KEPT),
            fresh_epoch(),
        ];
        let (outcome, number): (i64, i64) = self
            .shared
            .run(&SETTLE, &texts(&keys), &texts(&arguments))
            .await?;
        Ok(match outcome {
            0 => Settled::Opened,
            1 => Settled::Wrong(u32::try_from(number).unwrap_or(0)),
            2 => Settled::Reused,
            _ => Settled::LockedOut(time(number).unwrap_or(terms.lockout)),
        })
    }

    pub(super) async fn touch(
        &self,
        caller: &str,
        group: &str,
        inactivity: Duration,
    ) -> Result<bool, Unavailable> {
        let keys = [self.open(caller, group), self.epoch()];
        let arguments = [millis(inactivity), millis(EPOCH_KEPT)];
        let open: i64 = self
            .shared
            .run(&TOUCH, &texts(&keys), &texts(&arguments))
            .await?;
        Ok(open == 1)
    }

    pub(super) async fn look(
        &self,
        caller: &str,
        group: &str,
        terms: &Terms,
    ) -> Result<Found, Unavailable> {
        let keys = [
            self.open(caller, group),
            self.tries(caller, group),
            self.all_tries(group),
            self.epoch(),
        ];
        let arguments = [terms.attempts.to_string(), terms.group_attempts.to_string()];
        let (open, out): (i64, i64) = self
            .shared
            .run(&LOOK, &texts(&keys), &texts(&arguments))
            .await?;
        Ok(Found {
            closes_in: time(open),
            locked_out: time(out),
        })
    }

    pub(super) async fn lock(&self, caller: &str, groups: &[&str]) -> Result<(), Unavailable> {
        let keys: Vec<String> = groups
            .iter()
            .map(|group| self.open(caller, group))
            .collect();
        self.shared.run::<i64>(&LOCK, &texts(&keys), &[]).await?;
        Ok(())
    }

    pub(super) async fn lock_everyone(&self) -> Result<(), Unavailable> {
        let arguments = [fresh_epoch(), millis(EPOCH_KEPT)];
        self.shared
            .run::<i64>(&LOCK_EVERYONE, &[&self.epoch()], &texts(&arguments))
            .await?;
        Ok(())
    }

    fn open(&self, caller: &str, group: &str) -> String {
        self.key("gate-open", &[group, caller])
    }

    fn tries(&self, caller: &str, group: &str) -> String {
        self.key("gate-tries", &[group, caller])
    }

    fn all_tries(&self, group: &str) -> String {
        self.key("gate-tries", &[group])
    }

    fn epoch(&self) -> String {
        self.key("gate-epoch", &[])
    }

    fn key(&self, kind: &str, parts: &[&str]) -> String {
        let parts = [&self.server]
            .into_iter()
            .map(String::as_bytes)
            .chain(parts.iter().map(|part| part.as_bytes()));
        self.shared.key(kind, &parts.collect::<Vec<_>>())
    }
}

/// Never one that was there before.
fn fresh_epoch() -> String {
    format!("{:032x}", rand::random::<u128>())
}

fn millis(time: Duration) -> String {
    time.as_millis().to_string()
}

fn time(millis: i64) -> Option<Duration> {
    let millis = u64::try_from(millis).ok().filter(|millis| *millis > 0);
    millis.map(Duration::from_millis)
}

fn texts(strings: &[String]) -> Vec<&str> {
    strings.iter().map(String::as_str).collect()
}
