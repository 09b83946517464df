//! From the configuration to started plugins: all of them, or every reason why not.

use std::time::Duration;

use mcp_factory_sdk::{Instance, StartContext, StartError};
use serde_json::{Map, Value};

use crate::mount::Mount;

/// How long one plugin may take to start. A plugin that waits for something that is down should say so
/// and start, or fail; it should not keep a supervisor guessing.
const START_LIMIT: Duration = Duration::from_secs(30);

/// Why a plugin did not start.
#[derive(Debug, thiserror::Error)]
#[error("plugin `{mount}` ([plugins.{mount}]): {error}")]
pub(crate) struct StartProblem {
    pub(crate) mount: &'static str,
    pub(crate) error: StartError,
}

/// Starts every plugin, in the order of the mounts, each with its section of the configuration.
///
/// # Errors
/// One problem per plugin that did not start; those that did were stopped again.
pub(crate) async fn start_plugins(
    mounts: &'static [Mount],
    sections: &Map<String, Value>,
) -> Result<Vec<Instance>, Vec<StartProblem>> {
    let mut instances = Vec::with_capacity(mounts.len());
    let mut problems = Vec::new();
    for mount in mounts {
        let section = sections
            .get(mount.name())
            .cloned()
            .unwrap_or_else(|| Value::Object(Map::new()));
        match start(mount, section).await {
            Ok(instance) => instances.push(instance),
            Err(error) => problems.push(StartProblem {
                mount: mount.name(),
                error,
            }),
        }
    }
    if problems.is_empty() {
        return Ok(instances);
    }
    for instance in instances.into_iter().rev() {
        instance.stop().await;
    }
    Err(problems)
}

async fn start(mount: &Mount, section: Value) -> Result<Instance, StartError> {
    let context = StartContext::new(mount.name()).with_declared(mount.declared_tools());
    let starting = mount.plugin().start(section, context);
    tokio::time::timeout(START_LIMIT, starting)
        .await
        .unwrap_or_else(|_| {
            Err(StartError::new(format!(
                "it did not start within {START_LIMIT:?}"
            )))
        })
}
