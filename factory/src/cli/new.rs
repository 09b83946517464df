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
    PluginScaffold, ProjectScaffold, RenderError, render_plugin, render_project,
};
use serde_json::json;

use crate::{
    VERSION,
    cargo::metadata_of,
    catalog, embedded,
    error::{AtPath, Code, Error, Failure, Result},
    home::Home,
    manifest::{Origin, PluginEntry},
    names::{PluginName, ServerName},
    resolve::unknown,
};

use super::{
    arguments::NewArguments,
    project::{checked, plugin_names},
    session::Session,
    setup,
};

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
        let built_in = built_in(&arguments.plugins)?;
        let project = ProjectScaffold {
            name: server.to_string(),
            factory: VERSION.to_owned(),
            built_in,
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

/// The built-in plugins that a project starts with; each has to exist.
fn built_in(list: &[String]) -> Result<Vec<String>> {
    let mut failures = Vec::new();
    let mut names = Vec::new();
    for name in plugin_names(list)? {
        if catalog::find(name.as_str()).is_none() {
            let entry = PluginEntry {
                name: name.clone(),
                place: None,
                origin: Origin::BuiltIn(None),
                prefix: None,
                allow: Vec::new(),
                deny: Vec::new(),
                config: toml::Table::new(),
                features: Vec::new(),
            };
            failures.push(unknown(&entry));
        }
        names.push(name.to_string());
    }
    if failures.is_empty() {
        Ok(names)
    } else {
        Err(Error(failures))
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
