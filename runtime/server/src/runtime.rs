//! A started server, whatever it will be reached through.

use std::sync::Arc;

use mcp_factory_sdk::Principal;
use serde_json::{Map, Value};

use crate::{
    identity::Identity,
    lifecycle::Lifecycle,
    mcp::{McpProtocol, Shared},
    mount::Mount,
    pipeline::{CallLimits, Pipeline},
    registry::Registry,
    startup::{self, StartProblem},
};

/// Started plugins behind their pipeline, and the protocol before it.
pub(crate) struct Runtime {
    pub(crate) pipeline: Arc<Pipeline>,
    pub(crate) protocol: McpProtocol,
}

impl Runtime {
    /// Starts the plugins of `mounts` with their `sections` of the configuration.
    ///
    /// # Errors
    /// Every plugin that did not start, with the reason.
    pub(crate) async fn start(
        identity: Identity,
        mounts: &'static [Mount],
        sections: &Map<String, Value>,
        limits: CallLimits,
        session_limit: usize,
        lifecycle: &Lifecycle,
    ) -> Result<Self, Vec<StartProblem>> {
        let instances = startup::start_plugins(mounts, sections).await?;
        let pipeline = Arc::new(Pipeline::new(Registry::new(mounts), instances, limits));
        let shared = Shared::new(identity, Arc::clone(&pipeline), lifecycle.clone());
        let protocol = McpProtocol::new(shared, Principal::local(), session_limit);
        Ok(Self { pipeline, protocol })
    }

    /// Lets the plugins release what they hold, in the reverse order of their start.
    pub(crate) async fn stop(&self) {
        self.pipeline.stop().await;
    }
}
