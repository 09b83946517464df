//! A server with the plugin `guarded` and files, configured by a test, and the codes that open its gate.

use std::{
    fs,
    ops::{Deref, DerefMut},
    path::Path,
    process::Command,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{Caller, HttpServer, Product, Tools};

/// The secret of the gate `shell`, in base32.
pub const GATE_SECRET: &str = "MZXW6YTBOIZTEMZUGU3DOOBZGAYTEMZU";

/// Directories that every configuration may name, below `FOLDER`.
const DIRECTORIES: [&str; 3] = ["files", "acme", "globex"];

/// The server. `FOLDER` in a configuration is a directory of its own.
#[derive(Debug)]
pub struct Guarded(HttpServer);

impl Guarded {
    /// Starts it with `config`, to which are added the gate `shell`, unless it is there, and a root for
    /// files, unless there are some or tenants.
    pub fn start(config: &str) -> Self {
        Self::start_with(config, &[])
    }

    /// The same with more variables.
    pub fn start_with(config: &str, environment: &[(&str, &str)]) -> Self {
        Self::start_after(config, environment, |_| {})
    }

    /// The same after `prepare` put something into the directory.
    pub fn start_after(
        config: &str,
        environment: &[(&str, &str)],
        prepare: impl FnOnce(&Path),
    ) -> Self {
        let (folder, config) = prepared(config);
        prepare(folder.path());
        let gate = [("MCP_SHELL_GATE", GATE_SECRET)];
        let environment = [&gate[..], environment].concat();
        Self(HttpServer::configured(
            Product::Guarded,
            folder,
            &config,
            &environment,
        ))
    }

    /// A server that believes the tokens of `issuer`, and more words of configuration.
    pub fn trusting(issuer: &str, config: &str) -> Self {
        Self::start(&format!("{}{config}", trust(issuer)))
    }

    /// Somebody with a token of this server.
    pub fn bearer(&self, token: &str) -> Caller<'_> {
        Caller::bearer(&self.0, token)
    }

    /// Somebody without one.
    pub fn anonymous(&self) -> Caller<'_> {
        Caller::anonymous(&self.0)
    }
}

impl Deref for Guarded {
    type Target = HttpServer;

    fn deref(&self) -> &HttpServer {
        &self.0
    }
}

impl DerefMut for Guarded {
    fn deref_mut(&mut self) -> &mut HttpServer {
        &mut self.0
    }
}

/// `[auth]` for the tokens of `issuer`.
pub fn trust(issuer: &str) -> String {
    format!("[auth]\nmode = \"jwt\"\nissuer = {issuer:?}\n")
}

/// The command of the same server for other uses than HTTP, and the folder that it needs.
pub fn command(config: &str) -> (Command, TempDir) {
    let (folder, config) = prepared(config);
    let path = folder.path().join("config.toml");
    fs::write(&path, config).expect("there is room for a file");
    let mut command = Command::new(Product::Guarded.binary());
    command
        .arg("--config")
        .arg(path)
        .env("MCP_SHELL_GATE", GATE_SECRET);
    (command, folder)
}

fn prepared(config: &str) -> (TempDir, String) {
    let folder = tempfile::tempdir().expect("there is room for a directory");
    for name in DIRECTORIES {
        fs::create_dir(folder.path().join(name)).expect("there is room for a directory");
    }
    let gate = if config.contains("[gate.groups.shell]") {
        ""
    } else {
        "\n[gate.groups.shell]\nsecret = \"env:MCP_SHELL_GATE\"\n"
    };
    let files = if config.contains("[tenants.") || config.contains("[plugins.fs]") {
        ""
    } else {
        "[plugins.fs]\nroots = [\"FOLDER/files\"]\n"
    };
    let config = format!("{config}{gate}{files}");
    let path = folder.path().to_str().expect("its path is text");
    let config = config.replace("FOLDER", path);
    (folder, config)
}

/// A code that opens the gate, made by an implementation that is not the server's.
pub fn code(step: Step) -> String {
    let mut python = Tools::installed().python_client("identity/totp.py");
    let output = python
        .arg(GATE_SECRET)
        .output()
        .expect("Python is installed");
    let codes: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {output:?}"));
    codes[step.name()].as_str().expect("a code").to_owned()
}

/// Which 30 seconds a code is of.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// The last ones, which a server also takes.
    Before,
    /// The present ones.
    Now,
    /// The next ones, which a server also takes.
    Next,
}

impl Step {
    const fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::Now => "now",
            Self::Next => "next",
        }
    }
}
