//! The factory's cache: unpacked sources, shared builds, generated crates without a manifest.
//!
//! `$MCP_FACTORY_HOME`, or `mcp-factory` in the user's cache directory. Everything in it can be deleted.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use crate::{
    VERSION, embedded,
    error::{AtPath, Code, Failure, Result},
};

/// The cache directory.
#[derive(Clone, Debug)]
pub(crate) struct Home {
    root: PathBuf,
}

impl Home {
    /// Finds the directory; it may not exist yet.
    pub(crate) fn find() -> Result<Self> {
        let set = |name| {
            env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let root = set("MCP_FACTORY_HOME")
            .or_else(|| {
                set("XDG_CACHE_HOME")
                    .filter(|path| path.is_absolute())
                    .map(|path| path.join("mcp-factory"))
            })
            .or_else(|| set("HOME").map(|home| home.join(".cache/mcp-factory")))
            .ok_or_else(|| {
                Failure::new(
                    Code::NoHome,
                    "there is no directory for the cache: HOME is not set",
                )
                .fix("set MCP_FACTORY_HOME to a directory that may be written")
            })?;
        let root = std::path::absolute(&root).at_path("find", &root)?;
        Ok(Self { root })
    }

    /// The directory itself.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The unpacked sources. Unpacks them the first time.
    pub(crate) fn sources(&self) -> Result<PathBuf> {
        let folder = self.root.join("src");
        let unpacked = folder.join(format!("{VERSION}-{}", embedded::DIGEST));
        if unpacked.is_dir() {
            return Ok(unpacked);
        }
        fs::create_dir_all(&folder).at_path("create", &folder)?;
        // Nobody sees a half-written tree: it gets its name when it is whole.
        let temporary = tempfile::Builder::new()
            .prefix(".unpacking-")
            .tempdir_in(&folder)
            .at_path("write in", &folder)?;
        for (name, contents) in embedded::files() {
            let path = temporary.path().join(name);
            let parent = path.parent().unwrap_or(temporary.path());
            fs::create_dir_all(parent).at_path("create", parent)?;
            fs::write(&path, contents).at_path("write", &path)?;
        }
        match fs::rename(temporary.path(), &unpacked) {
            // Another process was quicker, with the same contents.
            Err(_) if unpacked.is_dir() => Ok(unpacked),
            outcome => outcome
                .map(|()| unpacked.clone())
                .at_path("write", &unpacked),
        }
    }

    /// Where the crate of a server without a manifest goes.
    pub(crate) fn generated(&self, name: &str) -> PathBuf {
        self.root.join("gen").join(name)
    }

    /// Cargo's intermediate files, shared by every server with this compiler and target.
    pub(crate) fn build(&self, key: &str) -> PathBuf {
        self.root.join("build").join(key)
    }

    /// Where answers of cargo are kept, to be asked once.
    pub(crate) fn memo(&self) -> PathBuf {
        self.root.join("memo")
    }

    /// Held by the one build that is running.
    pub(crate) fn build_lock(&self) -> PathBuf {
        self.root.join("build.lock")
    }

    #[cfg(test)]
    pub(crate) fn at(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_unpacked_once_and_whole() {
        let root = tempfile::tempdir().unwrap();
        let home = Home::at(root.path());
        let sources = home.sources().unwrap();
        for (name, contents) in embedded::files() {
            assert_eq!(fs::read(sources.join(name)).unwrap(), *contents, "{name}");
        }
        fs::write(sources.join("marker"), "").unwrap();
        assert_eq!(home.sources().unwrap(), sources);
        assert!(sources.join("marker").exists());
        let left: Vec<_> = fs::read_dir(root.path().join("src")).unwrap().collect();
        assert_eq!(left.len(), 1);
    }
}
