//! A started server, whatever it will be reached through.

use std::sync::Arc;

use mcp_factory_sdk::{Principal, Secret};
use mcp_factory_secrets::Freshness;

use crate::{
    identity::Identity,
    lifecycle::Lifecycle,
    mcp::{McpProtocol, Shared},
    pipeline::Pipeline,
};

/// Started plugins behind their pipeline, and the protocol before it.
pub(crate) struct Runtime {
    pub(crate) pipeline: Arc<Pipeline>,
    pub(crate) protocol: McpProtocol,
    /// How up to date the secrets are that are kept in a store, where there are some.
    pub(crate) secrets: Option<Arc<Freshness>>,
}

impl Runtime {
    /// A server that calls `pipeline`; `local` is the user at the other end of stdio, `state_key` seals what
    /// calls of several rounds leave with their clients, and `fast_lane` says whether what has one answer is
    /// answered without the library.
    pub(crate) fn new(
        identity: Identity,
        pipeline: Pipeline,
        local: Principal,
        state_key: Option<&Secret>,
        fast_lane: bool,
        session_limit: usize,
        lifecycle: &Lifecycle,
    ) -> Self {
        let pipeline = Arc::new(pipeline);
        let shared = Shared::new(
            identity,
            Arc::clone(&pipeline),
            state_key,
            fast_lane,
            lifecycle.clone(),
        );
        let protocol = McpProtocol::new(shared, local, session_limit);
        Self {
            pipeline,
            protocol,
            secrets: None,
        }
    }

    /// Lets the plugins release what they hold, in the reverse order of their start, and writes the last
    /// records of the audit.
    pub(crate) async fn stop(&self) {
        self.pipeline.stop().await;
    }
}
