//! The roots: directories opened once, at start, through which everything else goes.
//!
//! This is the only file that turns a path of the host into a handle. Walking below a root is `place.rs`.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::Dir;

use crate::at_once;
use crate::config::{Config, Mode, RootConfig};
use crate::deny::DenyRules;
use crate::error::FsError;
use crate::path::{self, Steps};

/// Why the plugin cannot start, for the operator.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// No root is configured.
    #[error("`roots` names no directory, so there is nothing to serve")]
    NoRoots,
    /// A root does not exist.
    #[error(
        "the root {path:?} of `roots` does not exist; create the directory or correct the path"
    )]
    Missing {
        /// As configured.
        path: PathBuf,
    },
    /// A root is something else.
    #[error("the root {path:?} of `roots` is not a directory; name a directory")]
    NotDirectory {
        /// As configured.
        path: PathBuf,
    },
    /// A root cannot be opened.
    #[error("the root {path:?} of `roots` cannot be opened: {reason}")]
    Unusable {
        /// As configured.
        path: PathBuf,
        /// What the operating system says.
        reason: io::ErrorKind,
    },
    /// A name that paths could not carry.
    #[error(
        "{name:?} cannot be the name of a root in `roots`: use 1 to 64 characters without `/`, `:`, braces or control characters"
    )]
    BadName {
        /// As configured or derived.
        name: String,
    },
    /// Two roots with one name.
    #[error(
        "two roots of `roots` are called {name:?}; name them apart: {{ name = \"other\", path = {path:?} }}"
    )]
    SameName {
        /// The name.
        name: String,
        /// The second one's path.
        path: PathBuf,
    },
    /// One root inside another, where modes and deny rules could contradict each other.
    #[error("the root {inner:?} of `roots` lies inside the root {outer:?}; keep one of them")]
    Overlap {
        /// As configured.
        inner: PathBuf,
        /// As configured.
        outer: PathBuf,
    },
    /// A deny rule that cannot be used.
    #[error("`deny`: {0}")]
    Deny(String),
    /// A limit out of its range.
    #[error("`{setting}` is {value}; use a number from {least} to {most}")]
    Limit {
        /// Which.
        setting: &'static str,
        /// As configured.
        value: u64,
        /// Smallest allowed.
        least: u64,
        /// Largest allowed.
        most: u64,
    },
}

/// One opened root.
#[derive(Debug)]
pub(crate) struct Root {
    pub(crate) name: String,
    pub(crate) mode: Mode,
    pub(crate) dir: Dir,
    /// Whether what the kernel has of it in memory can be read without waiting.
    pub(crate) at_once: bool,
    /// As configured, made absolute; for recognising absolute paths, never for opening.
    given: PathBuf,
    /// The same without symbolic links.
    real: PathBuf,
}

impl Root {
    /// Refuses a read-only root.
    pub(crate) fn writable(&self) -> Result<(), FsError> {
        match self.mode {
            Mode::Rw => Ok(()),
            Mode::Ro => Err(FsError::ReadOnlyRoot {
                root: self.name.clone(),
            }),
        }
    }
}

/// Every root, and the rules that hold below all of them.
#[derive(Debug)]
pub(crate) struct Roots {
    /// At least one; the first is where plain relative paths start.
    list: Vec<Root>,
    pub(crate) deny: DenyRules,
    pub(crate) deny_hardlinks: bool,
}

impl Roots {
    /// Opens what is configured.
    pub(crate) fn open(config: &Config) -> Result<Self, ConfigError> {
        if config.roots.is_empty() {
            return Err(ConfigError::NoRoots);
        }
        let mut list = Vec::new();
        let mut names = BTreeSet::new();
        for root in &config.roots {
            let opened = open(root)?;
            if !names.insert(opened.name.clone()) {
                return Err(ConfigError::SameName {
                    name: opened.name,
                    path: root.path.clone(),
                });
            }
            list.push(opened);
        }
        for (at, root) in list.iter().enumerate() {
            let around = list
                .iter()
                .enumerate()
                .find(|(other, outer)| *other != at && root.real.starts_with(&outer.real));
            if let Some((_, outer)) = around {
                return Err(ConfigError::Overlap {
                    inner: root.given.clone(),
                    outer: outer.given.clone(),
                });
            }
        }
        let deny = DenyRules::new(&config.deny).map_err(ConfigError::Deny)?;
        Ok(Self {
            list,
            deny,
            deny_hardlinks: config.deny_hardlinks,
        })
    }

    /// All of them, in configured order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Root> {
        self.list.iter()
    }

    /// The root of this name.
    pub(crate) fn named(&self, name: &str) -> Option<&Root> {
        self.list.iter().find(|root| root.name == name)
    }

    /// Which root a path argument means, and the steps below it.
    pub(crate) fn address(&self, argument: &str) -> Result<(&Root, Steps), FsError> {
        path::check(argument)?;
        if argument.starts_with('/') {
            return self
                .list
                .iter()
                .find_map(|root| {
                    let rest = path::strip(argument, &root.given)
                        .or_else(|| path::strip(argument, &root.real))?;
                    Some((root, Steps::parse(&rest)))
                })
                .ok_or_else(|| FsError::Outside {
                    path: argument.into(),
                });
        }
        if let Some((name, rest)) = argument.split_once(':')
            && let Some(root) = self.named(name)
        {
            if rest.starts_with('/') {
                return Err(FsError::Argument(format!(
                    "write the path after `{name}:` without a leading slash: it is relative to that root"
                )));
            }
            return Ok((root, Steps::parse(rest.as_ref())));
        }
        Ok((&self.list[0], Steps::parse(argument.as_ref())))
    }

    /// The form in which results name a path; what a caller may pass back.
    pub(crate) fn show(&self, root: &Root, path: &Path) -> String {
        let text = path.to_string_lossy();
        if root.name != self.list[0].name {
            return format!("{}:{text}", root.name);
        }
        if text.is_empty() {
            return ".".to_owned();
        }
        match text.split_once(':') {
            Some((name, _)) if self.named(name).is_some() => format!("./{text}"),
            _ => text.into_owned(),
        }
    }
}

/// Opens one root.
fn open(config: &RootConfig) -> Result<Root, ConfigError> {
    let failed = |error: &io::Error| {
        let path = config.path.clone();
        match error.kind() {
            io::ErrorKind::NotFound => ConfigError::Missing { path },
            io::ErrorKind::NotADirectory => ConfigError::NotDirectory { path },
            reason => ConfigError::Unusable { path, reason },
        }
    };
    let given = std::path::absolute(&config.path).map_err(|error| failed(&error))?;
    #[expect(
        clippy::disallowed_methods,
        reason = "a root is opened by its path on the host, once, at start"
    )]
    let (dir, real) = (
        Dir::open_ambient_dir(&given, ambient_authority()).map_err(|error| failed(&error))?,
        std::fs::canonicalize(&given).map_err(|error| failed(&error))?,
    );
    // What is opened is a handle that need not be readable; find out now instead of at the first call.
    dir.entries().map_err(|error| failed(&error))?;
    Ok(Root {
        name: name(config, &real)?,
        mode: config.mode,
        at_once: at_once::is_possible(&dir),
        dir,
        given,
        real,
    })
}

/// The configured name, or the last component of the path.
fn name(config: &RootConfig, real: &Path) -> Result<String, ConfigError> {
    let name = match (
        &config.name,
        config.path.file_name().or_else(|| real.file_name()),
    ) {
        (Some(name), _) => name.clone(),
        (None, Some(last)) => last.to_string_lossy().into_owned(),
        (None, None) => "root".to_owned(),
    };
    let bad = |c: char| matches!(c, '/' | ':' | '{' | '}') || c.is_control();
    if name.is_empty()
        || name.chars().count() > 64
        || name == "."
        || name == ".."
        || name.contains(bad)
    {
        return Err(ConfigError::BadName { name });
    }
    Ok(name)
}
