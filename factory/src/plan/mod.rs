//! Everything that is decided before anything is written: a plain value, to be printed, compared, or
//! turned into a crate.
//!
//! `make` decides, `human` prints. What the values mean for files is in `generate`.

mod declared;
mod gate;
mod human;
mod make;
mod separate;

use std::path::PathBuf;

use mcp_factory_templates::DependencySource;
use serde::Serialize;

use crate::{
    features::ServerFeature,
    manifest::{DeclaredEntry, LimitsSection, Profile, StaticMode},
    scan::{ScannedHints, ScannedParameter},
};

pub(crate) use gate::GATE;
pub(crate) use human::{count, render};
pub(crate) use make::make;
pub(crate) use separate::{separate, sharing};

/// The version of the printed form.
pub const FORMAT: u32 = 1;

/// What will be built.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    /// The version of this form.
    pub format: u32,
    /// The version of the factory.
    pub factory: String,
    /// The server.
    pub server: PlannedServer,
    /// How it will be compiled.
    pub build: PlannedBuild,
    /// What it has to stay within.
    pub limits: LimitsSection,
    /// The plugins, in the order of the manifest.
    pub plugins: Vec<PlannedPlugin>,
    /// The tools, in the order in which clients list them.
    pub tools: Vec<PlannedTool>,
    /// The resources and templates.
    pub resources: Vec<PlannedResource>,
    /// The prompts.
    pub prompts: Vec<PlannedPrompt>,
    /// Tools of the plugins that the server does not have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
    /// The gates that tools stand behind, sorted. Where there is one, the last tools are those of the
    /// server's own that open it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gates: Vec<String>,
    /// About what the list of tools will cost a client, in tokens. Schemas are not known before the
    /// build; this is guessed from names and descriptions.
    pub estimated_tokens: usize,
    /// Default settings at run time.
    pub defaults: toml::Table,
}

/// The server.
#[derive(Clone, Debug, Serialize)]
pub struct PlannedServer {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it is for.
    pub description: String,
    /// Whether every tool that changes something is left out.
    pub read_only: bool,
    /// What of the runtime is compiled in beside what every server has.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<ServerFeature>,
}

/// How a server will be compiled.
#[derive(Clone, Debug, Serialize)]
pub struct PlannedBuild {
    /// The profile.
    pub profile: Profile,
    /// Whether it must be static.
    #[serde(rename = "static")]
    pub static_mode: StaticMode,
    /// What it is compiled for; `None` lets the factory choose.
    pub target: Option<String>,
}

/// A plugin of the server.
#[derive(Clone, Debug, Serialize)]
pub struct PlannedPlugin {
    /// Its name in the server.
    pub name: String,
    /// Its package.
    pub package: String,
    /// The version of its package.
    pub version: String,
    /// Where it comes from, in the manifest's words.
    pub source: String,
    /// The interface that it was written for.
    pub interface: u32,
    /// What it is for.
    pub description: String,
    /// What its tools' names start with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// The only tools that are kept; empty keeps all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<String>,
    /// Tools that are left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deny: Vec<String>,
    /// Scopes that its tools, resources and prompts ask for.
    pub scopes: Vec<String>,
    /// Environment variables that it says it reads.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// Hosts that it says it talks to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// Cargo features that are turned on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
    /// The library to name in Rust.
    #[serde(skip)]
    pub library: String,
    /// The path of its definition inside the library.
    #[serde(skip)]
    pub entry: String,
    /// How cargo finds it.
    #[serde(skip)]
    pub location: Location,
    /// The tools that the manifest declares for it.
    #[serde(skip)]
    pub declared: Vec<DeclaredEntry>,
}

/// How cargo finds a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// In a directory; absolute.
    Path(PathBuf),
    /// As the generated `Cargo.toml` says it.
    Cargo(DependencySource),
}

/// A tool of the server.
#[derive(Clone, Debug, Serialize)]
pub struct PlannedTool {
    /// Its public name.
    pub name: String,
    /// Its plugin.
    pub plugin: String,
    /// What a caller must hold.
    pub scope: String,
    /// A name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it does.
    pub description: String,
    /// The protocol's hints.
    pub hints: ScannedHints,
    /// The gate that a second factor opens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gate: Option<String>,
    /// How often each caller may call it, unless the operator says otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<String>,
    /// What it takes.
    pub parameters: Vec<ScannedParameter>,
    /// Whether its schema cannot be read without running it.
    #[serde(skip)]
    pub own_schema: bool,
    /// Whether the manifest declares it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub declared: bool,
}

/// A tool of a plugin that the server does not have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The name it would have.
    pub name: String,
    /// Its plugin.
    pub plugin: String,
    /// Why it is not there.
    pub why: Why,
}

/// Why a server does not have a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// `allow` does not name it.
    Allow,
    /// `deny` names it.
    Deny,
    /// It changes something, and the server is read-only.
    ReadOnly,
}

/// A resource of the server, or a template.
#[derive(Clone, Debug, Serialize)]
pub struct PlannedResource {
    /// Its URI; one with `{` is a template.
    pub uri: String,
    /// Its plugin.
    pub plugin: String,
    /// What a caller must hold.
    pub scope: String,
}

/// A prompt of the server.
#[derive(Clone, Debug, Serialize)]
pub struct PlannedPrompt {
    /// Its public name.
    pub name: String,
    /// Its plugin.
    pub plugin: String,
    /// What a caller must hold.
    pub scope: String,
}
