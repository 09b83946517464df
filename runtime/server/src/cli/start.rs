//! From a configuration to started plugins, with their complaints at the place they are about.

use super::Product;
use crate::config::{Config, Problem, Problems};
use crate::lifecycle::Lifecycle;
use crate::pipeline::CallLimits;
use crate::runtime::Runtime;
use crate::startup::StartProblem;

/// Starts everything behind the transports.
pub(super) async fn start(
    product: &Product,
    config: &Config,
    lifecycle: &Lifecycle,
) -> Result<Runtime, Problems> {
    let limits = CallLimits {
        timeout: config.limits.timeout,
        concurrency: config.limits.concurrency,
        queue_time: config.limits.queue_time,
    };
    let sections = config.plugin_sections();
    let sessions = config.http.legacy_sessions;
    Runtime::start(
        product.identity,
        product.mounts,
        &sections,
        limits,
        sessions,
        lifecycle,
    )
    .await
    .map_err(|failed| {
        let mut problems = Problems::default();
        for StartProblem { mount, error } in failed {
            problems.add(placed(config, mount, &error.to_string()));
        }
        problems
    })
}

/// A plugin names the value that it complains about in backticks, first.
fn placed(config: &Config, mount: &str, message: &str) -> Problem {
    let path = message
        .strip_prefix('`')
        .and_then(|rest| rest.split_once('`'))
        .map(|(path, _)| path);
    match path.and_then(|path| config.plugin_place(mount, path)) {
        Some(place) => Problem::new(place, format!("plugin `{mount}`: {message}")),
        None => Problem::new(format!("plugins.{mount}"), message),
    }
}
