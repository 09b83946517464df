//! `.gitignore` files, read through directory handles while walking.
//!
//! Only the patterns come from the `ignore` crate; its walker opens paths of the host.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use cap_std::fs::{Dir, OpenOptions};
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::capped;
use crate::root::Roots;

/// The largest `.gitignore` that is read, in bytes; what follows is not applied.
const MOST_BYTES: u64 = 256 << 10;

/// The `.gitignore` of a directory, linked to those of the directories above it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ignores(Option<Rc<Level>>);

#[derive(Debug)]
struct Level {
    /// The directory it stands in, relative to the root.
    base: PathBuf,
    patterns: Gitignore,
    above: Ignores,
}

impl Ignores {
    /// With the `.gitignore` of `dir`, if there is one that can be read.
    pub(crate) fn enter(&self, roots: &Roots, dir: &Dir, path: &Path) -> Self {
        let name = Path::new(".gitignore");
        // Most directories have none: ask before opening, and never open anything but a regular file.
        if !dir.symlink_metadata(name).is_ok_and(|is| is.is_file())
            || roots.deny.covers(&path.join(name))
        {
            return self.clone();
        }
        let opened = roots.open_regular(
            dir,
            name.as_os_str(),
            ".gitignore",
            OpenOptions::new().read(true),
        );
        let Some((bytes, _)) = opened
            .ok()
            .and_then(|(mut file, is)| capped::read(&mut file, MOST_BYTES, is.len()).ok())
        else {
            return self.clone();
        };
        let mut builder = GitignoreBuilder::new("");
        for line in String::from_utf8_lossy(&bytes).lines() {
            // Git ignores what it cannot read as a pattern, and so does this.
            drop(builder.add_line(None, line));
        }
        match builder.build() {
            Ok(patterns) if !patterns.is_empty() => Self(Some(Rc::new(Level {
                base: path.to_path_buf(),
                patterns,
                above: self.clone(),
            }))),
            _ => self.clone(),
        }
    }

    /// Whether the entry at `path`, relative to the root, is ignored. The deepest file that speaks of it wins.
    pub(crate) fn ignores(&self, path: &Path, is_dir: bool) -> bool {
        let mut level = self;
        while let Some(here) = &level.0 {
            let below = path.strip_prefix(&here.base).unwrap_or(path);
            match here.patterns.matched(below, is_dir) {
                ignore::Match::None => level = &here.above,
                ignore::Match::Ignore(_) => return true,
                ignore::Match::Whitelist(_) => return false,
            }
        }
        false
    }
}
