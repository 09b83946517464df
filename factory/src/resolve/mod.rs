//! The plugins that a manifest names are found, and their crates and sources read.
//!
//! A bare name only ever means a built-in: nothing here asks a registry for a name that the manifest
//! does not call a crate.

mod local;
mod metadata;
mod remote;

use mcp_factory_templates::{DependencySource, GitReference};

use crate::{
    VERSION, catalog, embedded,
    error::{Code, Error, Failure, Result},
    home::Home,
    interrupt::Interrupt,
    manifest::{Manifest, Origin, PluginEntry},
    names::EntryPath,
    plan::Location,
    scan::{ScanError, Scanned, scan},
    suggest::nearest,
};

use metadata::PluginMetadata;

/// A plugin that has been found.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    pub(crate) package: String,
    pub(crate) version: String,
    pub(crate) library: String,
    pub(crate) source: String,
    pub(crate) location: Location,
    pub(crate) metadata: PluginMetadata,
    pub(crate) scanned: Scanned,
}

/// What finding plugins needs.
#[derive(Debug)]
pub(crate) struct Resolver<'a> {
    pub(crate) home: &'a Home,
    pub(crate) interrupt: &'a Interrupt,
    /// The manifest's directory.
    pub(crate) folder: &'a std::path::Path,
    pub(crate) offline: bool,
}

impl Resolver<'_> {
    /// Finds every plugin, in the order of the manifest.
    ///
    /// # Errors
    /// Every plugin that cannot be found or does not fit.
    pub(crate) fn resolve(&self, manifest: &Manifest) -> Result<Vec<Resolved>> {
        let remote = remote::fetch(self, manifest)?;
        let mut plugins = Vec::new();
        let mut failures = Vec::new();
        for entry in &manifest.plugins {
            let found = match &entry.origin {
                Origin::BuiltIn(version) => built_in(entry, version.as_ref()),
                Origin::Path(path) => local::resolve(self, entry, path),
                Origin::Git { package, .. } | Origin::Registry { package, .. } => {
                    local::from_package(
                        entry,
                        remote.get(package.as_str()),
                        &describe(&entry.origin),
                        location(entry),
                    )
                }
            };
            match found {
                Ok(plugin) => plugins.push(plugin),
                Err(Error(found)) => failures.extend(found),
            }
        }
        failures.extend(duplicates(manifest, &plugins));
        if failures.is_empty() {
            Ok(plugins)
        } else {
            Err(Error(failures))
        }
    }
}

/// Where a plugin comes from, in the manifest's words.
fn describe(origin: &Origin) -> String {
    match origin {
        Origin::BuiltIn(_) => "built-in".to_owned(),
        Origin::Path(path) => format!("path {path}"),
        Origin::Git { url, reference, .. } => match reference {
            GitReference::Default => format!("git {url}"),
            GitReference::Rev(name) | GitReference::Tag(name) | GitReference::Branch(name) => {
                format!("git {url}#{name}")
            }
        },
        Origin::Registry { package, version } => format!("crates.io {package} {version}"),
    }
}

fn location(entry: &PluginEntry) -> Location {
    Location::Cargo(match &entry.origin {
        Origin::Git { url, reference, .. } => DependencySource::Git {
            url: url.clone(),
            reference: reference.clone(),
        },
        Origin::Registry { version, .. } => DependencySource::Registry(version.to_string()),
        // Found through the patches in .cargo/config.toml.
        Origin::BuiltIn(_) | Origin::Path(_) => DependencySource::Registry(format!("={VERSION}")),
    })
}

fn built_in(entry: &PluginEntry, version: Option<&semver::VersionReq>) -> Result<Resolved> {
    let name = entry.name.as_str();
    let Some(plugin) = catalog::find(name) else {
        return Err(unknown(entry).into());
    };
    let carried = semver::Version::parse(VERSION).expect("the package's own version is valid");
    if let Some(wanted) = version.filter(|wanted| !wanted.matches(&carried)) {
        let message =
            format!("this mcp-factory carries `{name}` {VERSION}, and {wanted} is wanted");
        return Err(Failure::new(Code::BuiltInVersion, message)
            .at(entry.place.as_ref(), format!("wants {wanted}"))
            .fix(format!(
                "install the mcp-factory of that version, or write version = \"{VERSION}\""
            ))
            .into());
    }
    let metadata = plugin
        .manifest
        .get("package")
        .and_then(|package| serde_json::to_value(package.get("metadata")?).ok());
    let metadata = PluginMetadata::read(entry, &plugin.package, metadata.as_ref())?;
    Ok(Resolved {
        library: plugin.package.replace('-', "_"),
        version: VERSION.to_owned(),
        source: describe(&entry.origin),
        location: location(entry),
        scanned: scan_plugin(entry, &plugin.package, &plugin.sources())?,
        package: plugin.package,
        metadata,
    })
}

/// There is no built-in of this name.
pub(crate) fn unknown(entry: &PluginEntry) -> Failure {
    let name = entry.name.as_str();
    let plugins = catalog::all();
    let offered = plugins
        .iter()
        .filter(|plugin| !plugin.hidden)
        .map(|plugin| plugin.name);
    let best = nearest(name, offered);
    let fix = match best {
        Some(best) => {
            format!("write `{best}`, or give `{name}` a path, git or crate in the manifest")
        }
        None => "see `mcp-factory plugins list`, or give it a path, git or crate in the manifest"
            .to_owned(),
    };
    let label = best.map_or_else(
        || "not built in".to_owned(),
        |best| format!("did you mean `{best}`?"),
    );
    Failure::new(
        Code::UnknownPlugin,
        format!("there is no built-in plugin `{name}`"),
    )
    .at(entry.place.as_ref(), label)
    .fix(fix)
}

/// Reads the sources of a plugin.
fn scan_plugin(
    entry: &PluginEntry,
    package: &str,
    sources: &[(String, String)],
) -> Result<Scanned> {
    let name = entry.name.as_str();
    scan(sources).map_err(|error| {
        let failure = |message: String| {
            Failure::new(Code::UnreadableSource, message).at(entry.place.as_ref(), "this plugin")
        };
        match error {
            ScanError::Syntax {
                path,
                line,
                column,
                message,
            } => failure(format!(
                "the source of plugin `{name}` is not Rust: {message}"
            ))
            .note(format!("in {package}, {path}:{line}:{column}"))
            .fix("`cargo check` in the plugin's directory shows more"),
            ScanError::NoPlugin => failure(format!(
                "plugin `{name}` has no #[plugin] block in its source"
            ))
            .note(format!("the files below src/ of {package} were searched"))
            .fix(format!(
                "write #[plugin(name = \"{name}\")] over an impl block at the crate's root"
            )),
            ScanError::Several(paths) => failure(format!(
                "plugin `{name}` has {} #[plugin] blocks in its source",
                paths.len()
            ))
            .note(format!("in {package}: {}", paths.join(", ")))
            .fix("keep one in each crate"),
        }
        .into()
    })
}

/// Cargo links one crate of each name, and the server's own name is one of them.
fn duplicates(manifest: &Manifest, plugins: &[Resolved]) -> Vec<Failure> {
    let mut failures = Vec::new();
    let server = manifest.server.name.as_str();
    if embedded::crates().iter().any(|(name, _)| name == server) {
        let message =
            format!("a server cannot be called {server}: it is a crate of mcp-factory's own");
        failures
            .push(Failure::new(Code::DuplicateCrate, message).fix("give the server another name"));
        return failures;
    }
    // Whatever could not be found has been told already; names and places then no longer line up.
    let entries = if plugins.len() == manifest.plugins.len() {
        manifest.plugins.as_slice()
    } else {
        &[]
    };
    for (index, (entry, plugin)) in entries.iter().zip(plugins).enumerate() {
        let name = entry.name.as_str();
        if plugin.package == server {
            let message = format!(
                "the server and the crate of plugin `{name}` are both called {}",
                plugin.package
            );
            failures.push(
                Failure::new(Code::DuplicateCrate, message)
                    .at(entry.place.as_ref(), "this plugin")
                    .fix("give the server another name"),
            );
        }
        let same = |(_, other): &(&PluginEntry, &Resolved)| {
            other.package == plugin.package && other.location != plugin.location
        };
        if let Some((other, _)) = entries.iter().zip(plugins).take(index).find(same) {
            let message = format!(
                "plugins `{}` and `{name}` come from two crates called {}",
                other.name, plugin.package
            );
            failures.push(
                Failure::new(Code::DuplicateCrate, message)
                    .at(entry.place.as_ref(), "the second one")
                    .fix("rename one of the crates in its Cargo.toml"),
            );
        }
    }
    failures
}

/// Checks a path of a static, which becomes source code.
fn entry_path(entry: &PluginEntry, text: &str) -> Result<EntryPath> {
    EntryPath::parse(text).ok_or_else(|| {
        let message = format!(
            "plugin `{}` names an entry that cannot be: {text:?}",
            entry.name
        );
        Failure::new(Code::NotAPlugin, message)
            .at(entry.place.as_ref(), "this plugin")
            .fix(format!(
                "in its Cargo.toml, write an entry of {}",
                EntryPath::FORM
            ))
            .into()
    })
}
