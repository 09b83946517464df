//! `mcp-factory build`: the whole road, one step after the other.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use serde_json::json;

use crate::{
    build::{Destination, Verified, verify},
    cargo::{BuildLock, CCompiler, Compilation, Linking, Toolchain, choose, compile},
    error::{AtPath, Result},
    generate::Generation,
    memo::sha256,
    names::Target,
    plan::{Plan, Why, count},
    verify::{describe::tokens, secrets},
};

use super::{
    arguments::BuildArguments,
    project::{Project, checked},
    session::Session,
};

pub(super) fn run(session: &mut Session<'_>, arguments: &BuildArguments) -> Result<()> {
    let started = Instant::now();
    let mut project = Project::load(session, &arguments.selection, arguments.output.as_deref())?;
    apply(&mut project, arguments)?;
    let plan = project.plan(session)?;
    let output = arguments
        .output
        .clone()
        .unwrap_or_else(|| PathBuf::from(&plan.server.name));
    let destination = Destination::check(&output)?;
    resolved(session, &plan);

    let _lock = BuildLock::take(&project.home.build_lock(), &session.interrupt, |text| {
        session.report.warn(text);
    })?;
    fs::create_dir_all(&project.generated).at_path("create", &project.generated)?;
    let toolchain = Toolchain::find(&project.generated, &session.interrupt)?;
    let linking = choose(
        &toolchain,
        plan.build.target.as_deref(),
        plan.build.static_mode,
        session.global.offline,
        &session.interrupt,
        |text: &str| session.report.warn(text),
    )?;
    if let Some(why) = &linking.why {
        session.report.warn(why);
    }
    let c_compiler = CCompiler::find(&linking.target, &toolchain.host)?;
    let packages = generate(session, &project, &plan, &linking)?;

    let compiling = Instant::now();
    let compilation = Compilation {
        home: &project.home,
        folder: &project.generated,
        server: &plan.server.name,
        plugins: &plan.plugins,
        toolchain: &toolchain,
        linking: &linking,
        c_compiler: &c_compiler,
        profile: plan.build.profile.as_str(),
        jobs: arguments.jobs,
        offline: session.global.offline,
        packages,
    };
    let built = compile(&compilation, &session.interrupt, session.report)?;
    let seconds = compiling.elapsed().as_secs_f64();
    let text = format!(
        "{} of {packages} packages for {}, profile {}",
        built.packages,
        linking.target,
        plan.build.profile.as_str()
    );
    session.report.step("Compiled", &timed(&text, seconds), &json!({ "step": "compile", "packages": packages, "compiled": built.packages, "target": linking.target, "seconds": seconds }));

    let staged = destination.stage(&built.binary)?;
    let verified = if arguments.skip_verify {
        None
    } else {
        Some(verify(&staged, &plan, &linking, &session.interrupt)?)
    };
    if let Some(verified) = &verified {
        if let Some(description) = &verified.description {
            secrets::check(&plan, description, project.manifest.source.as_ref())?;
        }
        report_verified(session, verified, &plan);
    }
    session.interrupt.check()?;
    destination.publish(staged)?;
    finish(
        session,
        &destination.path,
        &output,
        &linking,
        verified.as_ref(),
        started,
    )
}

/// What the command line says wins over the manifest.
fn apply(project: &mut Project, arguments: &BuildArguments) -> Result<()> {
    let build = &mut project.manifest.build;
    build.profile = arguments.profile.or(build.profile);
    build.static_mode = arguments.static_mode.or(build.static_mode);
    if let Some(target) = &arguments.target {
        build.target = Some(checked(
            "target",
            target,
            Target::FORM,
            Target::parse(target),
        )?);
    }
    Ok(())
}

fn resolved(session: &mut Session<'_>, plan: &Plan) {
    let names: Vec<&str> = plan
        .plugins
        .iter()
        .map(|plugin| plugin.name.as_str())
        .collect();
    let read_only = if plan.server.read_only {
        let left_out = plan.left_out.iter();
        let left_out = left_out.filter(|tool| tool.why == Why::ReadOnly).count();
        format!(" (read-only: {left_out} left out)")
    } else {
        String::new()
    };
    let text = format!(
        "{}, {}{read_only}, no two names alike ({})",
        count(plan.plugins.len(), "plugin"),
        count(plan.tools.len(), "tool"),
        names.join(", ")
    );
    session.report.step(
        "Resolved",
        &text,
        &json!({ "step": "resolve", "plugins": names, "tools": plan.tools.len() }),
    );
}

fn generate(
    session: &mut Session<'_>,
    project: &Project,
    plan: &Plan,
    linking: &Linking,
) -> Result<usize> {
    let generation = Generation {
        home: &project.home,
        interrupt: &session.interrupt,
        plan,
        manifest: project.text(),
        folder: project.generated.clone(),
        lockfile: project.lockfile.clone(),
        target: linking.target.clone(),
        offline: session.global.offline,
        locked: session.global.locked,
    };
    let generated = generation.write()?;
    project.refresh_setup()?;
    let lock = if generated.lock_changed {
        ", mcp-factory.lock written"
    } else {
        ""
    };
    let text = format!(
        "{} ({} files, {} changed{lock})",
        project.generated.display(),
        generated.files,
        generated.changed
    );
    session.report.step(
        "Wrote",
        &text,
        &json!({ "step": "generate", "files": generated.files, "changed": generated.changed }),
    );
    Ok(generated.graph.packages.len())
}

fn report_verified(session: &mut Session<'_>, verified: &Verified, plan: &Plan) {
    let linking = if verified.is_static {
        "static (no interpreter, no shared libraries)"
    } else {
        "linked with shared libraries"
    };
    let (text, cost) = match &verified.description {
        Some(description) => {
            let cost = tokens(description);
            let of = plan
                .limits
                .max_tokens
                .map_or(String::new(), |most| format!(" of {most}"));
            (
                format!(
                    "{linking} · {} as planned · ~{cost} tokens{of}",
                    count(description.tools.len(), "tool")
                ),
                Some(cost),
            )
        }
        None => (
            format!("{linking} · built for another machine, so it was not run"),
            None,
        ),
    };
    session.report.step(
        "Verified",
        &text,
        &json!({ "step": "verify", "static": verified.is_static, "tokens": cost }),
    );
}

fn finish(
    session: &mut Session<'_>,
    path: &Path,
    output: &Path,
    linking: &Linking,
    verified: Option<&Verified>,
    started: Instant,
) -> Result<()> {
    let bytes = fs::metadata(path).at_path("read", path)?.len();
    let seconds = started.elapsed().as_secs_f64();
    if session.report.is_json() {
        let contents = fs::read(path).at_path("read", path)?;
        let description = verified.and_then(|verified| verified.description.as_ref());
        session.report.result(json!({
            "binary": path.display().to_string(),
            "sha256": sha256(&contents),
            "bytes": bytes,
            "target": linking.target,
            "static": verified.map(|verified| verified.is_static),
            "tools": description.map(|description| description.tools.len()),
            "tokens": description.map(tokens),
            "seconds": seconds,
        }));
        return Ok(());
    }
    let shown = if output.components().count() == 1 {
        format!("./{}", output.display())
    } else {
        output.display().to_string()
    };
    #[expect(clippy::cast_precision_loss, reason = "one decimal of a size is shown")]
    let size = bytes as f64 / f64::from(1 << 20);
    session
        .report
        .line("Built", &timed(&format!("{shown}  {size:.1} MiB"), seconds));
    session
        .report
        .line("Next", &format!("{shown} describe   or   {shown} check"));
    Ok(())
}

fn timed(text: &str, seconds: f64) -> String {
    format!("{text}  in {seconds:.1}s")
}
