//! The built server's own command line: serve, describe, call, check, env, schema, healthcheck.
//!
//! In the room: reading the arguments (`args`), printing (`output`) and one file a
//! command. Exit codes: 0 fine, 1 the call failed, 2 usage or configuration.

mod args;
mod call;
mod check;
mod describe;
mod doorkeeper;
mod healthcheck;
mod instances;
mod output;
mod serve;
mod start;
mod stores;

use std::ffi::OsString;
use std::process::ExitCode;

use mcp_factory_guard::{LogFile, Rotation, not_opened};
use mcp_factory_sdk::{Secret, keep_secret};
use serde_json::Value;

use crate::config::{Config, Environment, Layers};
use crate::identity::Identity;
use crate::logging::{self, Filter};
use crate::mount::Mount;
use args::{Args, Command, LogFormat, Options};
use output::{Answers, DONE, USAGE, complain, pretty};

/// Files of the log that were put aside and are kept, unless told.
const KEPT_LOGS: usize = 90;

/// What a generated `main.rs` gives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Product {
    pub(crate) identity: Identity,
    /// The manifest's defaults, TOML.
    pub(crate) defaults: &'static str,
    /// Whether it was built without tools that change something.
    pub(crate) read_only: bool,
    pub(crate) mounts: &'static [Mount],
}

impl Product {
    /// The schema of a plugin's section, by the mount's name.
    pub(crate) fn schema_of(&self) -> impl Fn(&str) -> Value + use<> {
        let mounts = self.mounts;
        move |name| {
            let mut mounts = mounts.iter();
            let mount = mounts.find(|mount| mount.name() == name);
            mount.map_or(Value::Bool(true), |mount| mount.plugin().config_schema())
        }
    }
}

/// Runs the command that the process's arguments name.
pub(crate) fn run(product: Product) -> ExitCode {
    let _last_words = logging::last_words();
    run_with(product, std::env::args_os())
}

fn run_with(product: Product, arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let Args { command, options } = match Args::read(&product.identity, arguments) {
        Ok(args) => args,
        Err(error) if error.use_stderr() => {
            // clap's text has its own "error:" and the usage below it.
            return match std::io::Write::write_all(
                &mut std::io::stderr(),
                error.to_string().as_bytes(),
            ) {
                Ok(()) | Err(_) => ExitCode::from(USAGE),
            };
        }
        Err(help) => return Answers::plain().print(&help.to_string(), DONE),
    };
    let product = Product {
        read_only: product.read_only || options.read_only,
        ..product
    };
    if let Some(Command::Describe { json }) = command {
        return describe::run(&product, json);
    }
    let plugins: Vec<&str> = product.mounts.iter().map(Mount::name).collect();
    if let Some(Command::Schema) = command {
        let schema = Config::schema(product.identity.name, &plugins, &product.schema_of());
        return Answers::plain().print(&pretty(&schema), DONE);
    }
    // Dropped at once: it holds all variables of the process.
    let (mut config, problems) = Config::examine(
        &Layers {
            defaults: product.defaults,
            file: options.config.clone(),
            assignments: options.set.clone(),
            read_only: options.read_only,
            profile: options.profile.clone(),
            env_file: options.env_file.clone(),
            environment: Environment::process(),
        },
        &plugins,
        &product.schema_of(),
    );
    if let Some(Command::Env) = command {
        let schema = Config::schema(product.identity.name, &plugins, &product.schema_of());
        return Answers::plain().print(&config.example(product.identity.name, &schema), DONE);
    }
    let checking = matches!(command, Some(Command::Check { .. }));
    if !problems.is_empty() && !checking {
        return complain(&problems.to_string(), USAGE);
    }
    for (name, value) in config.added_variables.iter() {
        keep_secret(format!("env:{name}"), Secret::new(value.to_owned()));
    }
    if options.management.is_some() {
        config.management.listen = options.management;
    }
    let serving = matches!(command, None | Some(Command::Serve));
    if let Err(message) = start_logging(serving, &options, &config) {
        return complain(&message, USAGE);
    }
    let listen = options
        .http
        .map(|address| address.unwrap_or(config.http.listen));
    match command {
        // Those that need no configuration were answered above.
        None | Some(Command::Serve | Command::Describe { .. } | Command::Env | Command::Schema) => {
            serve::run(&product, config, listen, options.insecure)
        }
        Some(Command::Call {
            tool,
            arguments,
            json,
        }) => call::run(&product, &config, &tool, arguments.as_deref(), json),
        Some(Command::Healthcheck) => healthcheck::run(&config, listen),
        Some(Command::Check { json }) => {
            check::run(&product, &config, problems, listen, options.insecure, json)
        }
    }
}

/// Flags win over the configuration. A command that prints its own answer is quieter.
fn start_logging(serving: bool, options: &Options, config: &Config) -> Result<(), String> {
    let configured = config
        .log
        .level
        .as_ref()
        .and_then(|level| level.parse().ok());
    let quiet = || {
        if serving {
            Filter::default()
        } else {
            Filter::warnings()
        }
    };
    let filter = options
        .log_level
        .clone()
        .or(configured)
        .unwrap_or_else(quiet);
    let json = options
        .log_format
        .map_or(config.log.json, |format| format == LogFormat::Json);
    // A command that prints its own answer is run by somebody who looks at it.
    let path = config.log.to.as_deref().filter(|_| serving);
    let file = path.map(|path| {
        let rotation = config.log.rotate.map(|when| Rotation {
            when,
            keep: config.log.keep.unwrap_or(KEPT_LOGS),
            days: None,
            compress: config.log.compress,
        });
        LogFile::open(path)
            .map_err(|error| format!("`log.to`: {}", not_opened(path, &error)))?
            .rotating(rotation)
            .map_err(|error| format!("`log.rotate`: {error}"))
    });
    logging::start(filter, json, file.transpose()?);
    Ok(())
}
