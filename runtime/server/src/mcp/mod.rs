//! The protocol, and the only place that names `rmcp`.
//!
//! Both eras on one handler: 2025-11-25 with `initialize`, 2026-07-28 stateless. The room turns
//! messages into calls of the pipeline and results back into messages; it decides nothing about who
//! may call what.
//!
//! `adapter` is the seam to the transports, `http` and `stdio` the two ends behind it. A request takes one of
//! two lanes: `fast`, without the library, or `handler`, the entry from it. On stdio `lanes` chooses, `running`
//! holds the calls that go on beside the reader, and `beginning` is what the library is told late. Both lanes meet in
//! `call`, the context of one request, `perform`, what it runs, and `pages`, the lists as one caller sees them (`lists`
//! their entries, `capabilities` what is declared of them). Beside these: `convert` the
//! content; `respond` and `status` the failures; `peer` and `questions` the way back to the client; `state`
//! the sealed answers of a call in rounds; `events` the subscriptions; `connection` what a legacy client
//! sets; `sessions` all sessions of that era and whose they are, `session` one of them, and `waking` what the
//! library has of it.

#![expect(
    deprecated,
    reason = "the legacy era logs, samples and lists roots; SEP-2577 deprecates all three in the library"
)]

mod adapter;
mod beginning;
mod call;
mod capabilities;
mod connection;
mod convert;
mod events;
mod fast;
mod handler;
mod http;
mod lanes;
mod lists;
mod pages;
mod peer;
mod perform;
mod questions;
mod respond;
mod running;
mod session;
mod sessions;
mod state;
mod status;
mod stdio;
#[cfg(test)]
mod tests;
mod waking;

use std::sync::Arc;

use mcp_factory_sdk::{Peer, Secret};
use rmcp::model::{CacheScope, Implementation, MetaObject, ProtocolVersion};

use crate::{identity::Identity, lifecycle::Lifecycle, pipeline::Pipeline};
pub(crate) use adapter::McpProtocol;
use events::EventBus;
use lists::Lists;
use state::StateSeal;

/// The protocol revisions that this server speaks, newest first.
pub(crate) fn supported_protocols() -> Vec<String> {
    ProtocolVersion::KNOWN_VERSIONS
        .iter()
        .rev()
        .map(ToString::to_string)
        .collect()
}

/// How long clients may keep a list: nothing in a compiled server changes it, and what a plugin
/// changes is announced.
const LIST_TTL_MS: u64 = 300_000;

/// One for all calls that have no way to their client.
struct Unreachable(Arc<dyn Peer>);

impl std::fmt::Debug for Unreachable {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Unreachable")
    }
}

/// What all handlers of a server share.
#[derive(Debug)]
pub(crate) struct Shared {
    pipeline: Arc<Pipeline>,
    identity: Identity,
    lists: Lists,
    result_meta: MetaObject,
    result_meta_json: String,
    events: EventBus,
    seal: StateSeal,
    unreachable: Unreachable,
    /// Whether requests with one answer are answered without the library.
    fast_lane: bool,
    /// Tracks the tasks that outlive a request (one per legacy connection, to push events) and tells
    /// long-lived streams when to end.
    lifecycle: Lifecycle,
}

impl Shared {
    pub(crate) fn new(
        identity: Identity,
        pipeline: Arc<Pipeline>,
        state_key: Option<&Secret>,
        fast_lane: bool,
        lifecycle: Lifecycle,
    ) -> Arc<Self> {
        let lists = Lists::new(pipeline.registry());
        let mut result_meta = MetaObject::new();
        result_meta.insert(
            "io.modelcontextprotocol/serverInfo".to_owned(),
            serde_json::json!({ "name": identity.name, "version": identity.version }),
        );
        Arc::new(Self {
            pipeline,
            identity,
            lists,
            result_meta_json: serde_json::to_string(&result_meta)
                .expect("every key in the protocol is a string"),
            result_meta,
            events: EventBus::new(),
            seal: state_key.map_or_else(StateSeal::new, |key| StateSeal::of_secret(key.expose())),
            unreachable: Unreachable(Arc::new(peer::UnreachablePeer)),
            fast_lane,
            lifecycle,
        })
    }

    /// Who may share a list: everybody, unless callers see only what they may use.
    fn list_cache_scope(&self) -> CacheScope {
        if self.pipeline.hides() {
            CacheScope::Private
        } else {
            CacheScope::Public
        }
    }

    fn implementation(&self) -> Implementation {
        let implementation = Implementation::new(self.identity.name, self.identity.version);
        if self.identity.description.is_empty() {
            implementation
        } else {
            implementation.with_description(self.identity.description)
        }
    }

    fn unreachable_peer(&self) -> Arc<dyn Peer> {
        Arc::clone(&self.unreachable.0)
    }

    /// Who answered: belongs on every result of the 2026-07-28 era.
    fn result_meta(&self) -> MetaObject {
        self.result_meta.clone()
    }

    /// The same as JSON.
    fn result_meta_json(&self) -> &str {
        &self.result_meta_json
    }
}
