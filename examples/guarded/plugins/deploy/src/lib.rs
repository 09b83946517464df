//! Deploys releases: the tools, and what stands before each. What is deployed is kept in memory; a real one
//! would talk to a cluster here.

use std::sync::{Mutex, PoisonError};

use mcp_factory_sdk::prelude::*;

/// The started plugin.
#[derive(Debug, Default)]
pub struct Deploy {
    live: Mutex<Option<String>>,
}

/// What is live.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Live {
    /// The release; none before the first deployment.
    pub release: Option<String>,
}

/// Deploys releases of the team's service.
#[plugin(name = "deploy", stateless)]
impl Deploy {
    /// Tells which release is live.
    #[tool(scope = "read", read_only)]
    async fn live_release(&self) -> Live {
        let live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        Live { release: live.clone() }
    }

    /// Makes a release live.
    ///
    /// It takes the scope, the code of an authenticator app, and no more than six times an hour.
    #[tool(scope = "deploy:write", gate = "production", rate = "6/h", timeout = "2m")]
    async fn deploy_release(
        &self,
        /// The release, such as `2026-11-21.1`.
        #[arg(min_length = 1, max_length = 64)]
        release: String,
    ) -> Live {
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        *live = Some(release);
        Live { release: live.clone() }
    }
}
