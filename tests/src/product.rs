//! The servers under test, built once a run by the command line tool itself.

use std::{
    env, fs,
    fs::File,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

/// A server that the tests build. Few are enough: each costs a compilation and a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// The fixture of the conformance suite, and a plugin from a path that does everything wrong:
    /// `tests/faults-plugin`.
    Fixture,
    /// A plugin from a path with one of everything that is guarded, `tests/guarded-plugin`, and files; with all
    /// features of the runtime.
    Guarded,
    /// The built-in plugins that people use.
    Standard,
    /// Every built-in plugin but the fixture, with tools that its manifest declares: `tests/everything.toml`.
    Everything,
    /// What a data team would build, as it would ship it.
    Five,
}

impl Product {
    /// Its name, which is the binary's.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fixture => "fixture",
            Self::Guarded => "watched",
            Self::Standard => "standard",
            Self::Everything => "everything",
            Self::Five => "five",
        }
    }

    /// The binary; builds it if this run has not done so yet.
    ///
    /// `MCP_FACTORY_TEST_SERVERS=DIR` takes the binaries of that folder as they are instead, to test ones
    /// that were built in another way.
    pub fn binary(self) -> &'static Path {
        static BUILT: [OnceLock<PathBuf>; 5] = [const { OnceLock::new() }; 5];
        BUILT[self as usize].get_or_init(|| match env::var_os("MCP_FACTORY_TEST_SERVERS") {
            Some(folder) => PathBuf::from(folder).join(self.name()),
            None => self.built(),
        })
    }

    fn built(self) -> PathBuf {
        let folder = scratch().join(self.name());
        fs::create_dir_all(&folder).expect("target/ can be written");
        // Every test is a process of its own: the first builds, the others wait and take what it built.
        let lock = File::create(folder.join("lock")).expect("target/ can be written");
        lock.lock().expect("a file can be locked");
        let binary = folder.join(self.name());
        let stamp = folder.join("run");
        let run = run_id();
        if fs::read_to_string(&stamp).is_ok_and(|built_by| built_by == run) && binary.exists() {
            return binary;
        }
        self.build(&folder, &binary);
        fs::write(&stamp, run).expect("target/ can be written");
        binary
    }

    fn build(self, folder: &Path, binary: &Path) {
        let mut command = factory();
        command.args(["build", "--output"]).arg(binary);
        match self {
            // As the README builds it: in the default profile, without a manifest.
            Self::Standard => {
                command.args(["--plugins", "echo,greet,demo,fs", "--name", self.name()]);
            }
            Self::Five => {
                let five = "fs,github,postgres,sqlite,sarmalink";
                command.args([
                    "--profile",
                    "small",
                    "--plugins",
                    five,
                    "--name",
                    self.name(),
                ]);
            }
            Self::Everything => {
                let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/everything.toml");
                let text = fs::read_to_string(manifest).expect("the manifest is there");
                let path = folder.join("mcp-factory.toml");
                fs::write(&path, text).expect("target/ can be written");
                command.args(["--profile", "dev", "--manifest"]).arg(path);
            }
            Self::Fixture => {
                command.args(["--profile", "dev", "--manifest"]);
                command.arg(self.manifest(folder, "[plugins.conformance]", "faults"));
            }
            Self::Guarded => {
                command.args(["--profile", "dev", "--manifest"]);
                command.arg(self.manifest(folder, "[plugins.fs]", "guarded"));
            }
        }
        let output = command
            .output()
            .expect("the command line tool was just built");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{command:?} failed with {}: {said}",
            output.status
        );
    }

    /// A manifest in `folder` with a built-in plugin and one of `tests/PLUGIN-plugin`.
    fn manifest(self, folder: &Path, built_in: &str, plugin: &str) -> PathBuf {
        let tests = env!("CARGO_MANIFEST_DIR");
        let features = match self {
            Self::Guarded => "features = [\"otlp\", \"vault\", \"awssm\"]\n",
            _ => "",
        };
        let manifest = format!(
            "schema = 1\n\n[server]\nname = {name:?}\ndescription = \"The server under test\"\n{features}\n\
             {built_in}\n\n[plugins.{plugin}]\npath = \"{tests}/{plugin}-plugin\"\n",
            name = self.name()
        );
        let path = folder.join("mcp-factory.toml");
        fs::write(&path, manifest).expect("target/ can be written");
        path
    }
}

/// The command line tool of this workspace, up to date, with a cache that all tests share.
pub fn factory() -> Command {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    let binary = BINARY.get_or_init(|| {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["build", "--quiet", "--locked", "--package", "mcp-factory"]);
        cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
        let output = cargo.output().expect("cargo runs this test");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "mcp-factory does not compile: {said}"
        );
        profile_folder().join("mcp-factory")
    });
    let mut command = Command::new(binary);
    command.env("MCP_FACTORY_HOME", scratch().join("home"));
    command
}

/// Where the tests keep what they build.
fn scratch() -> PathBuf {
    profile_folder().join("../e2e")
}

/// `target/debug`: this very test is in its `deps`.
fn profile_folder() -> PathBuf {
    let test = env::current_exe().expect("a process knows its program");
    test.ancestors()
        .nth(2)
        .expect("cargo puts tests into target/PROFILE/deps")
        .to_owned()
}

/// What tells one run of all tests from another.
fn run_id() -> String {
    // Without nextest one process runs all tests, and its number will do.
    env::var("NEXTEST_RUN_ID").unwrap_or_else(|_| std::process::id().to_string())
}
