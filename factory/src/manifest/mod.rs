//! `mcp-factory.toml`, checked: which server, how it is built, and from which plugins.
//!
//! Reading the text is in `parse`, with `reader` for the spans and types; `plugin`, `declared` and
//! `parameter` read what stands below `[plugins.NAME]`. Finding the plugins that are
//! named here is the business of `resolve`.

mod declared;
mod parameter;
mod parse;
mod plugin;
mod reader;

use std::sync::Arc;

use serde::Serialize;

use crate::{
    error::{Place, Source},
    features::ServerFeature,
    names::{FeatureName, PackageName, PluginName, Prefix, ServerName, Target},
};

pub use declared::DeclaredEntry;
pub use parameter::DeclaredParameter;
pub(crate) use parse::parse;

/// The file's usual name.
pub const FILE_NAME: &str = "mcp-factory.toml";

/// A manifest.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// The file it came from; `None` when it was made from `--plugins`.
    pub source: Option<Arc<Source>>,
    /// The server.
    pub server: ServerSection,
    /// How it is built.
    pub build: BuildSection,
    /// What the plan must stay within.
    pub limits: LimitsSection,
    /// The plugins, in the order of the file.
    pub plugins: Vec<PluginEntry>,
}

/// `[server]`.
#[derive(Clone, Debug)]
pub struct ServerSection {
    /// Name of the binary.
    pub name: ServerName,
    /// Version of the server; `0.1.0` by default.
    pub version: semver::Version,
    /// What it is for.
    pub description: String,
    /// Whether every tool that changes something is left out; `false` by default.
    pub read_only: Located<bool>,
    /// What of the runtime is compiled in beside what every server has, without repeats.
    pub features: Vec<ServerFeature>,
    /// Defaults of the run-time configuration, apart from those of plugins.
    pub config: toml::Table,
}

/// `[build]`.
#[derive(Clone, Debug, Default)]
pub struct BuildSection {
    /// How it is compiled; `release` by default.
    pub profile: Option<Profile>,
    /// What it is compiled for; chosen by the factory by default.
    pub target: Option<Target>,
    /// Whether it must be static; `auto` by default.
    pub static_mode: Option<StaticMode>,
}

/// `[limits]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LimitsSection {
    /// Most tools that the server may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tools: Option<usize>,
    /// Most tokens that its list of tools may cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<usize>,
}

/// `[plugins.NAME]`.
#[derive(Clone, Debug)]
pub struct PluginEntry {
    /// Its name in the server.
    pub name: PluginName,
    /// Where the name stands.
    pub place: Option<Place>,
    /// Where the plugin comes from.
    pub origin: Origin,
    /// What its tools' names start with.
    pub prefix: Option<Prefix>,
    /// The only tools to keep; empty keeps all.
    pub allow: Vec<Located<String>>,
    /// Tools to leave out.
    pub deny: Vec<Located<String>>,
    /// Defaults of its configuration.
    pub config: toml::Table,
    /// Cargo features to turn on.
    pub features: Vec<FeatureName>,
    /// Tools that are declared for it.
    pub declared: Vec<DeclaredEntry>,
}

impl PluginEntry {
    /// A built-in plugin with nothing said of it.
    pub(crate) fn built_in(name: PluginName) -> Self {
        Self {
            name,
            place: None,
            origin: Origin::BuiltIn(None),
            prefix: None,
            allow: Vec::new(),
            deny: Vec::new(),
            config: toml::Table::new(),
            features: Vec::new(),
            declared: Vec::new(),
        }
    }
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it stands; `None` when it came from the command line.
    pub place: Option<Place>,
}

/// Where a plugin comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The factory carries it; perhaps a version is required.
    BuiltIn(Option<semver::VersionReq>),
    /// A directory, relative to the manifest's.
    Path(String),
    /// A git repository.
    Git {
        /// Its address.
        url: String,
        /// Which commit.
        reference: mcp_factory_templates::GitReference,
        /// The package in it.
        package: PackageName,
    },
    /// A registry.
    Registry {
        /// The package.
        package: PackageName,
        /// Which versions will do.
        version: semver::VersionReq,
    },
}

/// How a server is compiled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Unoptimised, with line numbers: the quickest to compile.
    Dev,
    /// Lightly optimised, compiled incrementally.
    Fast,
    /// Optimised; a changed list of plugins only links again.
    #[default]
    Release,
    /// Optimised for size, as one unit.
    Small,
}

/// Whether a server must be static.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum StaticMode {
    /// Static on musl where that target is, on glibc otherwise.
    #[default]
    Auto,
    /// Static on musl, or not at all.
    Require,
    /// As the target usually links.
    Off,
}

impl Profile {
    /// All of them.
    pub const ALL: &'static [(&'static str, Self)] = &[
        ("dev", Self::Dev),
        ("fast", Self::Fast),
        ("release", Self::Release),
        ("small", Self::Small),
    ];

    /// Its name, which is also that of cargo's profile.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Fast => "fast",
            Self::Release => "release",
            Self::Small => "small",
        }
    }
}

impl StaticMode {
    /// All of them.
    pub const ALL: &'static [(&'static str, Self)] = &[
        ("auto", Self::Auto),
        ("require", Self::Require),
        ("off", Self::Off),
    ];
}
