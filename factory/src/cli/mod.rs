//! The command line: what can be asked for, and which module does it.

mod arguments;
mod binary;
mod build;
mod client;
mod deploy;
mod doctor;
mod generate;
mod image;
mod inspect;
mod install;
mod new;
mod plan;
mod plugins;
mod project;
mod session;
mod setup;

use std::{ffi::OsString, process::ExitCode};

use anstream::ColorChoice;
use clap::Parser as _;

use crate::{
    error::{AtPath as _, Code, Exit, Failure, Result},
    interrupt::Interrupt,
    report::Report,
};

use arguments::{Cli, Color, Command};
use session::Session;

/// Runs one command and says how it went.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers, everything else is a mistake; clap knows which stream.
            let _printed = error.print();
            return ExitCode::from(if error.use_stderr() {
                Exit::Usage as u8
            } else {
                0
            });
        }
    };
    let color = match cli.global.color {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    };
    let mut report = Report::new(
        cli.global.format,
        cli.global.quiet,
        cli.global.verbose,
        color,
    );
    match run(cli, &mut report) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report.error(&error);
            ExitCode::from(error.exit() as u8)
        }
    }
}

fn run(cli: Cli, report: &mut Report) -> Result<()> {
    if let Some(folder) = &cli.global.directory {
        std::env::set_current_dir(folder)
            .at_path("enter", folder)
            .map_err(|mut error| {
                for failure in &mut error.0 {
                    failure.code = Code::Usage;
                }
                error
            })?;
    }
    let interrupt = Interrupt::listen().map_err(|error| {
        Failure::new(
            Code::Internal,
            format!("signals cannot be listened to: {error}"),
        )
    })?;
    let mut session = Session {
        global: cli.global,
        interrupt,
        report,
    };
    match cli.command {
        Command::Build(arguments) => build::run(&mut session, &arguments),
        Command::Generate(arguments) => generate::run(&mut session, &arguments),
        Command::Plan(arguments) => plan::run(&mut session, &arguments),
        Command::New(arguments) => new::run(&mut session, &arguments),
        Command::Plugins(command) => plugins::run(&mut session, &command),
        Command::Inspect(arguments) => inspect::run(&mut session, &arguments),
        Command::Image(arguments) => image::run(&mut session, &arguments),
        Command::Install(arguments) => install::run(&mut session, &arguments),
        Command::Deploy(arguments) => deploy::run(&mut session, &arguments),
        Command::Client(arguments) => client::run(&mut session, &arguments),
        Command::Doctor(arguments) => doctor::run(&mut session, &arguments),
        Command::Setup => setup::run(&mut session),
    }
}
