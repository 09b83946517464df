//! The clients that others wrote, as `tests/clients/setup` installs them.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

/// Where the clients are.
#[derive(Clone, Debug)]
pub struct Tools(PathBuf);

impl Tools {
    /// The installed clients; installs them if they are not there yet.
    pub fn installed() -> &'static Self {
        static TOOLS: OnceLock<Tools> = OnceLock::new();
        TOOLS.get_or_init(|| {
            let setup = scripts().join("setup");
            let output = Command::new(&setup)
                .output()
                .unwrap_or_else(|error| panic!("{}: {error}", setup.display()));
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(
                output.status.success(),
                "the test clients are not installed: {said}"
            );
            let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/clients");
            let folder = std::env::var_os("MCP_FACTORY_TEST_TOOLS").map_or(default, PathBuf::from);
            Self(folder.canonicalize().expect("the setup made the folder"))
        })
    }

    /// Node.js, with a script of an installed package.
    pub fn node(&self, script: &str) -> Command {
        let mut command = Command::new(self.0.join("node_modules/.bin/node"));
        command.arg(self.0.join("node_modules").join(script));
        command
    }

    /// Node.js, with a script of `tests/clients`.
    pub fn node_client(&self, script: &str) -> Command {
        let mut command = Command::new(self.0.join("node_modules/.bin/node"));
        command
            .arg(scripts().join(script))
            .env("MCP_FACTORY_TEST_TOOLS", &self.0);
        command
    }

    /// Python, with a script of `tests/clients`.
    pub fn python_client(&self, script: &str) -> Command {
        let mut command = Command::new(self.0.join("python/bin/python"));
        command.arg(scripts().join(script));
        command
    }

    /// The program by which the Prometheus project judges metrics, where there is one.
    pub fn promtool(&self) -> Option<Command> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let installed = std::env::split_paths(&path).map(|folder| folder.join("promtool"));
        std::iter::once(self.0.join("promtool"))
            .chain(installed)
            .find(|program| program.is_file())
            .map(Command::new)
    }

    /// Python, which finds the modules of `tests/clients/identity`.
    pub fn python(&self) -> Command {
        let mut command = Command::new(self.0.join("python/bin/python"));
        command.env("PYTHONPATH", scripts().join("identity"));
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }

    /// A file of an installed npm package.
    pub fn package_file(&self, path: &str) -> PathBuf {
        self.0.join("node_modules").join(path)
    }
}

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients")
}
