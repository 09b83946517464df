//! Small scripts in a sandbox: they calculate, and reach nothing.
//!
//! This file is the plugin's face. What the language has is in `engine`, a run in `script`, the places and
//! threads in `scripts`. The README says what holds a script, and how.

#![forbid(unsafe_code)]

mod config;
mod engine;
mod error;
mod json;
mod memory;
mod reply;
mod script;
mod scripts;

use mcp_factory_sdk::prelude::*;
use serde_json::Value;

pub use config::Config;
pub use script::Executed;

use error::ScriptError;
use scripts::Scripts;

/// The plugin: the places in which scripts run.
#[derive(Debug)]
pub struct Code {
    scripts: Scripts,
}

impl Plugin for Code {
    type Config = Config;

    async fn start(config: Config, _: &StartContext) -> Result<Self, StartError> {
        let scripts = tokio::task::spawn_blocking(move || Scripts::new(config)).await?;
        let scripts = scripts.map_err(StartError::new)?;
        Ok(Self { scripts })
    }

    async fn health(&self) -> Health {
        let (running, waiting) = self.scripts.load();
        Health::ok()
            .count("scripts_running", running)
            .count("scripts_waiting", waiting)
    }

    async fn stop(&self) {
        self.scripts.stop().await;
    }
}

/// Every failure of the domain is written for the model.
fn told(error: &ScriptError) -> ToolError {
    let message = error.to_string();
    match error {
        ScriptError::TooLong(_) | ScriptError::LargeInput => ToolError::invalid_arguments(message),
        ScriptError::Time(..) => ToolError::timed_out(message),
        ScriptError::Busy | ScriptError::NoTurn | ScriptError::Stopping | ScriptError::Failed => {
            ToolError::unavailable(message)
        }
        _ => ToolError::new(message),
    }
}

/// Calculates with small scripts, which reach no file, no network and no clock.
#[plugin(name = "code")]
impl Code {
    /// Runs a Rhai script (much like JavaScript) and returns the value of its last expression. Data comes in
    /// as the constant `input`; `print` is returned too. `let x = 1;`, `fn f(a) { a + 1 }`, `for i in 0..9 {}`,
    /// `#{ key: 1 }`, `[1, 2].map(|n| n * 2)`; a `|n|` function sees its arguments, not variables around it.
    #[tool(scope = "write", title = "Run a script", read_only, rate = "60/m")]
    async fn execute_code(
        &self,
        cx: &Context,
        /// The script.
        #[arg(min_length = 1)]
        code: String,
        /// Any JSON, which the script finds in `input`.
        input: Option<Value>,
    ) -> Result<Executed, ToolError> {
        let input = input.unwrap_or_default();
        let executed = self.scripts.run(code, input, cx.time_left()).await;
        executed.map_err(|error| told(&error))
    }
}
