//! Names inside a repository: references, paths and hashes, checked before they go anywhere.

use std::fmt;

use crate::error::GithubError;

/// A branch, a tag or a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference(String);

impl Reference {
    /// By the rules of `git check-ref-format`. A colon is refused too: `owner:branch` is another repository.
    ///
    /// # Errors
    /// When git would not take it, naming the argument `name`.
    pub(crate) fn new(name: &'static str, text: &str) -> Result<Self, GithubError> {
        let bad = text.is_empty()
            || text.len() > 255
            || text == "@"
            || text.starts_with(['/', '-'])
            || text.ends_with(['/', '.'])
            || ["..", "//", "@{"].iter().any(|part| text.contains(part))
            || text
                .split('/')
                .any(|part| part.starts_with('.') || part.strip_suffix(".lock").is_some())
            || text
                .chars()
                .any(|character| character.is_control() || " ~^:?*[\\".contains(character));
        if bad {
            return Err(GithubError::argument(
                name,
                "is no branch, tag or commit of this repository; list_branches names the branches",
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// An optional one.
    pub(crate) fn optional(
        name: &'static str,
        text: Option<&str>,
    ) -> Result<Option<Self>, GithubError> {
        text.map(|text| Self::new(name, text)).transpose()
    }

    /// As it was written.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it names a pull request's commits, which anybody may have written.
    pub(crate) fn is_pull_request(&self) -> bool {
        let name = self.0.strip_prefix("refs/").unwrap_or(&self.0);
        name.starts_with("pull/")
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The path of a file or directory from the top of a repository; empty for the top itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FilePath(String);

impl FilePath {
    /// A path of names. One slash at the end is tolerated.
    ///
    /// # Errors
    /// When a name in it is empty, `.` or `..`, or it holds a control character.
    pub(crate) fn new(given: &str) -> Result<Self, GithubError> {
        let text = given.strip_suffix('/').unwrap_or(given);
        let bad = text.len() > 4096
            || text.is_empty() && !given.is_empty()
            || text.chars().any(char::is_control)
            || (!text.is_empty() && text.split('/').any(|name| matches!(name, "" | "." | "..")));
        if bad {
            return Err(GithubError::argument(
                "path",
                "is no path in a repository: write `docs/guide.md`, without `.`, `..` or a slash at the start",
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// A path that is not the top.
    pub(crate) fn of_file(text: &str) -> Result<Self, GithubError> {
        let path = Self::new(text)?;
        if path.0.is_empty() || text.ends_with('/') {
            return Err(GithubError::argument("path", "names no file"));
        }
        Ok(path)
    }

    /// As it was written.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Its names, in order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').filter(|name| !name.is_empty())
    }
}

/// The hash of a commit or a file, in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sha(String);

impl Sha {
    /// 40 or 64 hexadecimal digits.
    ///
    /// # Errors
    /// When it is anything else, naming the argument `name`.
    pub(crate) fn new(name: &'static str, text: &str) -> Result<Self, GithubError> {
        if matches!(text.len(), 40 | 64) && text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Ok(Self(text.to_ascii_lowercase()));
        }
        Err(GithubError::argument(
            name,
            "is no full hash of 40 or 64 hexadecimal digits; take it from the answer of another tool",
        ))
    }

    /// In lower case.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_what_git_takes() {
        for good in [
            "main",
            "feature/x-1",
            "v1.2",
            "refs/heads/a",
            "a%2e%2e",
            &"a".repeat(40),
        ] {
            assert!(Reference::new("ref", good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "@",
            "a..b",
            "../x",
            "/a",
            "a/",
            "a//b",
            "a b",
            "a?b",
            "a:b",
            "me:main",
            "a^",
            "a~1",
            "a*",
            "a[",
            "a\\b",
            "a@{1}",
            ".a",
            "a/.b",
            "a.lock",
            "a.",
            "a\nb",
            "-a",
            &"a".repeat(256),
        ] {
            assert!(Reference::new("ref", bad).is_err(), "{bad}");
        }
        for pull in ["refs/pull/1/head", "pull/1/merge"] {
            assert!(
                Reference::new("ref", pull)
                    .expect("valid")
                    .is_pull_request()
            );
        }
        assert!(
            !Reference::new("ref", "pulls")
                .expect("valid")
                .is_pull_request()
        );
    }

    #[test]
    fn paths_stay_inside() {
        for good in [
            "",
            "a",
            "a/b.txt",
            "a/",
            "%2e%2e/x",
            "a?b",
            "a b",
            ".github/x",
        ] {
            assert!(FilePath::new(good).is_ok(), "{good}");
        }
        for bad in [
            "/", "/a", "a//b", "..", "../a", "a/../b", "a/..", "./a", "a\0", "a\n",
        ] {
            assert!(FilePath::new(bad).is_err(), "{bad}");
        }
        assert!(FilePath::of_file("").is_err() && FilePath::of_file("a/").is_err());
    }

    #[test]
    fn a_hash_is_in_full() {
        assert_eq!(
            Sha::new("sha", &"A".repeat(40)).expect("valid").as_str(),
            "a".repeat(40)
        );
        for bad in ["", "main", &"a".repeat(39), &"g".repeat(40)] {
            assert!(Sha::new("sha", bad).is_err(), "{bad}");
        }
    }
}
