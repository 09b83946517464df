//! What a generated `main.rs` says: who the server is, and what is in it.

use std::process::ExitCode;

use crate::{cli, identity::Identity, mount::Mount};

/// A server about to run. Made and run in one expression by a generated `main.rs`.
///
/// ```no_run
/// use mcp_factory_server::{Mount, Server};
///
/// static MOUNTS: &[Mount] = &[];
/// const _: () = mcp_factory_server::assert_unique(MOUNTS);
///
/// fn main() -> std::process::ExitCode {
///     Server::new("myservice", "0.3.0").description("Tools of our team").run(MOUNTS)
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Server {
    identity: Identity,
    defaults: &'static str,
    read_only: bool,
}

impl Server {
    /// A server with the name and version that clients and operators see.
    pub const fn new(name: &'static str, version: &'static str) -> Self {
        Self {
            identity: Identity {
                name,
                version,
                description: "",
                factory: "",
            },
            defaults: "",
            read_only: false,
        }
    }

    /// Says in a sentence what the server is for.
    #[must_use]
    pub const fn description(mut self, description: &'static str) -> Self {
        self.identity.description = description;
        self
    }

    /// Says which version of the factory generated the server.
    #[must_use]
    pub const fn factory(mut self, version: &'static str) -> Self {
        self.identity.factory = version;
        self
    }

    /// Sets the configuration, in TOML, that every other source overrides.
    #[must_use]
    pub const fn defaults(mut self, toml: &'static str) -> Self {
        self.defaults = toml;
        self
    }

    /// Leaves out every tool that changes something. Nothing at run time brings one back.
    #[must_use]
    pub const fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// Reads the command line and does what it says. Not generic, so that a changed list of plugins
    /// compiles a list and links.
    pub fn run(self, mounts: &'static [Mount]) -> ExitCode {
        cli::run(cli::Product {
            identity: self.identity,
            defaults: self.defaults,
            read_only: self.read_only,
            mounts,
        })
    }
}
