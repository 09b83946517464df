//! The name of a repository: an owner and a name, as GitHub allows them, and nothing that could be
//! anything else in a path.

use std::fmt;
use std::hash::{Hash, Hasher};

use crate::error::GithubError;

/// `owner/name`. Two are equal when GitHub says so: letter case does not count.
#[derive(Clone, Debug)]
pub(crate) struct Repository {
    owner: String,
    name: String,
    key: String,
}

impl Repository {
    /// A repository by the words of a caller.
    ///
    /// # Errors
    /// When either is no such name.
    pub(crate) fn new(owner: &str, name: &str) -> Result<Self, GithubError> {
        if !is_owner(owner) {
            return Err(GithubError::argument(
                "owner",
                "is no name of a user or organization: letters, digits, `-` and `_`, at most 100",
            ));
        }
        if !is_name(name) {
            return Err(GithubError::argument(
                "repo",
                "is no name of a repository: letters, digits, `-`, `_` and `.`, at most 100, without the owner and without `.git`",
            ));
        }
        Ok(Self {
            owner: owner.to_owned(),
            name: name.to_owned(),
            key: format!("{owner}/{name}").to_ascii_lowercase(),
        })
    }

    /// A repository by `owner/name`, as answers of GitHub have it.
    pub(crate) fn parse(full_name: &str) -> Option<Self> {
        let (owner, name) = full_name.split_once('/')?;
        Self::new(owner, name).ok()
    }

    /// The repository of `…/repos/owner/name` and of what is below it.
    pub(crate) fn of_api_url(url: &str) -> Option<Self> {
        let (_, rest) = url.split_once("/repos/")?;
        let mut parts = rest.split(['/', '?', '#']);
        Self::new(parts.next()?, parts.next()?).ok()
    }

    /// The owner, as it was written.
    pub(crate) fn owner(&self) -> &str {
        &self.owner
    }

    /// The name, as it was written.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Both in lower case: what everything that is kept per repository is keyed by.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

impl PartialEq for Repository {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Repository {}

impl Hash for Repository {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

/// Whether this may be a user or an organization. A little wider than GitHub's rule of today.
pub(crate) fn is_owner(text: &str) -> bool {
    let mut bytes = text.bytes();
    text.len() <= 100
        && bytes
            .next()
            .is_some_and(|first| first.is_ascii_alphanumeric())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// Whether this may be a repository. GitHub takes `tool.git` for `tool`: one repository, one name here.
pub(crate) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 100
        && text != "."
        && text != ".."
        && !text.to_ascii_lowercase().ends_with(".git")
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_are_names() {
        let repository = Repository::new("Acme-Inc", "tool.js").expect("a name");
        assert_eq!(repository.to_string(), "Acme-Inc/tool.js");
        assert_eq!(
            repository,
            Repository::parse("acme-inc/TOOL.js").expect("a name")
        );
        for owner in [
            "",
            "-a",
            "a/b",
            "..",
            ".",
            "a?b",
            "a%2e",
            "a b",
            "ä",
            &"a".repeat(101),
        ] {
            assert!(Repository::new(owner, "tool").is_err(), "{owner}");
        }
        for name in [
            "", ".", "..", "a/b", "../x", "a?b=c", "a#b", "%2e%2e", "a\\b", "a\0b", "tool.git",
            "tool.GIT",
        ] {
            assert!(Repository::new("acme", name).is_err(), "{name}");
        }
    }

    #[test]
    fn the_repository_of_an_answer_is_found_in_its_url() {
        let of = |url| Repository::of_api_url(url).map(|found| found.to_string());
        assert_eq!(
            of("https://api.github.com/repos/a/b").as_deref(),
            Some("a/b")
        );
        assert_eq!(
            of("https://ghes/api/v3/repos/a/b/issues/1").as_deref(),
            Some("a/b")
        );
        assert_eq!(of("https://api.github.com/repositories/7"), None);
    }
}
