//! The globs callers pass: what to search for and what to leave out.
//!
//! A pattern without a slash is matched against names at any depth, one with a slash against the path
//! below the directory the call starts in.

use std::path::Path;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::error::FsError;

/// The longest pattern, in bytes.
const LONGEST: usize = 1_000;
/// How many patterns one call may pass.
const MOST: usize = 100;

/// Compiled patterns.
#[derive(Clone, Debug)]
pub(crate) struct Globs(GlobSet);

impl Globs {
    /// Compiles `patterns`.
    pub(crate) fn new<S: AsRef<str>>(patterns: &[S]) -> Result<Self, FsError> {
        if patterns.len() > MOST {
            return Err(FsError::Argument(format!(
                "{} globs are too many; pass at most {MOST}",
                patterns.len()
            )));
        }
        let mut set = GlobSetBuilder::new();
        for pattern in patterns {
            let pattern = pattern.as_ref();
            let bad = |reason: String| FsError::BadGlob {
                pattern: pattern.into(),
                reason,
            };
            if pattern.is_empty() || pattern.len() > LONGEST {
                return Err(bad(format!(
                    "it has {} bytes, allowed are 1 to {LONGEST}",
                    pattern.len()
                )));
            }
            let plain = pattern.trim_start_matches("./").trim_end_matches('/');
            let plain = match plain.strip_prefix('/') {
                Some(from_start) => from_start.to_owned(),
                None if plain.contains('/') => plain.to_owned(),
                None => format!("**/{plain}"),
            };
            let glob = GlobBuilder::new(&plain)
                .literal_separator(true)
                .backslash_escape(true)
                .build()
                .map_err(|error| bad(error.kind().to_string()))?;
            set.add(glob);
        }
        let first = patterns.first().map_or("", AsRef::as_ref);
        set.build().map(Self).map_err(|error| FsError::BadGlob {
            pattern: first.into(),
            reason: error.kind().to_string(),
        })
    }

    /// Whether a path below the start matches any pattern.
    pub(crate) fn matches(&self, below_start: &Path) -> bool {
        self.0.is_match(below_start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        Globs::new(&[pattern]).unwrap().matches(Path::new(path))
    }

    #[test]
    fn names_at_any_depth_and_paths_from_the_start() {
        assert!(matches("*.rs", "a/b/c.rs"));
        assert!(matches("*.rs", "c.rs"));
        assert!(!matches("src/*.rs", "a/src/c.rs"));
        assert!(matches("src/**/*.rs", "src/a/b.rs"));
        assert!(matches("src/**/*.rs", "src/b.rs"));
        assert!(matches("/c.rs", "c.rs"));
        assert!(!matches("/c.rs", "a/c.rs"));
        assert!(matches("*.{md,txt}", "x.txt"));
        assert!(!matches("*.RS", "c.rs"));
    }

    #[test]
    fn bad_patterns_are_named() {
        for bad in ["[", "", "a{b"] {
            let error = Globs::new(&[bad]).unwrap_err().to_string();
            assert!(error.contains(&format!("{bad:?}")), "{error}");
        }
        assert!(Globs::new(&[&"x".repeat(1_001)]).is_err());
        assert!(
            Globs::new(&vec!["x"; 101])
                .unwrap_err()
                .to_string()
                .contains("at most 100")
        );
        assert!(!Globs::new::<&str>(&[]).unwrap().matches(Path::new("x")));
    }
}
