//! `mcp-factory new`: a project, or a plugin. Nothing that is there is overwritten, and nothing appears
//! until all of it is written.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use mcp_factory_sdk::INTERFACE_VERSION;
use mcp_factory_templates::{
    BuiltInScaffold, PluginScaffold, ProjectScaffold, RenderError, render_plugin, render_project,
};
use serde_json::json;

use crate::{
    VERSION,
    cargo::metadata_of,
    catalog, embedded,
    error::{AtPath, Code, Error, Failure, Result},
    home::Home,
    manifest::PluginEntry,
    names::{PluginName, ServerName},
    plan::sharing,
    replace::{self, Replaced, Replacement},
    resolve::unknown,
    scan::scan,
};

use super::{
    arguments::NewArguments,
    project::{checked, plugin_names},
    session::Session,
    setup,
};

/// With more tools than this, models begin to choose badly.
const USUAL_TOOLS: usize = 40;
/// What a project's own plugin may soon have.
const OWN_TOOLS: usize = 5;

pub(super) fn run(session: &mut Session<'_>, arguments: &NewArguments) -> Result<()> {
    let name = &arguments.name;
    let plugin = checked("plugin", name, PluginName::FORM, PluginName::parse(name))?;
    let scaffold = PluginScaffold {
        name: plugin.to_string(),
        factory: VERSION.to_owned(),
        interface: INTERFACE_VERSION,
    };
    let internal =
        |error: RenderError| Error::from(Failure::new(Code::Internal, error.to_string()));
    let files = if arguments.plugin {
        render_plugin(&scaffold).map_err(internal)?
    } else {
        let server = checked("server", name, ServerName::FORM, ServerName::parse(name))?;
        let replacement = match &arguments.from {
            Some(path) => replace::read(path)?,
            None => Replacement::default(),
        };
        let mut built_in = built_in(&arguments.plugins, &replacement)?;
        let max_tools = keep_apart(&mut built_in)?;
        tell(session, &replacement);
        let project = ProjectScaffold {
            name: server.to_string(),
            factory: VERSION.to_owned(),
            built_in,
            max_tools,
            kept: replacement
                .kept
                .iter()
                .map(|(name, why)| format!("{name}: {why}"))
                .collect(),
            plugin: scaffold,
        };
        render_project(&project).map_err(internal)?
    };

    let folder = Path::new(name);
    if folder.symlink_metadata().is_ok() {
        return Err(
            Failure::new(Code::AlreadyExists, format!("{name} exists already"))
                .fix("choose another name, or another place with -C")
                .into(),
        );
    }
    let home = Home::find()?;
    let staging = tempfile::Builder::new()
        .prefix(".new-")
        .tempdir_in(".")
        .at_path("write in", Path::new("."))?;
    let root = staging.path().join(name);
    for file in &files {
        let path = root.join(&file.path);
        let parent = path.parent().unwrap_or(&root);
        fs::create_dir_all(parent).at_path("create", parent)?;
        fs::write(&path, &file.contents).at_path("write", &path)?;
    }
    setup::write(&home, &root)?;
    lock(session, &root)?;
    if !arguments.no_git && !arguments.plugin {
        git_init(&root);
    }
    session.interrupt.check()?;
    fs::rename(&root, folder).at_path("write", folder)?;

    let next = if arguments.plugin {
        "cargo test"
    } else {
        "mcp-factory build"
    };
    session.report.step(
        "Created",
        &format!("{name}/ ({} files)", files.len()),
        &json!({ "step": "new" }),
    );
    session.report.line("Next", &format!("cd {name} && {next}"));
    if session.report.is_json() {
        let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
        session
            .report
            .result(json!({ "folder": name, "files": paths }));
    }
    Ok(())
}

/// The built-in plugins that a project starts with; each has to exist. Those that were asked for by name
/// come after those that replace something.
fn built_in(list: &[String], replacement: &Replacement) -> Result<Vec<BuiltInScaffold>> {
    let mut failures = Vec::new();
    let mut plugins: Vec<BuiltInScaffold> = replacement.plugins.iter().map(scaffold).collect();
    for name in plugin_names(list)? {
        if catalog::find(name.as_str()).is_none() {
            failures.push(unknown(&PluginEntry::built_in(name.clone())));
        }
        if plugins.iter().all(|plugin| plugin.name != name.as_str()) {
            plugins.push(BuiltInScaffold {
                name: name.to_string(),
                ..BuiltInScaffold::default()
            });
        }
    }
    if failures.is_empty() {
        Ok(plugins)
    } else {
        Err(Error(failures))
    }
}

/// Gives those that have names in common a prefix, and says how many tools the project may have: more than
/// usual if it begins with more.
fn keep_apart(plugins: &mut [BuiltInScaffold]) -> Result<usize> {
    let mut scanned = Vec::new();
    for plugin in plugins.iter() {
        let sources = catalog::find(&plugin.name).map(|found| found.sources());
        let found = scan(&sources.unwrap_or_default());
        scanned.push(found.map_err(|error| {
            let message = format!(
                "the built-in plugin `{}` cannot be read: {error:?}",
                plugin.name
            );
            Failure::new(Code::Internal, message)
        })?);
    }
    for index in sharing(scanned.iter()) {
        plugins[index].prefix = Some(plugins[index].name.clone());
    }
    let tools: usize = scanned.iter().map(|plugin| plugin.tools.len()).sum();
    // Room for those of the project's own plugin.
    Ok((tools + OWN_TOOLS).next_multiple_of(10).max(USUAL_TOOLS))
}

fn scaffold(replaced: &Replaced) -> BuiltInScaffold {
    let first = format!(
        "Replaces {} ({}).",
        replaced.servers.join(", "),
        replaced.package
    );
    let notes = std::iter::once(first).chain(replaced.notes.iter().cloned());
    let config = if replaced.config.is_empty() {
        String::new()
    } else {
        toml::Value::Table(replaced.config.clone()).to_string()
    };
    BuiltInScaffold {
        name: replaced.plugin.to_owned(),
        notes: notes.collect(),
        config,
        prefix: None,
    }
}

/// What becomes of each server that the client ran.
fn tell(session: &mut Session<'_>, replacement: &Replacement) {
    for replaced in &replacement.plugins {
        let servers = replaced.servers.join(", ");
        session.report.step(
            "Replaces",
            &format!("{servers} ({}) with {}", replaced.package, replaced.plugin),
            &json!({ "step": "replace", "servers": replaced.servers, "package": replaced.package, "plugin": replaced.plugin, "notes": replaced.notes }),
        );
        for note in &replaced.notes {
            session.report.line("", &format!("  {note}"));
        }
    }
    for (name, why) in &replacement.kept {
        session.report.step(
            "Keeps",
            &format!("{name}: {why}"),
            &json!({ "step": "keep", "server": name, "why": why }),
        );
    }
}

/// The tested version of every crate, as far as this machine has them; cargo finds others by itself.
fn lock(session: &Session<'_>, root: &Path) -> Result<()> {
    let path = root.join("Cargo.lock");
    fs::write(&path, embedded::lockfile()).at_path("write", &path)?;
    let pruned = metadata_of(
        root,
        ["--offline".into()],
        Duration::from_mins(1),
        &session.interrupt,
    );
    if !matches!(pruned, Ok(Ok(_))) {
        fs::remove_file(&path).at_path("remove", &path)?;
    }
    Ok(())
}

/// Not having git, or being inside a repository already, is fine.
fn git_init(root: &Path) {
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command
            .args(arguments)
            .current_dir(root)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    if !git(&["rev-parse", "--is-inside-work-tree"]) {
        let _initialised = git(&["init", "--quiet"]);
    }
}
