//! Commands that a manifest declares, and no others, run without a shell and in a sandbox.
//!
//! This file is the plugin's face. What a declaration must be is in `declaration`, how arguments get into a
//! command in `template`; `program`, `rules`, `filter`, `limits` and `launch` are the sandbox, `supervise`
//! and `session` the end of it. The README says what holds against whom, and what does not.

mod calls;
mod command;
mod commands;
mod config;
mod declaration;
mod directory;
mod filter;
mod kernel;
mod launch;
mod limits;
mod outcome;
mod program;
mod rules;
mod session;
mod streams;
mod supervise;
mod template;

use mcp_factory_sdk::{DeclaredTool, prelude::*};
use serde_json::Value;

pub use config::{Config, SandboxMode};
pub use declaration::Declaration;
pub use outcome::{Ended, Outcome};

use commands::{Commands, RunError};

/// The plugin: the commands, made ready.
#[derive(Debug)]
pub struct Shell {
    commands: Commands,
}

impl Plugin for Shell {
    type Config = Config;

    async fn start(config: Config, context: &StartContext) -> Result<Self, StartError> {
        let tools: Vec<_> = context.declared().collect();
        if tools.is_empty() {
            return Err(StartError::new(format!(
                "no command is declared; add [[plugins.{}.tool]] to the manifest and build again, or remove the plugin",
                context.mount()
            )));
        }
        let opened =
            tokio::task::spawn_blocking(move || Commands::open(&config, tools.into_iter()));
        let commands = opened.await?.map_err(StartError::new)?;
        Ok(Self { commands })
    }

    async fn health(&self) -> Health {
        let (running, waiting) = self.commands.load();
        Health::ok()
            .count("commands_running", running)
            .count("commands_waiting", waiting)
    }

    async fn stop(&self) {
        self.commands.stop().await;
    }
}

impl Declares for Shell {
    type Body = Declaration;
    type Answer = Outcome;

    fn check(tool: &DeclaredTool, body: &Declaration) -> Result<(), String> {
        declaration::check(tool, body)
    }

    async fn run(
        &self,
        context: Context,
        tool: &'static DeclaredTool,
        arguments: Vec<(&'static str, Value)>,
    ) -> Result<Outcome, ToolError> {
        let outcome = self
            .commands
            .run(tool, &arguments, context.time_left())
            .await;
        outcome.map_err(|error| {
            let message = error.to_string();
            match error {
                RunError::Refused(_) | RunError::TooLong(_) => {
                    ToolError::invalid_arguments(message)
                }
                RunError::Busy | RunError::NoTurn | RunError::Stopping => {
                    ToolError::unavailable(message)
                }
                RunError::NotStarted(cause) => {
                    tracing::error!(tool = tool.name, error = %cause, "a command could not be started");
                    ToolError::unavailable(message).because(cause)
                }
            }
        })
    }
}

/// Runs the commands that this server's manifest declares, and no others.
#[plugin(name = "shell", declares)]
impl Shell {}
