//! `mcp-factory client`: commands from a terminal, from `--exec`, or one a line from standard input.

mod terminal;

use std::io::{self, BufRead as _, IsTerminal as _};

use serde_json::json;

use crate::{
    client::{Outcome, Shell, Target, open},
    error::{Code, Failure, Result},
    home::Home,
};

use super::{arguments::ClientArguments, session::Session};
use terminal::Terminal;

pub(super) fn run(session: &mut Session<'_>, arguments: &ClientArguments) -> Result<()> {
    let target = target(arguments)?;
    let frames = session.report.verbose() > 0;
    let mut shell = open(&target, arguments.era, frames, &session.interrupt).map_err(|why| {
        session.interrupt.check().err().unwrap_or_else(|| {
            Failure::new(
                Code::Unreachable,
                format!(
                    "the server cannot be spoken to: {}",
                    mcp_factory_sdk::visible(&why)
                ),
            )
            .fix("start it by hand and see what it says; -v shows every frame")
            .into()
        })
    })?;
    show_frames(session, &mut shell);
    if !arguments.exec.is_empty() {
        return script(
            session,
            &mut shell,
            arguments.exec.iter().map(|line| Ok(line.clone())),
        );
    }
    if !io::stdin().is_terminal() {
        return script(session, &mut shell, io::stdin().lock().lines());
    }
    interactive(session, &mut shell)
}

fn target(arguments: &ClientArguments) -> Result<Target> {
    let headers = arguments.headers.iter().map(|text| {
        text.split_once(':')
            .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
            .filter(|(name, _)| !name.is_empty() && !text.contains(['\r', '\n']))
            .ok_or_else(|| {
                Failure::new(Code::Usage, "--header takes NAME: VALUE")
                    .fix("write --header 'Authorization: Bearer …'")
                    .into()
            })
    });
    let headers = headers.collect::<Result<Vec<_>>>()?;
    match (&arguments.url, arguments.command.is_empty()) {
        (Some(url), true) if url.starts_with("https://") || url.starts_with("http://") => Ok(Target::Url(url.clone(), headers)),
        (None, false) if headers.is_empty() => Ok(Target::Command(arguments.command.clone())),
        _ => Err(Failure::new(Code::Usage, "name one server: a URL, or a command behind --")
            .fix("mcp-factory client -- ./files --set …   or   mcp-factory client http://127.0.0.1:8080/mcp")
            .into()),
    }
}

/// Every command in turn; a failure does not keep the next one from its turn, and is told at the end.
fn script(
    session: &mut Session<'_>,
    shell: &mut Shell,
    lines: impl Iterator<Item = io::Result<String>>,
) -> Result<()> {
    let (mut commands, mut failed) = (0, 0);
    for line in lines {
        let line = line.map_err(|error| {
            Failure::new(Code::Files, format!("the commands cannot be read: {error}"))
        })?;
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        session.interrupt.check()?;
        commands += 1;
        let outcome = shell.run(line, None);
        let is_over = matches!(outcome, Ok(Outcome::Quit));
        failed += usize::from(!tell(session, shell, line, outcome));
        if is_over {
            break;
        }
    }
    if failed == 0 {
        return Ok(());
    }
    Err(Failure::new(
        Code::CommandFailed,
        format!("{failed} of {commands} commands failed"),
    )
    .into())
}

/// Shows what a command came to, and what happened beside it. Returns whether it went well.
fn tell(
    session: &mut Session<'_>,
    shell: &mut Shell,
    line: &str,
    outcome: std::result::Result<Outcome, String>,
) -> bool {
    show_frames(session, shell);
    for notice in shell.notices() {
        session
            .report
            .line("Heard", &mcp_factory_sdk::visible(&notice));
    }
    show_frames(session, shell);
    match outcome {
        Ok(Outcome::Quit) => true,
        Ok(Outcome::Said(text, value)) => {
            if session.report.is_json() {
                session
                    .report
                    .event(&json!({ "command": line, "result": value }));
            } else {
                // A server's words must not steer the terminal.
                session
                    .report
                    .data(&format!("{}\n", mcp_factory_sdk::visible(text.trim_end())));
            }
            true
        }
        Err(why) => {
            if session.report.is_json() {
                session
                    .report
                    .event(&json!({ "command": line, "error": why }));
            } else {
                session
                    .report
                    .say(&format!("failed: {}", mcp_factory_sdk::visible(&why)));
            }
            false
        }
    }
}

fn show_frames(session: &mut Session<'_>, shell: &mut Shell) {
    for frame in shell.frames() {
        session.report.say(&mcp_factory_sdk::visible(&frame));
    }
}

fn interactive(session: &mut Session<'_>, shell: &mut Shell) -> Result<()> {
    let history = Home::find()
        .ok()
        .map(|home| home.root().join("client-history"));
    let mut terminal = Terminal::new(history).map_err(|error| {
        Failure::new(Code::Files, format!("the terminal cannot be used: {error}"))
            .fix("use --exec COMMAND")
    })?;
    let Ok(Outcome::Said(text, _)) = shell.run("info", None) else {
        return Ok(());
    };
    session.report.data(&mcp_factory_sdk::visible(&text));
    session
        .report
        .data("`help` lists the commands, Tab completes, Ctrl-D ends\n");
    loop {
        terminal.complete(shell.names());
        let Some(line) = terminal.read("> ") else {
            return Ok(());
        };
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let mut ask = |parameter: &crate::client::Parameter| terminal.ask(parameter);
        let outcome = shell.run(line, Some(&mut ask));
        if matches!(outcome, Ok(Outcome::Quit)) {
            return Ok(());
        }
        tell(session, shell, line, outcome);
        session.interrupt.check()?;
    }
}
