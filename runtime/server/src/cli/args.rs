//! The command line as typed values.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, Args as _, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::http::Listen;
use crate::identity::Identity;
use crate::logging::Filter;

/// All of it. Every option may stand before or after the subcommand.
#[derive(Debug, Parser)]
#[command(disable_help_subcommand = true, max_term_width = 100)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Option<Command>,

    #[command(flatten)]
    pub(super) options: Options,
}

/// What every subcommand takes.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// Serve HTTP instead of stdio, at /mcp [default address: http.listen, 127.0.0.1:8080]
    #[arg(long, global = true, value_name = "ADDR", num_args = 0..=1)]
    #[expect(
        clippy::option_option,
        reason = "not given, given without an address, given with one"
    )]
    pub(super) http: Option<Option<Listen>>,

    /// Serve probes and metrics at another address, such as 127.0.0.1:9090
    #[arg(long, global = true, value_name = "ADDR")]
    pub(super) management: Option<Listen>,

    /// Read the configuration from a file: TOML, or YAML where its name ends in .yaml or .yml
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,

    /// Use what the file says for a profile
    #[arg(help = "Use what the file says in [profile.NAME], too [also: MCP_PROFILE]")]
    #[arg(long, global = true, value_name = "NAME")]
    pub(super) profile: Option<String>,

    /// Take variables that are not set from a file of NAME=value lines; for development
    #[arg(long, global = true, value_name = "FILE", num_args = 0..=1, default_missing_value = ".env")]
    pub(super) env_file: Option<PathBuf>,

    /// Override one setting
    #[arg(
        help = "Override one setting, such as http.max_body=8MiB or 'plugins.fs.roots=[\"/srv\"]'"
    )]
    #[arg(long, global = true, value_name = "KEY=VALUE", action = ArgAction::Append)]
    pub(super) set: Vec<String>,

    /// Allow an address that other machines reach without authentication
    #[arg(long, global = true)]
    pub(super) insecure: bool,

    /// Leave out every tool that changes something, whatever the configuration says
    #[arg(long, global = true)]
    pub(super) read_only: bool,

    /// Which log lines to write
    #[arg(
        help = "error, warn, info, debug, trace, off, or directives [default: warn,mcp_factory=info]"
    )]
    #[arg(long, global = true, value_name = "LEVEL")]
    pub(super) log_level: Option<Filter>,

    /// How log lines look, on stderr or in the file of log.to
    #[arg(long, global = true, value_name = "FORMAT")]
    pub(super) log_format: Option<LogFormat>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Serve on stdio, or on HTTP with --http (the default)
    Serve,
    /// Say what is in this server, without starting anything
    Describe {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Call one tool and print its answer
    Call {
        /// The tool's name
        tool: String,
        /// Its arguments as one JSON object; - reads them from stdin
        arguments: Option<String>,
        /// Print the whole result as JSON
        #[arg(long)]
        json: bool,
    },
    /// Check the configuration by starting every plugin, then say everything that is wrong
    Check {
        /// As JSON, with the place of every setting
        #[arg(long)]
        json: bool,
    },
    /// Ask the server that runs with the same options whether it is ready: exit code 0, 1 when it is not, 2 when it
    /// cannot be asked
    Healthcheck,
    /// Print every setting as an environment variable, with its words: a .env.example
    Env,
    /// Print the JSON Schema of the configuration file, by which editors complete it
    Schema,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    Text,
    Json,
}

impl Args {
    /// Reads the process's arguments; the error also carries `--help` and `--version`.
    pub(super) fn read(
        identity: &Identity,
        arguments: impl IntoIterator<Item = OsString>,
    ) -> Result<Self, clap::Error> {
        let arguments: Vec<OsString> = arguments.into_iter().collect();
        Self::without_subcommand(&arguments).map_or_else(|| Self::any(identity, arguments), Ok)
    }

    /// What a server is mostly started with: no subcommand, and nothing wrong. clap copies every option into each
    /// subcommand before it reads anything, which was a seventh of what a start computes.
    fn without_subcommand(arguments: &[OsString]) -> Option<Self> {
        let matches = Options::augment_args(clap::Command::new(""))
            .disable_help_flag(true)
            .try_get_matches_from(arguments)
            .ok()?;
        let options = Options::from_arg_matches(&matches).ok()?;
        Some(Self {
            command: None,
            options,
        })
    }

    fn any(identity: &Identity, arguments: Vec<OsString>) -> Result<Self, clap::Error> {
        let mut command = Self::command()
            .name(identity.name)
            .version(identity.version);
        // Always set: what clap would fall back on is written for readers of this file.
        command = command.about(if identity.description.is_empty() {
            "A Model Context Protocol server"
        } else {
            identity.description
        });
        let matches = command.try_get_matches_from_mut(arguments)?;
        Self::from_arg_matches(&matches)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDENTITY: Identity = Identity {
        name: "myservice",
        version: "0.3.0",
        description: "Serves.",
        factory: "0.1.0",
    };

    fn read(line: &str) -> Result<Args, clap::Error> {
        let words = std::iter::once("myservice").chain(line.split_whitespace());
        Args::read(&IDENTITY, words.map(Into::into))
    }

    #[test]
    fn the_command_line_is_well_formed() {
        Args::command().debug_assert();
    }

    #[test]
    fn options_stand_before_or_after_the_subcommand() {
        for line in [
            "--http 9000 serve --set a.b=1",
            "serve --http 127.0.0.1:9000 --set a.b=1",
            "--set a.b=1 --http=9000",
        ] {
            let args = read(line).unwrap().options;
            assert_eq!(
                args.http.unwrap().unwrap().to_string(),
                "127.0.0.1:9000",
                "{line}"
            );
            assert_eq!(args.set, ["a.b=1"]);
        }
        assert!(matches!(read("--http").unwrap().options.http, Some(None)));
        assert!(read("").unwrap().command.is_none());
        assert!(matches!(
            read("describe --json").unwrap().command,
            Some(Command::Describe { json: true })
        ));
        assert!(matches!(
            read("call echo {}").unwrap().command,
            Some(Command::Call { .. })
        ));
    }

    #[test]
    fn without_a_subcommand_the_short_way_reads_the_same() {
        for (line, is_short) in [
            ("", true),
            ("--", true),
            ("--http", true),
            ("--http --config a.toml --env-file --read-only", true),
            (
                "--http=9000 --insecure --profile a --set a.b=1 --set c=2",
                true,
            ),
            (
                "--log-level debug --log-format json --management 9090",
                true,
            ),
            ("--config serve", true),
            ("--set a=1 serve --set b=2", false),
            ("serve", false),
            ("-- serve", false),
            ("--http serve", false),
            ("--profile a --profile b", false),
            ("--config", false),
            ("--help", false),
            ("-h", false),
            ("--version", false),
            ("-V", false),
            ("nonsense", false),
        ] {
            let words: Vec<OsString> = std::iter::once("myservice")
                .chain(line.split_whitespace())
                .map(Into::into)
                .collect();
            let short = Args::without_subcommand(&words);
            assert_eq!(short.is_some(), is_short, "{line}");
            if let Some(short) = short {
                let long = Args::any(&IDENTITY, words).unwrap();
                assert_eq!(format!("{short:?}"), format!("{long:?}"), "{line}");
            }
        }
    }

    #[test]
    fn the_help_says_what_the_server_does() {
        let help = read("--help").unwrap_err().to_string();
        let health = read("healthcheck --help").unwrap_err().to_string();
        for (text, words) in [
            (&help, ".yaml or .yml"),
            (&help, "on stderr or in the file of log.to"),
            (&health, "1 when it is not, 2 when it cannot be asked"),
        ] {
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(text.contains(words), "{words:?} is not in {text}");
        }
    }

    #[test]
    fn mistakes_are_usage_errors_with_the_right_form() {
        for (line, message) in [
            ("--http nowhere", "127.0.0.1:8080"),
            ("--log-level loud", "debug"),
            ("--log-format xml", "json"),
            ("cal x", "call"),
            ("--confg x", "--config"),
            ("call", "TOOL"),
        ] {
            let error = read(line).unwrap_err();
            assert!(error.use_stderr() && error.exit_code() == 2);
            assert!(error.to_string().contains(message), "{line}: {error}");
        }
        assert!(
            read("--version")
                .unwrap_err()
                .to_string()
                .contains("myservice 0.3.0")
        );
        let help = read("--help").unwrap_err();
        assert!(
            !help.use_stderr() && help.to_string().starts_with("Serves."),
            "{help}"
        );
    }
}
