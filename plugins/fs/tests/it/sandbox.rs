//! A root in a temporary directory, with something secret beside it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mcp_plugin_fs::{Config, Files, FsError, Mode, RootConfig, TextRequest};
use tempfile::TempDir;
use tokio::sync::Semaphore;

/// What no test may ever read.
pub(crate) const SECRET: &str = "the secret outside";

/// `root/` is the first root, called `root` and writable; `outside/secret.txt` lies beside it.
pub(crate) struct Sandbox {
    pub(crate) files: Files,
    directory: TempDir,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self::with(|_, _| {})
    }

    /// With settings changed before the start; the path is that of the temporary directory.
    pub(crate) fn with(change: impl FnOnce(&mut Config, &Path)) -> Self {
        let directory = TempDir::new().unwrap();
        let base = directory.path();
        fs::create_dir(base.join("root")).unwrap();
        fs::create_dir(base.join("outside")).unwrap();
        fs::write(base.join("outside/secret.txt"), SECRET).unwrap();
        let mut config = Config {
            roots: vec![root(&base.join("root"), Mode::Rw)],
            ..Config::default()
        };
        change(&mut config, base);
        Self {
            files: Files::open(&config)
                .unwrap()
                .at_once(Arc::new(Semaphore::new(9))),
            directory,
        }
    }

    /// The path on the host of something below the root.
    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.directory.path().join("root").join(below)
    }

    /// The path on the host of something beside the root.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a file below the root, with the directories above it.
    pub(crate) fn put(&self, below: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.path(below);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    /// Makes a symbolic link below the root.
    pub(crate) fn link(&self, below: &str, target: impl AsRef<Path>) -> &Self {
        let path = self.path(below);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, path).unwrap();
        self
    }

    /// The content of a file below the root, past the plugin.
    pub(crate) fn get(&self, below: &str) -> String {
        fs::read_to_string(self.path(below)).unwrap()
    }

    /// Reads text through the plugin. When it can be read at once, that must give the same.
    pub(crate) fn read(&self, path: &str) -> Result<String, FsError> {
        let request = TextRequest::whole(path);
        let read = self.files.read_text(&request);
        if let Some(at_once) = self.files.read_text_at_once(&request) {
            assert_eq!(format!("{at_once:?}"), format!("{read:?}"), "{path}");
        }
        read.map(|text| text.content)
    }

    /// Reads text at once where that is possible, from a file that others may change meanwhile.
    pub(crate) fn read_soon(&self, path: &str) -> Result<String, FsError> {
        let request = TextRequest::whole(path);
        let at_once = self.files.read_text_at_once(&request);
        let read = at_once.unwrap_or_else(|| self.files.read_text(&request));
        read.map(|text| text.content)
    }

    /// Reads text the long way, from a file that others may change meanwhile.
    pub(crate) fn read_slowly(&self, path: &str) -> Result<String, FsError> {
        let read = self.files.read_text(&TextRequest::whole(path));
        read.map(|text| text.content)
    }

    /// All names below the root, with those of hidden and temporary files.
    pub(crate) fn names(&self) -> Vec<String> {
        fn collect(base: &Path, at: &Path, names: &mut Vec<String>) {
            for entry in fs::read_dir(at).unwrap().map(Result::unwrap) {
                let path = entry.path();
                names.push(
                    path.strip_prefix(base)
                        .unwrap()
                        .to_string_lossy()
                        .into_owned(),
                );
                if entry.file_type().unwrap().is_dir() {
                    collect(base, &path, names);
                }
            }
        }
        let mut names = Vec::new();
        collect(&self.path(""), &self.path(""), &mut names);
        names.sort();
        names
    }
}

pub(crate) fn root(path: &Path, mode: Mode) -> RootConfig {
    RootConfig {
        name: None,
        path: path.to_path_buf(),
        mode,
    }
}

/// The message of an error, which must not name the host's directories.
#[track_caller]
pub(crate) fn told<T: std::fmt::Debug>(result: Result<T, FsError>) -> String {
    let message = result.unwrap_err().to_string();
    assert!(
        !message.contains("/tmp"),
        "a path of the host in: {message}"
    );
    assert!(
        !message.contains("os error"),
        "a number of the system in: {message}"
    );
    message
}

/// Asserts that an error says all of these.
#[track_caller]
pub(crate) fn refused<T: std::fmt::Debug>(result: Result<T, FsError>, words: &[&str]) {
    let message = told(result);
    for word in words {
        assert!(message.contains(word), "{word:?} is not in: {message}");
    }
}
