//! How much a call may take: time, turns, rate and bytes, by tool, tenant and server.
//!
//! In the room: the values, decided once at start. Counting is elsewhere (`guard`, the guard crate).

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use mcp_factory_sdk::{Rate, ToolDefinition};
use tokio::sync::Semaphore;

use crate::{
    config::{KeepFor, Limit, ToolLimits},
    registry::{Entry, Registry},
};

/// The limits of every call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallLimits {
    /// How long a call may take when its tool does not say.
    pub(crate) timeout: Duration,
    /// How many calls run at once.
    pub(crate) concurrency: usize,
    /// How long a call may wait for its turn before it is refused.
    pub(crate) queue_time: Duration,
    /// How often each caller may call each tool over HTTP, when nothing nearer says.
    pub(crate) rate: Option<Rate>,
    /// Bytes of a result when its tool does not say.
    pub(crate) max_result: usize,
    /// Bytes of all answers that are kept; 0 = none are.
    pub(crate) cache: usize,
}

impl Default for CallLimits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            concurrency: 256,
            queue_time: Duration::from_millis(250),
            rate: None,
            max_result: 8 << 20,
            cache: 64 << 20,
        }
    }
}

/// The limits of one tool.
#[derive(Debug)]
pub(super) struct ToolBudget {
    pub(super) timeout: Duration,
    pub(super) max_result: usize,
    /// How long an answer is kept.
    pub(super) cache: Option<Duration>,
    /// What the operator says of its rate, before what its author says.
    rate: Option<Limit>,
    authors: Option<Rate>,
    /// The places of its calls, when they are fewer than the server's.
    pub(super) places: Option<Arc<Semaphore>>,
}

impl ToolBudget {
    fn new(
        tool: &Entry<ToolDefinition>,
        limits: &CallLimits,
        configured: Option<&ToolLimits>,
    ) -> Self {
        let timeout = configured.and_then(|configured| configured.timeout);
        Self {
            timeout: timeout
                .or(tool.definition.timeout())
                .unwrap_or(limits.timeout),
            max_result: configured
                .and_then(|configured| configured.max_result)
                .unwrap_or(limits.max_result),
            cache: configured
                .and_then(|configured| configured.cache)
                .map_or(tool.definition.cache(), |KeepFor(time)| time)
                .filter(|_| may_be_kept(tool.definition)),
            rate: configured.and_then(|configured| configured.rate),
            authors: tool.definition.rate(),
            places: configured
                .and_then(|configured| configured.concurrency)
                .map(places),
        }
    }

    /// How often one caller may call it: the operator's word, then the author's, then the tenant's or
    /// the server's `default`.
    pub(super) fn rate(&self, default: Option<Rate>) -> Option<Rate> {
        match self.rate {
            Some(Limit(rate)) => rate,
            None => self.authors.or(default),
        }
    }
}

/// Whether an answer of the tool may be given again: it changes nothing, and no second factor is asked for it.
pub(crate) const fn may_be_kept(tool: &ToolDefinition) -> bool {
    tool.hints().read_only && tool.gate().is_none()
}

/// The budgets of all tools, in the order of the registry.
pub(super) fn budgets(
    registry: &Registry,
    limits: &CallLimits,
    configured: &BTreeMap<String, ToolLimits>,
) -> Vec<ToolBudget> {
    let tools = registry.tools().iter();
    tools
        .map(|tool| ToolBudget::new(tool, limits, configured.get(&tool.public_name)))
        .collect()
}

/// So many places for calls at once.
pub(super) fn places(count: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS)))
}
