//! A folder to work in, and the binary to work with.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;
use tempfile::TempDir;

/// A working folder of its own, and a cache that all tests share.
pub(crate) struct Factory {
    folder: TempDir,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Factory {
    pub(crate) fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
        }
    }

    pub(crate) fn with_manifest(text: &str) -> Self {
        let factory = Self::new();
        factory.write("mcp-factory.toml", text);
        factory
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Every file and folder, by path.
    pub(crate) fn listing(&self) -> Vec<String> {
        fn walk(root: &Path, folder: &Path, found: &mut Vec<String>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                found.push(path.strip_prefix(root).unwrap().display().to_string());
                if path.is_dir() {
                    walk(root, &path, found);
                }
            }
        }
        let mut found = Vec::new();
        walk(self.folder.path(), self.folder.path(), &mut found);
        found.sort();
        found
    }

    /// A plugin crate that compiles nowhere and plans everywhere.
    pub(crate) fn write_plugin(&self, folder: &str, package: &str, tools: &[&str]) {
        let tools: Vec<_> = tools
            .iter()
            .map(|name| (*name, "scope = \"write\""))
            .collect();
        self.write_tools(folder, package, &tools);
    }

    /// The same, with each tool's name and what stands in its attribute.
    pub(crate) fn write_tools(&self, folder: &str, package: &str, tools: &[(&str, &str)]) {
        self.write(
            &format!("{folder}/Cargo.toml"),
            &format!(
                "[package]\nname = \"{package}\"\nversion = \"0.2.0\"\nedition = \"2024\"\n\n[package.metadata.mcp-plugin]\ninterface = 1\n"
            ),
        );
        let function = |(name, attribute): &(&str, &str)| {
            format!(
                "    /// Does {name}.\n    #[tool({attribute})]\n    async fn {name}(&self, /** Which. */ which: String) -> String {{ which }}\n"
            )
        };
        let functions = tools.iter().map(function).collect::<Vec<_>>().concat();
        self.write(
            &format!("{folder}/src/lib.rs"),
            &format!("/// A plugin for tests.\n#[plugin(name = \"x\", stateless)]\nimpl X {{\n{functions}}}\n"),
        );
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mcp-factory"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env(
                "MCP_FACTORY_HOME",
                Path::new(env!("CARGO_TARGET_TMPDIR")).join("mcp-factory-home"),
            )
            .env_remove("NO_COLOR");
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(&self.command(arguments).output().unwrap())
    }
}

impl Ran {
    pub(crate) fn of(output: &Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout.clone()).unwrap(),
            stderr: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }

    /// Fails unless the run ended with this code and said all of this.
    #[track_caller]
    pub(crate) fn fails(&self, code: i32, said: &[&str]) {
        assert_eq!(self.code, code, "{self:#?}");
        for text in said {
            assert!(
                self.stderr.contains(text),
                "{text:?} is not in:\n{}",
                self.stderr
            );
        }
        assert_eq!(self.stdout, "", "talk belongs on stderr");
    }

    #[track_caller]
    pub(crate) fn succeeds(&self) -> &Self {
        assert_eq!(self.code, 0, "{self:#?}");
        self
    }

    /// The last line of stdout.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(self.stdout.lines().last().unwrap_or_default())
            .unwrap_or_else(|_| panic!("{self:#?}"))
    }
}
