//! The deny rules: which paths inside a root are off limits.
//!
//! They are matched on resolved paths, so that no symbolic link gives a file a second name.

use std::path::Path;
use std::sync::OnceLock;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// The rules where none are set.
pub(crate) const DEFAULT: [&str; 3] = ["**/.git/**", "**/.env*", "**/*.pem"];

/// A set of deny globs.
#[derive(Clone, Debug)]
pub(crate) struct DenyRules {
    /// Of the default rules it is made at the first look: it took more than half of the start of a server.
    set: OnceLock<GlobSet>,
}

impl DenyRules {
    /// Compiles the globs, unless they are the default ones. `Err` says which one is wrong and why.
    pub(crate) fn new(patterns: &[String]) -> Result<Self, String> {
        let set = OnceLock::new();
        // What is set by hand may be wrong or too much, and that is told at the start.
        if patterns != DEFAULT {
            let made = compile(patterns)?;
            set.get_or_init(|| made);
        }
        Ok(Self { set })
    }

    /// Whether `path`, resolved and relative to its root, or any directory above it is covered.
    pub(crate) fn covers(&self, path: &Path) -> bool {
        let set = self
            .set
            .get_or_init(|| compile(&DEFAULT).expect("the default rules are three short ones"));
        if set.is_empty() {
            return false;
        }
        path.ancestors()
            .any(|part| !part.as_os_str().is_empty() && set.is_match(part))
    }
}

fn compile(patterns: &[impl AsRef<str>]) -> Result<GlobSet, String> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns.iter().map(AsRef::as_ref) {
        for glob in readings(pattern)? {
            let glob = GlobBuilder::new(&glob)
                // Case is ignored since some file systems do: `.GIT` must not open `.git`.
                .case_insensitive(true)
                .literal_separator(true)
                .backslash_escape(true)
                .build()
                .map_err(|error| {
                    format!(
                        "the deny rule {pattern:?} is not a valid glob: {}",
                        error.kind()
                    )
                })?;
            set.add(glob);
        }
    }
    set.build()
        .map_err(|error| format!("the deny rules cannot be compiled: {}", error.kind()))
}

/// The globs a rule stands for.
fn readings(pattern: &str) -> Result<Vec<String>, String> {
    let plain = pattern.trim_start_matches("./").trim_end_matches('/');
    if plain.is_empty() || plain.starts_with('!') {
        return Err(format!(
            "the deny rule {pattern:?} is not supported: write a glob such as \"secrets/**\"; exceptions with `!` do not exist"
        ));
    }
    let glob = match plain.strip_prefix('/') {
        Some(from_top) => from_top.to_owned(),
        // As in .gitignore: a bare name means that name anywhere.
        None if !plain.contains('/') => format!("**/{plain}"),
        None => plain.to_owned(),
    };
    let mut globs = vec![glob.clone()];
    // `dir/**` covers the directory itself too: renaming it would free all it holds.
    if let Some(directory) = glob
        .strip_suffix("/**")
        .filter(|directory| !directory.is_empty() && *directory != "**")
    {
        globs.push(directory.to_owned());
    }
    Ok(globs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(rules: &[&str], path: &str) -> bool {
        let rules: Vec<String> = rules.iter().map(|rule| (*rule).to_owned()).collect();
        DenyRules::new(&rules).unwrap().covers(Path::new(path))
    }

    #[test]
    fn a_directory_rule_covers_the_directory_and_all_below() {
        for path in [".git", ".git/config", "a/.git", "a/.git/objects/00/11"] {
            assert!(covers(&["**/.git/**"], path), "{path}");
        }
        assert!(!covers(&["**/.git/**"], ".github/workflow.yml"));
        assert!(!covers(&["**/.git/**"], "a.git"));
    }

    #[test]
    fn the_default_rules_are_good_ones() {
        for path in [".git/config", "a/.env.local", "key.PEM"] {
            assert!(covers(&DEFAULT, path), "{path}");
        }
        assert!(!covers(&DEFAULT, "a/readme.md"));
    }

    #[test]
    fn a_rule_without_a_slash_applies_at_any_depth() {
        assert!(covers(&["*.pem"], "deep/down/key.pem"));
        assert!(covers(&["secrets"], "a/secrets/b"));
        assert!(covers(&["secrets/"], "a/secrets/b"));
        assert!(!covers(&["/secrets"], "a/secrets"));
        assert!(covers(&["/secrets"], "secrets/x"));
    }

    #[test]
    fn stars_stop_at_slashes_and_case_is_ignored() {
        assert!(!covers(&["private/*.txt"], "private/a/b.txt"));
        assert!(covers(&["private/*.txt"], "private/b.txt"));
        assert!(covers(&["**/.env*"], "x/.ENV.local"));
        assert!(covers(&["**/.env*"], ".env"));
    }

    #[test]
    fn bad_rules_are_named() {
        let error = DenyRules::new(&["a[".to_owned()]).unwrap_err();
        assert!(error.contains("\"a[\""), "{error}");
        let error = DenyRules::new(&["!keep".to_owned()]).unwrap_err();
        assert!(error.contains("\"!keep\""), "{error}");
        assert!(DenyRules::new(&[String::new()]).is_err());
        // A rule that covers everything is allowed and covers everything.
        assert!(covers(&["**"], "x"));
    }
}
