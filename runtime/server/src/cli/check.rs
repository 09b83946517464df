//! `check`: would this configuration work?

use std::process::ExitCode;

use mcp_factory_identity::AuthConfig;
use serde_json::json;

use super::Product;
use super::doorkeeper::{is_authenticated, outside_names};
use super::output::{Answers, DONE, USAGE, complain, pretty};
use super::start::{Door, start};
use crate::config::{Config, Problem, Problems};
use crate::executor;
use crate::http::Listen;
use crate::lifecycle::Lifecycle;

/// Starts every plugin with its section and stops it again.
pub(super) fn run(
    product: &Product,
    config: &Config,
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
    let mut outcome: Result<(), Problems> = executor.block_on(async {
        // `[auth]` is read even for stdio: a file for both ways in is checked as a whole.
        let address = listen.unwrap_or(config.http.listen).address();
        let asked = listen.is_some() || config.auth != AuthConfig::default();
        let door = if asked {
            Door::Http(address)
        } else {
            Door::Stdio
        };
        let started = start(product, config, door, &lifecycle).await?;
        lifecycle.stop();
        started.runtime.stop().await;
        Ok(())
    });
    executor::end(executor);
    if let Some(Err(message)) = listen.map(|listen| {
        listen.check_exposure(outside_names(config), is_authenticated(config), insecure)
    }) {
        let problem = Problem::new("--http", message);
        match &mut outcome {
            Ok(()) => outcome = Err(problem.into()),
            Err(problems) => problems.add(problem),
        }
    }
    report(answers, outcome, json)
}

pub(super) fn report(answers: Answers, outcome: Result<(), Problems>, json: bool) -> ExitCode {
    let code = if outcome.is_ok() { DONE } else { USAGE };
    if json {
        let problems: Vec<_> = outcome
            .err()
            .iter()
            .flat_map(Problems::iter)
            .map(|problem| json!({"place": problem.place, "message": problem.message}))
            .collect();
        return answers.print(
            &pretty(&json!({"ok": problems.is_empty(), "problems": problems})),
            code,
        );
    }
    match outcome {
        Ok(()) => answers.print("the configuration is fine", code),
        Err(problems) => complain(&problems.to_string(), code),
    }
}
