//! `mcp-factory doctor`: what commonly goes wrong, looked for.

use std::path::Path;

use serde_json::json;

use crate::{
    doctor::{Finding, Findings, examine_binary, examine_clients, examine_machine},
    error::{Code, Failure, Result, render, to_json},
    manifest::FILE_NAME,
};

use super::{
    arguments::{DoctorArguments, Selection},
    project::Project,
    session::Session,
};

pub(super) fn run(session: &mut Session<'_>, arguments: &DoctorArguments) -> Result<()> {
    let mut findings = Findings::default();
    examine_machine(&mut findings, &session.interrupt);
    session.interrupt.check()?;
    let manifest = session
        .global
        .manifest
        .as_deref()
        .unwrap_or(Path::new(FILE_NAME));
    if manifest.exists() {
        let shown = manifest.display().to_string();
        let project = Project::load(session, &Selection::default(), None);
        match project.and_then(|project| project.plan(session)) {
            Ok(plan) => findings.0.push(Finding::Fine(format!(
                "{shown} can be built: {} tools",
                plan.tools.len()
            ))),
            Err(error) => findings.trouble(error),
        }
    }
    if let Some(binary) = &arguments.binary {
        examine_binary(
            &mut findings,
            binary,
            &arguments.arguments,
            &session.interrupt,
        );
    }
    session.interrupt.check()?;
    examine_clients(&mut findings);
    for finding in &findings.0 {
        tell(session, finding);
    }
    match findings.troubles() {
        0 => Ok(()),
        troubles => Err(Failure::new(
            Code::Unwell,
            format!(
                "{troubles} of {} findings want something done",
                findings.0.len()
            ),
        )
        .into()),
    }
}

fn tell(session: &mut Session<'_>, finding: &Finding) {
    if session.report.is_json() {
        session.report.event(&match finding {
            Finding::Fine(text) => json!({ "finding": "fine", "text": text }),
            Finding::Note(text, fix) => json!({ "finding": "note", "text": text, "fix": fix }),
            Finding::Trouble(failure) => json!({ "finding": "trouble", "error": to_json(failure) }),
        });
        return;
    }
    match finding {
        Finding::Fine(text) => session.report.data(&format!("fine   {text}\n")),
        Finding::Note(text, None) => session.report.data(&format!("note   {text}\n")),
        Finding::Note(text, Some(fix)) => session
            .report
            .data(&format!("note   {text}\n       fix: {fix}\n")),
        Finding::Trouble(failure) => session.report.data(&format!("{}\n", render(failure))),
    }
}
