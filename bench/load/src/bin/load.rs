//! The load: one kind of request, over and over, with every answer compared. Figures as JSON on standard output.
//!
//! usage: load http --address HOST:PORT --pid PID --work FILE [--connections N] [--idle N] [BOUNDS]
//!        load stdio --work FILE [--window N] [BOUNDS] -- COMMAND
//!        load issuer --audience URL
//! bounds: --warmup N --requests N --seconds S, whichever comes first; --settle S, in which the server may still work

use std::{
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use lexopt::prelude::*;
use mcp_factory_bench::{http::Load, issuer, measure::Bounds, stdio, work::Work};
use serde_json::Value;

fn run() -> Result<Option<Value>, Box<dyn std::error::Error>> {
    let mut parser = lexopt::Parser::from_env();
    let (mut mode, mut work, mut audience) = (String::new(), PathBuf::new(), String::new());
    let (mut window, mut command) = (1, Vec::new());
    let mut bounds = Bounds {
        warmup: 1000,
        requests: 1_000_000,
        time: Duration::from_secs(2),
        settle: Duration::ZERO,
    };
    let mut load = Load {
        address: ([127, 0, 0, 1], 0).into(),
        pid: 0,
        connections: 16,
        idle: 0,
        bounds,
    };
    while let Some(argument) = parser.next()? {
        match argument {
            Value(text) if mode.is_empty() => mode = text.string()?,
            Value(text) => {
                command.push(text.string()?);
                command.extend(
                    parser
                        .raw_args()?
                        .map(ValueExt::string)
                        .collect::<Result<Vec<_>, _>>()?,
                );
            }
            Long("address") => load.address = parser.value()?.parse()?,
            Long("pid") => load.pid = parser.value()?.parse()?,
            Long("work") => work = parser.value()?.into(),
            Long("audience") => audience = parser.value()?.string()?,
            Long("connections") => load.connections = parser.value()?.parse()?,
            Long("idle") => load.idle = parser.value()?.parse()?,
            Long("window") => window = parser.value()?.parse()?,
            Long("warmup") => bounds.warmup = parser.value()?.parse()?,
            Long("requests") => bounds.requests = parser.value()?.parse()?,
            Long("seconds") => bounds.time = Duration::from_secs_f64(parser.value()?.parse()?),
            Long("settle") => bounds.settle = Duration::from_secs_f64(parser.value()?.parse()?),
            _ => return Err(argument.unexpected().into()),
        }
    }
    load.bounds = bounds;
    match mode.as_str() {
        "http" => Ok(Some(load.run(&Work::read(&work)?)?)),
        "stdio" => Ok(Some(stdio::run(
            &command,
            &Work::read(&work)?,
            window,
            bounds,
        )?)),
        "issuer" => {
            issuer::run(&audience)?;
            Ok(None)
        }
        _ => Err("load http, load stdio or load issuer".into()),
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(report) => {
            let text = report
                .map(|report| format!("{report}\n"))
                .unwrap_or_default();
            let written = io::stdout().write_all(text.as_bytes());
            if written.is_ok() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(error) => {
            writeln!(io::stderr(), "load: {error}").ok();
            ExitCode::FAILURE
        }
    }
}
