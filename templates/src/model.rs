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
    /// Features of `mcp-factory-server` to turn on.
    pub features: Vec<String>,
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
    /// Tools that the manifest declares for it.
    pub declared: Vec<DeclaredTool>,
}

/// A tool that the manifest declares.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DeclaredTool {
    /// Its own name.
    pub name: String,
    /// A title for people.
    pub title: Option<String>,
    /// What it does.
    pub description: String,
    /// What a caller must hold.
    pub scope: String,
    /// The protocol's four hints.
    pub hints: ToolHints,
    /// How long a call may take, in milliseconds.
    pub timeout: Option<u64>,
    /// The gate that a second factor opens.
    pub gate: Option<String>,
    /// How often each caller may call it.
    pub rate: Option<ToolRate>,
    /// What it takes, in order.
    pub parameters: Vec<DeclaredParameter>,
    /// The plugin's own keys, as JSON.
    pub body: String,
}

/// The protocol's four hints of a tool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the protocol has four independent flags"
)]
pub struct ToolHints {
    /// Changes nothing.
    pub read_only: bool,
    /// May delete or overwrite.
    pub destructive: bool,
    /// The same call twice is as good as once.
    pub idempotent: bool,
    /// Reaches beyond the server.
    pub open_world: bool,
}

/// How often a tool may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ToolRate {
    /// How many calls.
    pub calls: u32,
    /// In how many milliseconds.
    pub milliseconds: u64,
}

/// A parameter of a declared tool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DeclaredParameter {
    /// Its name on the wire.
    pub name: String,
    /// What it is.
    pub description: String,
    /// What its values are: a variant of the SDK's `ParameterKind`.
    pub kind: String,
    /// Whether a call must have it.
    pub required: bool,
    /// What it is when a call leaves it out, as JSON.
    pub default: Option<String>,
    /// The only values, if not empty.
    pub choices: Vec<String>,
    /// The least value, as a Rust literal of a float.
    pub minimum: Option<String>,
    /// The greatest value, as a Rust literal of a float.
    pub maximum: Option<String>,
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
    pub built_in: Vec<BuiltInScaffold>,
    /// The most tools that it may have.
    pub max_tools: usize,
    /// What the project does not replace of what a client ran before: a line each.
    pub kept: Vec<String>,
    /// The first plugin of its own, in `plugins/<name>`.
    pub plugin: PluginScaffold,
}

/// A built-in plugin of a new project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BuiltInScaffold {
    /// Its name.
    pub name: String,
    /// What it takes the place of, and what is left to do: a line each.
    pub notes: Vec<String>,
    /// What its tools' names begin with, where another plugin of the project has a name in common.
    pub prefix: Option<String>,
    /// Its settings: the right-hand side of `config =`; none when empty.
    pub config: String,
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
    /// The runtime, of the factory's own release.
    pub fn runtime(&self) -> Dependency {
        Dependency {
            package: "mcp-factory-server".to_owned(),
            source: DependencySource::Registry(format!("={}", self.factory)),
            features: self.features.clone(),
        }
    }
}

impl ServerCrate {
    /// Whether the manifest declares tools.
    pub fn declares(&self) -> bool {
        self.mounts.iter().any(|mount| !mount.declared.is_empty())
    }
}

impl Mount {
    /// What its declared tools are called in Rust: `OF_TEAM_NOTES`. The names of two plugins give two.
    pub fn constant(&self) -> String {
        let mut constant = "OF_".to_owned();
        for letter in self.name.chars() {
            match letter {
                '_' => constant.push_str("__"),
                letter if letter.is_ascii_alphanumeric() => {
                    constant.push(letter.to_ascii_uppercase());
                }
                _ => constant.push('_'),
            }
        }
        constant
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
