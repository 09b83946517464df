//! Answers that are given again: of tools whose author (or operator) says for how long, and of resources.
//!
//! A call comes here after its scope, gate, rate and validators and before it takes a place, so nothing that
//! guards a call is skipped by an answer that is kept. In the room: what is kept, for how long, and that of
//! equal calls at one time only one runs. Not here: what equal means (`cache/key`), how much an answer
//! weighs (`cache/weight`), what makes it the answer of one client alone (`cache/watched`).

mod key;
#[cfg(test)]
mod tests;
mod watched;
mod weight;

use std::{any::Any, fmt, future::Future, sync::Arc, time::Duration};

use mcp_factory_sdk::{Arguments, ResourceDefinition, ToolDefinition, ToolError};
use quick_cache::{
    DefaultHashBuilder, OptionsBuilder,
    sync::{Cache, DefaultLifecycle},
};
use tokio::time::Instant;

use super::{CallFailure, Caller, guard};
use crate::registry::Entry;
use key::Key;
use watched::Watched;
pub(super) use weight::Weigh;
use weight::{ByWeight, OF_AN_ENTRY};

/// The largest answer that is kept is this part of all the memory there is for them.
const LARGEST_PART: u64 = 16;
/// Parts of the table with a lock each. The largest answer must fit into one.
const SHARDS: usize = 8;
/// What an answer is thought to take, to find out how many keys are worth remembering without theirs.
const USUAL: usize = 4 << 10;

/// All answers that are kept.
pub(super) struct Responses {
    /// `None` when nothing is.
    kept: Option<Cache<Key, Arc<Kept>, ByWeight>>,
    largest: u64,
}

/// One answer.
struct Kept {
    answer: Box<dyn Any + Send + Sync>,
    /// When it is too old.
    until: Instant,
    /// Bytes; more than the whole table takes for an answer that is only handed to those who wait for it.
    weight: u64,
}

/// An answer that may be had from what is kept.
pub(super) struct Wanted {
    key: Key,
    time: Duration,
    /// How long it may take: the wait for an equal call that runs, and running itself.
    timeout: Duration,
    /// Whether what runs can speak to its client.
    speaks: bool,
}

/// What came of a call.
#[derive(Debug)]
pub(super) struct Served<T> {
    pub(super) answer: T,
    /// How long it may be given again, to this caller.
    pub(super) fresh_for: Duration,
    /// Nothing ran for it.
    pub(super) again: bool,
}

impl<T> Served<T> {
    /// The answer of a call that ran, and is nobody else's.
    pub(super) const fn once(answer: T) -> Self {
        Self {
            answer,
            fresh_for: Duration::ZERO,
            again: false,
        }
    }
}

impl Wanted {
    /// The answer of `tool`, when one may be had: not for the later rounds of a call that asked its client
    /// something, whose answer hangs on what it was told.
    pub(super) fn tool(
        time: Option<Duration>,
        tool: &Entry<ToolDefinition>,
        arguments: Arguments<'_>,
        caller: &Caller,
        timeout: Duration,
    ) -> Option<Self> {
        let time = time.filter(|_| caller.answers.is_empty())?;
        Some(Self {
            key: key::tool(&caller.principal, &tool.public_name, arguments.as_str())?,
            time,
            timeout,
            speaks: tool.definition.takes_context(),
        })
    }

    /// The same for the resource at `uri`.
    pub(super) fn resource(
        resource: &Entry<ResourceDefinition>,
        uri: &str,
        caller: &Caller,
        timeout: Duration,
    ) -> Option<Self> {
        let time = resource.definition.cache();
        Some(Self {
            time: time.filter(|_| caller.answers.is_empty())?,
            key: key::resource(&caller.principal, uri),
            timeout,
            speaks: true,
        })
    }
}

impl Responses {
    /// Room for answers of `bytes` together; none when that is 0.
    pub(super) fn new(bytes: usize) -> Self {
        let capacity = u64::try_from(bytes).unwrap_or(u64::MAX);
        let options = OptionsBuilder::new()
            .shards(SHARDS)
            .estimated_items_capacity(bytes / USUAL)
            .weight_capacity(capacity)
            .build()
            .expect("both capacities are given");
        let cache = || {
            let (hasher, lifecycle) = (DefaultHashBuilder::default(), DefaultLifecycle::default());
            Cache::with_options(options, ByWeight, hasher, lifecycle)
        };
        Self {
            kept: (bytes > 0).then(cache),
            largest: capacity / LARGEST_PART,
        }
    }

    /// The answer that is wanted: one that is kept, or the one that `run` makes. Of equal calls at one time
    /// one runs, and the others wait for it. When it fails or is taken back, that is its own affair, and
    /// one of the others runs. `run` is told how long it may take.
    ///
    /// # Errors
    /// Those of `run`; the call was taken back; it waited too long for others.
    pub(super) async fn serve<T, F>(
        &self,
        wanted: Wanted,
        mut caller: Caller,
        run: impl FnOnce(Caller, Duration) -> F,
    ) -> Result<Served<T>, CallFailure>
    where
        T: Weigh + Clone + Send + Sync + 'static,
        F: Future<Output = Result<T, CallFailure>>,
    {
        let Some(cache) = &self.kept else {
            return run(caller, wanted.timeout).await.map(Served::once);
        };
        let begun = Instant::now();
        let found = tokio::select! {
            biased;
            () = guard::cancelled(caller.cancelled.as_ref()) => return Err(CallFailure::Cancelled),
            found = tokio::time::timeout(wanted.timeout, find(cache, &wanted.key)) => found,
        };
        let turn = match found {
            Err(_) => return Err(waited_in_vain()),
            Ok(Ok((answer, fresh_for))) => {
                return Ok(Served {
                    answer,
                    fresh_for,
                    again: true,
                });
            }
            Ok(Err(turn)) => turn,
        };
        // To the millisecond: who did not have to wait has all of it.
        let spent = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let left = wanted.timeout.saturating_sub(Duration::from_millis(spent));
        if left.is_zero() {
            return Err(waited_in_vain());
        }
        let watched = wanted.speaks.then(|| Watched::over(&mut caller.peer));
        // On a failure, and when this is dropped, the turn goes to one of those who wait.
        let answer = run(caller, left).await?;
        if watched.is_some_and(|watched| watched.is_personal()) {
            return Ok(Served::once(answer));
        }
        let weight = OF_AN_ENTRY.saturating_add(answer.weight());
        let kept = Kept {
            answer: Box::new(answer.clone()),
            until: Instant::now() + wanted.time,
            weight: if weight > self.largest {
                u64::MAX
            } else {
                weight
            },
        };
        // It is only refused when somebody removed the key meanwhile, and then nobody waits for it.
        drop(turn.insert(Arc::new(kept)));
        Ok(Served {
            answer,
            fresh_for: wanted.time,
            again: false,
        })
    }
}

fn waited_in_vain() -> CallFailure {
    CallFailure::Tool(ToolError::timed_out(
        "an equal call was waited for and did not end in time; call again",
    ))
}

type Turn<'a> = quick_cache::sync::PlaceholderGuard<
    'a,
    Key,
    Arc<Kept>,
    ByWeight,
    DefaultHashBuilder,
    DefaultLifecycle<Key, Arc<Kept>>,
>;

/// The answer under `key` and how long it is still fresh, or the turn to make it. Waits for a call that is
/// making it.
async fn find<'a, T: Clone + 'static>(
    cache: &'a Cache<Key, Arc<Kept>, ByWeight>,
    key: &Key,
) -> Result<(T, Duration), Turn<'a>> {
    loop {
        let kept = cache.get_value_or_guard_async(key).await?;
        let fresh_for = kept.until.saturating_duration_since(Instant::now());
        match kept.answer.downcast_ref::<T>() {
            Some(answer) if !fresh_for.is_zero() => return Ok((answer.clone(), fresh_for)),
            // Only this one: somebody else may have put a new one in its place.
            _ => drop(cache.remove_if(key, |other| Arc::ptr_eq(other, &kept))),
        }
    }
}

impl fmt::Debug for Responses {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.kept.as_ref().map(Cache::len);
        formatter
            .debug_struct("Responses")
            .field("rows", &rows)
            .finish_non_exhaustive()
    }
}
