//! `check`: would this configuration work?

use std::process::ExitCode;
use std::time::Duration;

use mcp_factory_guard::can_be_put_aside;
use mcp_factory_identity::AuthConfig;
use serde_json::{Map, Value, json};

use super::Product;
use super::doorkeeper::{is_authenticated, outside_names};
use super::output::{Answers, DONE, USAGE, complain, pretty, warn};
use super::start::{Door, start};
use crate::config::{Config, Problem, Problems};
use crate::executor;
use crate::http::Listen;
use crate::lifecycle::Lifecycle;
use crate::management;
use crate::pipeline::PluginHealth;

/// How long a plugin may think about how it is.
const PATIENCE: Duration = Duration::from_secs(5);

/// Tells of every problem: those that were `found` while the configuration was read, and those of a start.
///
/// Starts every plugin with its section, asks how it is, and stops it again. A plugin that is not well,
/// because something it needs is down, is told of; the configuration is fine all the same.
pub(super) fn run(
    product: &Product,
    config: &Config,
    mut found: Problems,
    listen: Option<Listen>,
    insecure: bool,
    json: bool,
) -> ExitCode {
    let answers = match Answers::reserve() {
        Ok(answers) => answers,
        Err(error) => return complain(&format!("stdout cannot be used: {error}"), USAGE),
    };
    let executor = match executor::build(&config.server) {
        Ok(executor) => executor,
        Err(error) => return complain(&format!("the threads cannot be started: {error}"), USAGE),
    };
    let lifecycle = Lifecycle::default();
    let mut outcome: Result<Vec<PluginHealth>, Problems> = executor.block_on(async {
        // What only HTTP needs is read even for stdio: a file for both ways in is checked as a whole.
        let address = listen.unwrap_or(config.http.listen).address();
        let asked =
            listen.is_some() || config.auth != AuthConfig::default() || config.http.tls.is_some();
        let door = if asked {
            Door::Http(address)
        } else {
            Door::Stdio
        };
        if config.is_partial() {
            // What a file that cannot be read leaves unsaid is nobody's mistake.
            return Ok(Vec::new());
        }
        let started = start(product, config, door, &lifecycle).await?;
        let health = started.runtime.pipeline.health(PATIENCE).await;
        lifecycle.stop();
        started.runtime.stop().await;
        Ok(health)
    });
    executor::end(executor);
    if !config.is_unread("auth")
        && let Some(Err(message)) = listen.map(|listen| {
            listen.check_exposure(outside_names(config), is_authenticated(config), insecure)
        })
    {
        found.add(Problem::new("--http", message));
    }
    if !config.is_unread("auth")
        && let Some(Err(message)) = config.management.listen.map(|port| {
            management::check_exposure(port, listen.is_some() && is_authenticated(config), insecure)
        })
    {
        let place = config.place("management.listen");
        found.add(Problem::new(place, message));
    }
    if let (Some(path), Some(_)) = (&config.log.to, config.log.rotate)
        && let Err(problem) = can_be_put_aside(path)
    {
        let place = config.place("log.rotate");
        found.add(Problem::new(place, format!("`log.rotate`: {problem}")));
    }
    if let Err(problems) = &outcome {
        found.extend(problems);
    }
    if !found.is_empty() {
        outcome = Err(found);
    }
    report(config, answers, outcome, json)
}

fn report(
    config: &Config,
    answers: Answers,
    outcome: Result<Vec<PluginHealth>, Problems>,
    json: bool,
) -> ExitCode {
    let code = if outcome.is_ok() { DONE } else { USAGE };
    if json {
        let (plugins, problems) = match outcome {
            Ok(plugins) => (plugins, Vec::new()),
            Err(problems) => (Vec::new(), problems.iter().map(told).collect()),
        };
        let plugins: Vec<Value> = plugins.iter().map(PluginHealth::told).collect();
        let set: Map<String, Value> = config
            .places()
            .map(|(path, place)| (path.to_owned(), place.into()))
            .collect();
        return answers.print(
            &pretty(&json!({"ok": problems.is_empty(), "problems": problems, "plugins": plugins, "set": set})),
            code,
        );
    }
    match outcome {
        Ok(plugins) => {
            for plugin in &plugins {
                if let Some(trouble) = plugin.health.trouble() {
                    warn(&format!("{} is not well: {trouble}", name(plugin)));
                }
            }
            answers.print("the configuration is fine", code)
        }
        Err(problems) => complain(&problems.to_string(), code),
    }
}

fn told(problem: &Problem) -> Value {
    json!({"place": problem.place, "message": problem.message})
}

/// `plugins.sqlite`, or `plugins.sqlite of tenant acme`.
fn name(plugin: &PluginHealth) -> String {
    match &plugin.tenant {
        None => format!("plugins.{}", plugin.plugin),
        Some(tenant) => format!("plugins.{} of tenant {tenant}", plugin.plugin),
    }
}
