//! The only loop that tries again: engine after engine, key after key, until one answers or the time is up.

use std::{sync::Arc, time::Duration};

use mcp_factory_outbound::{Condition, LONGEST_PAUSE};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, timeout_at},
};

use crate::{
    ask::{Ask, Choice},
    attempt::Trail,
    budget::Budget,
    chain::{Engine, Times},
    day::Over,
    error::ChatError,
    failure::{Failure, Next, Reason, Verdict},
    keys::{KeyCondition, Why},
    meter::Meter,
    wire::{Answer, Listener, Wire},
};

/// How many requests one answer may take; the engines that are passed over do not count.
const MOST_ATTEMPTS: usize = 20;

/// The engines and all that is between a question and them.
#[derive(Debug)]
pub(crate) struct Router {
    pub(crate) engines: Vec<Engine>,
    pub(crate) wire: Wire,
    pub(crate) budget: Arc<Budget>,
    pub(crate) times: Times,
    pub(crate) places: Semaphore,
    pub(crate) most_places: usize,
    pub(crate) max_prompt_bytes: usize,
}

/// For whom, until when, and who is told of progress.
#[derive(Debug)]
pub(crate) struct Call<'a, L> {
    pub(crate) caller: &'a str,
    pub(crate) deadline: Instant,
    pub(crate) listener: &'a L,
}

/// What one attempt led to.
enum Step<'a> {
    Answered(&'a Engine, Answer),
    Failed(Failure),
    Skipped(Reason),
}

/// One walk down the chain.
struct Walk<'r, 'c, L> {
    router: &'r Router,
    ask: &'c Ask,
    call: &'c Call<'c, L>,
    trail: &'c mut Trail,
    /// Engines must have a larger window than this.
    above: Option<u64>,
    over: Option<Over>,
    attempts: usize,
}

impl Router {
    /// A place for one call, if there is one.
    pub(crate) fn place(&self) -> Result<SemaphorePermit<'_>, ChatError> {
        self.places
            .try_acquire()
            .map_err(|_| ChatError::Busy(self.most_places))
    }

    /// Refuses a choice that leaves no engine.
    pub(crate) fn check_choice(&self, choice: &Choice) -> Result<(), ChatError> {
        if self.engines.iter().any(|engine| choice.takes(engine)) {
            return Ok(());
        }
        let of_mode = Choice {
            model: None,
            ..choice.clone()
        };
        if let (Some(mode), false) = (
            &choice.mode,
            self.engines.iter().any(|engine| of_mode.takes(engine)),
        ) {
            let mut known: Vec<&str> = vec!["auto"];
            known.extend(
                self.engines
                    .iter()
                    .flat_map(|engine| &engine.modes)
                    .map(String::as_str),
            );
            known.sort_unstable();
            known.dedup();
            let mode = mode.chars().take(40).collect();
            return Err(ChatError::UnknownMode {
                mode,
                known: known.join(", "),
            });
        }
        let model = choice
            .model
            .as_deref()
            .unwrap_or_default()
            .chars()
            .take(80)
            .collect();
        Err(ChatError::UnknownModel { model })
    }

    /// Asks until one answers. `trail` says what was tried, also when this fails.
    pub(crate) async fn run<'r, L: Listener>(
        &'r self,
        ask: &Ask,
        call: &Call<'_, L>,
        trail: &mut Trail,
    ) -> Result<(&'r Engine, Answer), ChatError> {
        let mut walk = Walk {
            router: self,
            ask,
            call,
            trail,
            above: None,
            over: None,
            attempts: 0,
        };
        for engine in self
            .engines
            .iter()
            .filter(|engine| ask.choice.takes(engine))
        {
            if let Some(answer) = walk.engine(engine).await? {
                return Ok(answer);
            }
        }
        let over = walk
            .over
            .map(|over| (over, self.budget.balance().until_reset));
        if Instant::now() >= call.deadline {
            return Err(ChatError::out_of_time(&trail.attempts));
        }
        Err(ChatError::exhausted(
            &trail.attempts,
            over,
            self.ready_in(&ask.choice),
        ))
    }

    /// How long until an engine may be asked again; `None` when none ever may, zero when one may now.
    fn ready_in(&self, choice: &Choice) -> Option<Duration> {
        let chosen = self.engines.iter().filter(|engine| choice.takes(engine));
        chosen.filter_map(Engine::ready_in).min()
    }
}

impl Engine {
    /// How long until it may be asked; `None` when it has no key.
    pub(crate) fn ready_in(&self) -> Option<Duration> {
        let key = self
            .keys
            .conditions()
            .into_iter()
            .filter_map(|key| match key {
                KeyCondition::Ready => Some(Duration::ZERO),
                KeyCondition::Resting(_, left) => Some(left),
                KeyCondition::Missing => None,
            });
        let engine = match self.breaker.condition() {
            Condition::Open(left) => left,
            Condition::Closed { .. } | Condition::Trial => Duration::ZERO,
        };
        key.min().map(|key| key.max(engine))
    }
}

impl<'r, L: Listener> Walk<'r, '_, L> {
    /// Asks one engine, with one key after the other where that helps.
    async fn engine(
        &mut self,
        engine: &'r Engine,
    ) -> Result<Option<(&'r Engine, Answer)>, ChatError> {
        let mut tried = Vec::new();
        loop {
            if Instant::now() >= self.call.deadline {
                return Err(ChatError::out_of_time(&self.trail.attempts));
            }
            let failure = match self.attempt(engine, &mut tried).await? {
                Step::Answered(engine, answer) => return Ok(Some((engine, answer))),
                Step::Failed(failure) => failure,
                Step::Skipped(reason) => {
                    // That the keys ran out after some were tried is in the trail already.
                    if tried.is_empty() {
                        self.trail.skip(engine, reason);
                    }
                    return Ok(None);
                }
            };
            match failure.reason.next() {
                Next::Stop => return Err(ChatError::stopped(&engine.name, &failure)),
                Next::Key => {}
                Next::Engine => {
                    self.leave(engine, failure.reason).await;
                    return Ok(None);
                }
                Next::LargerWindow => {
                    self.above = self.above.max(Some(engine.window.unwrap_or_default()));
                    self.leave(engine, failure.reason).await;
                    return Ok(None);
                }
            }
        }
    }

    /// One attempt with the next key.
    async fn attempt(
        &mut self,
        engine: &'r Engine,
        tried: &mut Vec<usize>,
    ) -> Result<Step<'r>, ChatError> {
        let router = self.router;
        if engine.keys.is_empty() {
            return Ok(Step::Skipped(Reason::SkippedNoKey));
        }
        if self
            .above
            .is_some_and(|above| engine.window.is_none_or(|window| window <= above))
        {
            return Ok(Step::Skipped(Reason::SkippedWindow));
        }
        if self.attempts == MOST_ATTEMPTS {
            return Ok(Step::Skipped(Reason::SkippedLimit));
        }
        let Ok(pass) = engine.breaker.admit() else {
            return Ok(Step::Skipped(Reason::SkippedResting));
        };
        let Some(key) = engine.keys.take(tried).await else {
            return Ok(Step::Skipped(Reason::SkippedResting));
        };
        let body = self.ask.body(engine)?;
        let limit = u64::from(self.ask.max_tokens);
        let price = engine.price.unwrap_or_default();
        let meter = Meter::new(price, self.ask.bytes(), self.ask.messages.len(), limit);
        let mut reservation = match router.budget.reserve(self.call.caller, meter).await {
            Ok(reservation) => reservation,
            Err(over) => {
                self.over = Some(over);
                return Ok(Step::Skipped(Reason::SkippedBudget));
            }
        };
        let started = Instant::now();
        let Call {
            deadline, listener, ..
        } = *self.call;
        let answered = router
            .wire
            .ask(
                engine,
                &key,
                body,
                deadline,
                &mut reservation.meter,
                listener,
            )
            .await;
        let took = started.elapsed();
        let meter = reservation.settle().await;
        self.attempts += 1;
        tried.push(key.index);
        engine.tally.count(answered.is_ok(), took);
        let (reason, status) = match &answered {
            Ok(answer) => (Reason::Answered, Some(answer.status)),
            Err(failure) => (failure.reason, failure.status),
        };
        let status = status.map(|status| status.as_u16());
        let key_index = key.secret.is_some().then_some(key.index);
        self.trail
            .add(engine, key_index, status, took, reason, &meter);
        let failure = match answered {
            Ok(answer) => {
                pass.succeeded();
                return Ok(Step::Answered(engine, answer));
            }
            Err(failure) => failure,
        };
        // Whoever allows too little time must not make an engine rest for everybody else.
        let is_cut_off = failure.reason == Reason::TimedOut && Instant::now() >= deadline;
        match failure.reason.verdict() {
            _ if is_cut_off => drop(pass),
            Verdict::Works => drop(pass.succeeded()),
            Verdict::Fails => drop(pass.failed(failure.retry_after)),
            Verdict::Nothing => drop(pass),
        }
        self.bench(engine, key.index, &failure);
        tracing::warn!(
            engine = engine.name,
            key_index,
            status,
            reason = ?failure.reason,
            code = failure.code,
            "an engine did not answer"
        );
        Ok(Step::Failed(failure))
    }

    /// Tells that another engine takes over; nobody waits for a client that is slow to listen.
    async fn leave(&self, engine: &Engine, reason: Reason) {
        let told = self.call.listener.left(&engine.name, reason);
        timeout_at(self.call.deadline, told)
            .await
            .unwrap_or_default();
    }

    /// Lets a key rest when the failure was about it.
    fn bench(&self, engine: &Engine, index: usize, failure: &Failure) {
        let times = self.router.times;
        match failure.reason {
            Reason::BadKey => engine.keys.rest(index, Why::Benched, times.bench),
            Reason::RateLimited if failure.exhausted => {
                engine.keys.rest(index, Why::Benched, times.bench);
            }
            Reason::RateLimited => {
                let rest = failure
                    .retry_after
                    .unwrap_or(times.cooldown)
                    .min(LONGEST_PAUSE);
                engine.keys.rest(index, Why::Limited, rest);
            }
            _ => {}
        }
    }
}
