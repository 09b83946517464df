//! What a rendering is made from: plain values, in the order in which they will be written.
//!
//! Names are expected to be validated already; every other string may hold anything.

use serde::Serialize;

/// The crate of a server.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ServerCrate {
    /// Name of the server, of its crate and of its binary.
    pub name: String,
    /// Its version, in semver.
    pub version: String,
    /// What it is for; one sentence.
    pub description: String,
    /// Version of the factory that writes it, and of `mcp-factory-server` which it links.
    pub factory: String,
    /// The plugins, in the order of the manifest.
    pub mounts: Vec<Mount>,
    /// The crates of the plugins, each once, sorted by name.
    pub dependencies: Vec<Dependency>,
    /// Default settings: the text of a TOML document.
    pub defaults: String,
    /// Whether it offers no tool that changes something.
    pub read_only: bool,
}

/// A plugin in a server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Mount {
    /// Its name in the manifest and in the configuration.
    pub name: String,
    /// The library to name in Rust, such as `mcp_plugin_fs`.
    pub library: String,
    /// The path of its definition inside the library, such as `PLUGIN`.
    pub entry: String,
    /// The comment over its line, such as `built-in 0.1.0`.
    pub comment: String,
    /// Where it came from, in the manifest's words.
    pub source: String,
    /// What its tools' and prompts' names start with, without the underscore.
    pub prefix: Option<String>,
    /// The only tools to keep, by their own names; empty keeps all.
    pub allow: Vec<String>,
    /// Tools to leave out, by their own names.
    pub deny: Vec<String>,
}

/// A crate that the server links.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Dependency {
    /// The package's name.
    pub package: String,
    /// Where it comes from.
    pub source: DependencySource,
    /// Cargo features to turn on.
    pub features: Vec<String>,
}

/// Where a crate comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum DependencySource {
    /// A registry; the text is a version requirement.
    Registry(String),
    /// A directory, relative to the generated crate where that is possible.
    Path(String),
    /// A git repository.
    Git {
        /// Its address.
        url: String,
        /// Which commit.
        reference: GitReference,
    },
}

/// Which commit of a git repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum GitReference {
    /// The tip of the default branch, as the lockfile pins it.
    Default,
    /// A commit.
    Rev(String),
    /// A tag.
    Tag(String),
    /// The tip of a branch, as the lockfile pins it.
    Branch(String),
}

/// A new project: a manifest, a first plugin, and the files around them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ProjectScaffold {
    /// Name of the server.
    pub name: String,
    /// Version of the factory.
    pub factory: String,
    /// Built-in plugins to start with.
    pub built_in: Vec<String>,
    /// The first plugin of its own, in `plugins/<name>`.
    pub plugin: PluginScaffold,
}

/// A new plugin crate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PluginScaffold {
    /// Name of the plugin, such as `team-notes`.
    pub name: String,
    /// Version of the SDK to depend on.
    pub factory: String,
    /// The newest interface between plugins and servers that the factory knows.
    pub interface: u32,
}

impl ServerCrate {
    /// The requirement on the crates that are released together with the factory.
    pub fn pinned(&self) -> String {
        format!("={}", self.factory)
    }
}

impl ProjectScaffold {
    /// A first description of the server.
    pub fn description(&self) -> String {
        format!("The {} server", self.name)
    }

    /// Where the first plugin goes, relative to the project.
    pub fn plugin_folder(&self) -> String {
        format!("plugins/{}", self.plugin.name)
    }
}

impl PluginScaffold {
    /// The package: `mcp-plugin-team-notes`.
    pub fn package(&self) -> String {
        format!("mcp-plugin-{}", self.name)
    }

    /// The library: `mcp_plugin_team_notes`.
    pub fn library(&self) -> String {
        self.package().replace('-', "_")
    }

    /// The type: `TeamNotes`.
    pub fn type_name(&self) -> String {
        self.name
            .split(['-', '_'])
            .filter_map(|word| {
                let mut letters = word.chars();
                let first = letters.next()?.to_ascii_uppercase();
                Some(std::iter::once(first).chain(letters).collect::<String>())
            })
            .collect()
    }
}
