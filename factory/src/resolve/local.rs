//! A plugin in a directory: its package is read with `cargo metadata`, its sources from the disk.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    cargo::metadata_of,
    error::{AtPath, Code, Failure, Result},
    manifest::PluginEntry,
    memo::Memo,
    paths,
    plan::Location,
    read::read_text,
};

use super::{PluginMetadata, Resolved, Resolver, describe, scan_plugin};

/// What is kept of cargo's answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) library: String,
    /// The directory of the library's sources.
    pub(super) sources: PathBuf,
    /// `package.metadata`.
    pub(super) metadata: Value,
    /// The files that the answer depends on.
    pub(super) inputs: Vec<PathBuf>,
}

impl Package {
    /// Takes what is needed of a package; `None` when it has no library.
    pub(super) fn of(package: &cargo_metadata::Package, workspace: &Path) -> Option<Self> {
        let library = package
            .targets
            .iter()
            .find(|target| target.is_lib() || target.is_rlib())?;
        let sources = library.src_path.parent()?;
        Some(Self {
            name: package.name.to_string(),
            version: package.version.to_string(),
            library: library.name.replace('-', "_"),
            sources: sources.into(),
            metadata: package.metadata.clone(),
            inputs: vec![
                package.manifest_path.clone().into(),
                workspace.join("Cargo.toml"),
            ],
        })
    }
}

/// Finds the plugin at `path`, which is relative to the manifest.
pub(super) fn resolve(
    resolver: &Resolver<'_>,
    entry: &PluginEntry,
    path: &str,
) -> Result<Resolved> {
    let folder = paths::canonical(&resolver.folder.join(path));
    let manifest = folder.join("Cargo.toml");
    if !manifest.is_file() {
        let (problem, fix) = if folder.is_dir() {
            (
                "has no Cargo.toml",
                format!(
                    "make a plugin there: mcp-factory -C {path} new --plugin {}",
                    entry.name
                ),
            )
        } else {
            (
                "does not exist",
                "correct the path; it is relative to the manifest".to_owned(),
            )
        };
        return Err(Failure::new(
            Code::NoDirectory,
            format!("plugin `{}`: {path} {problem}", entry.name),
        )
        .at(entry.place.as_ref(), "this plugin")
        .fix(fix)
        .into());
    }
    let package = read(resolver, entry, &folder, &manifest)?;
    from_package(
        entry,
        Some(&package),
        &describe(&entry.origin),
        Location::Path(folder),
    )
}

fn read(
    resolver: &Resolver<'_>,
    entry: &PluginEntry,
    folder: &Path,
    manifest: &Path,
) -> Result<Package> {
    let memo = Memo::new(
        &resolver.home.memo(),
        &format!("package {} {}", crate::VERSION, folder.display()),
    );
    if let Some(package) = memo.get() {
        return Ok(package);
    }
    let arguments = ["--no-deps", "--manifest-path"]
        .map(Into::into)
        .into_iter()
        .chain([manifest.as_os_str().to_owned()]);
    let metadata = metadata_of(
        folder,
        arguments,
        Duration::from_mins(1),
        resolver.interrupt,
    )?
    .map_err(|stderr| {
        Failure::new(
            Code::Unresolved,
            format!("cargo cannot read the crate of plugin `{}`", entry.name),
        )
        .at(entry.place.as_ref(), "this plugin")
        .fix(format!("correct {}", manifest.display()))
        .detail(stderr)
    })?;
    let found = metadata
        .packages
        .iter()
        .find(|package| package.manifest_path == *manifest);
    let package =
        found.and_then(|package| Package::of(package, metadata.workspace_root.as_std_path()));
    let package = package.ok_or_else(|| {
        Failure::new(
            Code::NotAPlugin,
            format!(
                "plugin `{}`: {} is no library",
                entry.name,
                folder.display()
            ),
        )
        .at(entry.place.as_ref(), "this plugin")
        .fix("name the directory of the plugin's own crate, one with src/lib.rs")
    })?;
    memo.put(package.inputs.clone(), &package);
    Ok(package)
}

/// Reads a package as a plugin.
pub(super) fn from_package(
    entry: &PluginEntry,
    package: Option<&Package>,
    source: &str,
    location: Location,
) -> Result<Resolved> {
    let package = package.ok_or_else(|| {
        Failure::new(
            Code::Unresolved,
            format!("plugin `{}`: {source} has no such package", entry.name),
        )
        .at(entry.place.as_ref(), "this plugin")
        .fix("say which one: crate = \"name\"")
    })?;
    let metadata = PluginMetadata::read(entry, &package.name, Some(&package.metadata))?;
    let mut sources = Vec::new();
    collect(&package.sources, &package.sources, &mut sources)?;
    sources.sort();
    Ok(Resolved {
        package: package.name.clone(),
        version: package.version.clone(),
        library: package.library.clone(),
        source: source.to_owned(),
        scanned: scan_plugin(entry, &package.name, &sources)?,
        location,
        metadata,
    })
}

fn collect(root: &Path, folder: &Path, sources: &mut Vec<(String, String)>) -> Result<()> {
    for found in fs::read_dir(folder).at_path("read", folder)? {
        let path = found.at_path("read", folder)?.path();
        // A link could lead in a circle.
        let kind = fs::symlink_metadata(&path).at_path("read", &path)?;
        if kind.is_dir() {
            collect(root, &path, sources)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = read_text(&path).at_path("read", &path)?;
            let below = path.strip_prefix(root).unwrap_or(&path);
            sources.push((format!("src/{}", below.display()), text));
        }
    }
    Ok(())
}
