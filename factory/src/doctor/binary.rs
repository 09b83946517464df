//! A built server: what its file says, whether it starts, whether its configuration is good, and what it writes.

use std::{path::Path, process::Command, time::Duration};

use crate::{
    built::Built,
    client::{Era, Target, open},
    error::{Code, Failure, plain},
    interrupt::Interrupt,
    process, started,
    verify::{describe, elf},
};

use super::Findings;

/// Plugins may want to reach something before they say that they are well.
const PATIENCE: Duration = Duration::from_mins(1);
const MOST_BYTES: u64 = 1 << 20;

/// Looks at a binary, started with these arguments.
pub(crate) fn examine_binary(
    findings: &mut Findings,
    path: &Path,
    arguments: &[String],
    interrupt: &Interrupt,
) {
    let shown = path.display();
    let built = match Built::read(path) {
        Ok(built) => built,
        Err(error) => return findings.trouble(error),
    };
    let server = &built.recipe.server;
    findings.fine(format!(
        "{shown} is {} {}, built by mcp-factory {}",
        server.name, server.version, built.recipe.factory
    ));
    if built.recipe.factory != crate::VERSION {
        findings.note(
            format!(
                "it was built by another release than this one, {}",
                crate::VERSION
            ),
            Some("mcp-factory build"),
        );
    }
    match elf::check_static(&built.facts) {
        Ok(()) => findings.fine("it is static: it needs no loader and no library"),
        Err(error) => findings.note(
            error.to_string(),
            Some("mcp-factory build --static require"),
        ),
    }
    if built.facts.machine != std::env::consts::ARCH {
        return findings.note(
            format!(
                "it is for {}, and cannot be started here",
                built.facts.machine
            ),
            None,
        );
    }
    let Ok(path) = std::path::absolute(path) else {
        return;
    };
    match describe::ask(&path, interrupt) {
        Ok(description) => findings.fine(format!(
            "it starts and describes itself: {} tools",
            description.tools.len()
        )),
        Err(error) => return findings.trouble(error),
    }
    let mut check = Command::new(&path);
    check.arg("check").args(started::options(arguments));
    match process::run(&mut check, PATIENCE, MOST_BYTES, interrupt) {
        Ok(outcome) if outcome.success() => {
            for line in outcome
                .stderr
                .lines()
                .filter_map(|line| line.strip_prefix("warning: "))
            {
                findings.note(line.to_owned(), None);
            }
            findings.fine("its configuration is good");
        }
        Ok(outcome) => {
            let failure = Failure::new(
                Code::Unwell,
                "its configuration is not good, so it does not serve",
            )
            .fix(format!(
                "give the arguments that it runs with: mcp-factory doctor {shown} -- --config FILE"
            ))
            .detail(outcome.stderr);
            return findings.trouble(failure.into());
        }
        Err(error) => {
            let failure = Failure::new(
                Code::Unwell,
                format!("`{shown} check` cannot be run: {}", plain(&error)),
            );
            return findings.trouble(failure.into());
        }
    }
    let mut command = vec![path.display().to_string()];
    command.extend(started::on_stdio(arguments));
    match open(&Target::Command(command), Era::Auto, false, interrupt) {
        Ok(_) => findings.fine("on stdio it answers, and writes nothing else to stdout"),
        Err(why) => {
            let failure = Failure::new(
                Code::Unwell,
                format!(
                    "on stdio it does not answer: {}",
                    mcp_factory_sdk::visible(&why)
                ),
            )
            .fix("whatever writes to stdout beside the protocol has to write to stderr");
            findings.trouble(failure.into());
        }
    }
}
