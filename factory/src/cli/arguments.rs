//! The words of the command line.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use mcp_factory_templates::DeployKind;

use crate::{
    client::Era,
    manifest::{Profile, StaticMode},
    report::Format,
};

/// Turns a list of plugins into one static Model Context Protocol server.
#[derive(Debug, Parser)]
#[command(name = "mcp-factory", version, arg_required_else_help = true, after_help = EXIT_CODES)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 ok, 1 a fault in mcp-factory, 2 usage, 3 manifest, 4 plugin, 5 compile, \
6 verification, 7 out of date, 8 toolchain or machine, 130 interrupted.";

#[derive(Debug, Args)]
pub(super) struct Global {
    /// Work in this directory.
    #[arg(short = 'C', value_name = "DIR", global = true)]
    pub(super) directory: Option<PathBuf>,
    /// The manifest [default: mcp-factory.toml].
    #[arg(short, long, value_name = "FILE", global = true)]
    pub(super) manifest: Option<PathBuf>,
    /// Say nothing but errors.
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
    /// Say more: -v shows cargo's own words, -vv its commands.
    #[arg(short, long, global = true, action = ArgAction::Count, conflicts_with = "quiet")]
    pub(super) verbose: u8,
    /// For people, or for programs: one JSON object per line on stdout.
    #[arg(long, value_enum, default_value_t, global = true)]
    pub(super) format: Format,
    /// Colours; `NO_COLOR` is honoured.
    #[arg(long, value_enum, default_value_t, global = true, value_name = "WHEN")]
    pub(super) color: Color,
    /// Never use the network.
    #[arg(long, global = true)]
    pub(super) offline: bool,
    /// Fail if mcp-factory.lock would change; for continuous integration.
    #[arg(long, global = true)]
    pub(super) locked: bool,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(super) enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Build the server and check what was built.
    Build(BuildArguments),
    /// Write the crate of the server, without compiling it.
    Generate(GenerateArguments),
    /// Show what would be built: plugins, tools, scopes.
    Plan(Selection),
    /// Start a project, or a plugin.
    New(NewArguments),
    /// Look at the built-in plugins.
    #[command(subcommand)]
    Plugins(PluginsCommand),
    /// Show what a built server is made of, without running it.
    Inspect(InspectArguments),
    /// Make a container image of a built server, without Docker.
    Image(ImageArguments),
    /// Write what operations puts around a server: a unit, manifests, a chart, a front end, a workflow.
    Deploy(DeployArguments),
    /// Try a server out: any server, on stdio or by a URL.
    Client(ClientArguments),
    /// Put a built server, or a URL, into the configuration of a client.
    Install(InstallArguments),
    /// Look for what commonly goes wrong: on this machine, in the manifest, in a server, in clients' files.
    Doctor(DoctorArguments),
    /// Tell cargo where this machine has the SDK, for working on plugins: writes .cargo/config.toml.
    Setup,
}

/// Which server.
#[derive(Debug, Default, Args)]
pub(super) struct Selection {
    /// Built-in plugins, separated by commas; no manifest is read.
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        conflicts_with = "manifest"
    )]
    pub(super) plugins: Vec<String>,
    /// Name of the server, with --plugins [default: mcp-server].
    #[arg(long, requires = "plugins")]
    pub(super) name: Option<String>,
    /// Leave out every tool that changes something; nothing at run time brings one back.
    #[arg(long)]
    pub(super) read_only: bool,
}

#[derive(Debug, Args)]
pub(super) struct BuildArguments {
    #[command(flatten)]
    pub(super) selection: Selection,
    /// Where to write the binary [default: the server's name, here].
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// How to compile.
    #[arg(long, value_enum)]
    pub(super) profile: Option<Profile>,
    /// What to compile for.
    #[arg(long, value_name = "TRIPLE")]
    pub(super) target: Option<String>,
    /// Whether the binary must be static.
    #[arg(long = "static", value_enum, value_name = "MODE")]
    pub(super) static_mode: Option<StaticMode>,
    /// How many compilers to run at once.
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) jobs: Option<u32>,
    /// Do not look at the binary that came out.
    #[arg(long)]
    pub(super) skip_verify: bool,
}

#[derive(Debug, Args)]
pub(super) struct GenerateArguments {
    #[command(flatten)]
    pub(super) selection: Selection,
    /// Where to write the crate [default: .mcp-factory/NAME].
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Write nothing; exit with 7 if what is there differs.
    #[arg(long)]
    pub(super) check: bool,
}

#[derive(Debug, Args)]
pub(super) struct NewArguments {
    /// Name of the server, or of the plugin; a directory of this name is made.
    pub(super) name: String,
    /// Built-in plugins to start with, separated by commas.
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        conflicts_with = "plugin"
    )]
    pub(super) plugins: Vec<String>,
    /// A client's file, such as `claude_desktop_config.json`: what it runs becomes built-in plugins.
    #[arg(long, value_name = "FILE", conflicts_with = "plugin")]
    pub(super) from: Option<PathBuf>,
    /// Make only a plugin crate.
    #[arg(long)]
    pub(super) plugin: bool,
    /// Do not run `git init`.
    #[arg(long)]
    pub(super) no_git: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum PluginsCommand {
    /// List them.
    List,
    /// Show one: its tools, resources, prompts.
    Info {
        /// Its name.
        name: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct InspectArguments {
    /// A server built by mcp-factory.
    pub(super) binary: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct ImageArguments {
    /// Servers built by mcp-factory, one for each architecture [default: the one of the manifest here].
    #[arg(value_name = "BINARY")]
    pub(super) binaries: Vec<PathBuf>,
    /// Where to write [default: NAME-VERSION.tar].
    #[arg(short, long, value_name = "PATH")]
    pub(super) output: Option<PathBuf>,
    /// Write a folder in the OCI image layout instead of a tar.
    #[arg(long)]
    pub(super) layout: bool,
    /// The image's name [default: NAME:VERSION of the server].
    #[arg(short, long, value_name = "NAME[:TAG]")]
    pub(super) tag: Option<String>,
    /// One more label.
    #[arg(long = "label", value_name = "KEY=VALUE")]
    pub(super) labels: Vec<String>,
    /// What the server is started with; with --http among it the image has a health check [default: nothing: it
    /// speaks on stdio].
    #[arg(last = true, value_name = "ARGUMENT")]
    pub(super) arguments: Vec<String>,
}

#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub(super) struct InstallArguments {
    /// A server built by mcp-factory [default: the one of the manifest here].
    #[arg(conflicts_with = "url")]
    pub(super) binary: Option<PathBuf>,
    /// Whose configuration: claude-desktop, claude-code, cursor, vscode, vscode-insiders, windsurf, zed, cline,
    /// cline-cli, gemini, lmstudio, codex, copilot-cli or kiro.
    #[arg(long, value_name = "CLIENT", value_parser = clap::builder::PossibleValuesParser::new(
        crate::install::CLIENTS.iter().map(|client| client.name)
    ), hide_possible_values = true)]
    pub(super) client: String,
    /// What the client calls the server [default: the server's own name].
    #[arg(long)]
    pub(super) name: Option<String>,
    /// One setting of the server, as its own --set takes it.
    #[arg(long, value_name = "KEY=VALUE", conflicts_with = "url")]
    pub(super) set: Vec<String>,
    /// A variable that the client sets for the server. The value stands in the client's file as it is.
    #[arg(long, value_name = "NAME=VALUE", conflicts_with = "url")]
    pub(super) env: Vec<String>,
    /// A server that runs elsewhere, instead of a binary.
    #[arg(long, value_name = "URL")]
    pub(super) url: Option<String>,
    /// Into the file of the project here instead of the user's.
    #[arg(long)]
    pub(super) project: bool,
    /// Into this file, wherever the client has its own.
    #[arg(long, value_name = "FILE", conflicts_with = "project")]
    pub(super) file: Option<PathBuf>,
    /// In the place of another server of this name. A row of this one is brought up to date in any case.
    #[arg(long)]
    pub(super) replace: bool,
    /// Show what would change, and change nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Take back what was installed.
    #[arg(long, conflicts_with_all = ["replace", "set", "env"])]
    pub(super) undo: bool,
    /// More arguments of the server.
    #[arg(last = true, value_name = "ARGUMENT", conflicts_with = "url")]
    pub(super) arguments: Vec<String>,
}

/// Where a server runs.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Platform {
    /// A unit with sandboxing directives.
    Systemd,
    /// Manifests with probes, autoscaling, a disruption budget and a network policy.
    Kubernetes,
    /// A chart of the same.
    Helm,
    /// A front end that streams.
    Nginx,
    /// Another one, which gets its certificate by itself.
    Caddy,
    /// A workflow that builds, tests, scans and releases.
    GithubActions,
}

impl Platform {
    pub(super) const fn kind(self) -> (DeployKind, &'static str) {
        match self {
            Self::Systemd => (DeployKind::Systemd, "systemd"),
            Self::Kubernetes => (DeployKind::Kubernetes, "kubernetes"),
            Self::Helm => (DeployKind::Helm, "helm"),
            Self::Nginx => (DeployKind::Nginx, "nginx"),
            Self::Caddy => (DeployKind::Caddy, "caddy"),
            Self::GithubActions => (DeployKind::GithubActions, "github-actions"),
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct DeployArguments {
    /// For what.
    #[arg(value_enum)]
    pub(super) platform: Platform,
    #[command(flatten)]
    pub(super) selection: Selection,
    /// Where to write [default: deploy/PLATFORM; here for github-actions].
    #[arg(short, long, value_name = "DIR")]
    pub(super) output: Option<PathBuf>,
    /// The host that clients know the server by.
    #[arg(long, default_value = "mcp.example.com")]
    pub(super) host: String,
    /// The image [default: NAME:VERSION].
    #[arg(long, value_name = "IMAGE")]
    pub(super) image: Option<String>,
    /// How many of it run.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=100))]
    pub(super) replicas: u16,
    /// Write over files that were changed.
    #[arg(long)]
    pub(super) force: bool,
}

#[derive(Debug, Args)]
pub(super) struct ClientArguments {
    /// Where the server is, such as <http://127.0.0.1:8080/mcp>; curl speaks to it.
    pub(super) url: Option<String>,
    /// What to do, instead of asking; may be given several times.
    #[arg(short, long, value_name = "COMMAND")]
    pub(super) exec: Vec<String>,
    /// A header of every request, with a URL.
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    pub(super) headers: Vec<String>,
    /// Which revisions of the protocol to speak.
    #[arg(long, value_enum, default_value_t)]
    pub(super) era: Era,
    /// The server to start, with its arguments.
    #[arg(last = true, value_name = "SERVER")]
    pub(super) command: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct DoctorArguments {
    /// A server built by mcp-factory, to be looked at, too.
    pub(super) binary: Option<PathBuf>,
    /// What it is started with.
    #[arg(last = true, value_name = "ARGUMENT", requires = "binary")]
    pub(super) arguments: Vec<String>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        super::Cli::command().debug_assert();
    }
}
