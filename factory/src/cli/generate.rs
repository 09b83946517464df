//! `mcp-factory generate`

use serde_json::json;

use crate::{
    error::{Code, Failure, Result},
    generate::Generation,
};

use super::{arguments::GenerateArguments, project::Project, session::Session};

pub(super) fn run(session: &mut Session<'_>, arguments: &GenerateArguments) -> Result<()> {
    let project = Project::load(session, &arguments.selection, None)?;
    let plan = project.plan(session)?;
    let folder = arguments
        .out
        .clone()
        .unwrap_or_else(|| project.generated.clone());
    let generation = Generation {
        home: &project.home,
        interrupt: &session.interrupt,
        plan: &plan,
        manifest: project.text(),
        folder: std::path::absolute(&folder).unwrap_or_else(|_| folder.clone()),
        lockfile: project.lockfile.clone(),
        // The one that `build` chooses where it can; asking the compiler would take longer than all the rest.
        target: plan
            .build
            .target
            .clone()
            .unwrap_or_else(|| format!("{}-unknown-linux-musl", std::env::consts::ARCH)),
        offline: session.global.offline,
        locked: session.global.locked,
    };
    if arguments.check {
        let drift = generation.drift()?;
        if !drift.is_empty() {
            let message = format!("{} does not match the manifest", folder.display());
            return Err(Failure::new(Code::GeneratedOutOfDate, message)
                .note(format!("different: {}", drift.join(", ")))
                .fix("run `mcp-factory generate`")
                .into());
        }
        session.report.step(
            "Checked",
            &format!("{} is up to date", folder.display()),
            &json!({ "step": "check" }),
        );
    } else {
        let generated = generation.write()?;
        project.refresh_setup()?;
        let text = format!(
            "{} ({} files, {} changed)",
            folder.display(),
            generated.files,
            generated.changed
        );
        session.report.step(
            "Wrote",
            &text,
            &json!({ "step": "generate", "files": generated.files, "changed": generated.changed }),
        );
    }
    if session.report.is_json() {
        session
            .report
            .result(json!({ "folder": folder.display().to_string() }));
    }
    Ok(())
}
