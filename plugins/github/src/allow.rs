//! Which repositories may be used: the operator's list, held against every argument and every result.

use crate::error::GithubError;
use crate::repository::{Repository, is_name, is_owner};

/// The allow-list.
#[derive(Clone, Debug)]
pub(crate) struct AllowList {
    patterns: Vec<Pattern>,
}

/// `owner/name`, `owner/prefix*`, `owner/*` or `*/*`; in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern {
    written: String,
    owner: Option<String>,
    name: String,
}

impl AllowList {
    /// Reads the setting `repos`.
    ///
    /// # Errors
    /// A sentence for the operator when the list is empty or one of them is no pattern.
    pub(crate) fn new(patterns: &[String]) -> Result<Self, String> {
        if patterns.is_empty() {
            return Err("`repos` is empty: name the repositories that may be used, such as `repos = [\"acme/*\", \"me/tool\"]`, or `[\"*/*\"]` for all that the token reaches".to_owned());
        }
        let patterns = patterns
            .iter()
            .map(|text| Pattern::parse(text))
            .collect::<Result<_, _>>()?;
        Ok(Self { patterns })
    }

    /// Whether the repository may be used.
    pub(crate) fn allows(&self, repository: &Repository) -> bool {
        self.patterns
            .iter()
            .any(|pattern| pattern.matches(repository))
    }

    /// Whether the operator named the repository, or its owner: not by `*/*` alone.
    pub(crate) fn names(&self, repository: &Repository) -> bool {
        self.patterns
            .iter()
            .any(|pattern| pattern.owner.is_some() && pattern.matches(repository))
    }

    /// Whether everything may be used.
    pub(crate) fn is_everything(&self) -> bool {
        self.patterns.iter().any(|pattern| pattern.owner.is_none())
    }

    /// The repository of a caller's words, if it may be used.
    ///
    /// # Errors
    /// When it is no name, or not on the list.
    pub(crate) fn repository(&self, owner: &str, name: &str) -> Result<Repository, GithubError> {
        let repository = Repository::new(owner, name)?;
        if self.allows(&repository) {
            return Ok(repository);
        }
        Err(GithubError::NotAllowed {
            repository: repository.to_string(),
        })
    }

    /// The patterns as they were written.
    pub(crate) fn written(&self) -> Vec<String> {
        self.patterns
            .iter()
            .map(|pattern| pattern.written.clone())
            .collect()
    }

    /// Owners that are named, once each.
    pub(crate) fn owners(&self) -> Vec<&str> {
        let mut owners: Vec<&str> = self
            .patterns
            .iter()
            .filter_map(|pattern| pattern.owner.as_deref())
            .collect();
        owners.sort_unstable();
        owners.dedup();
        owners
    }

    /// Names that are written in full for `owner`.
    pub(crate) fn names_of(&self, owner: &str) -> Vec<&str> {
        let owner = owner.to_ascii_lowercase();
        self.patterns
            .iter()
            .filter(|pattern| pattern.owner.as_ref() == Some(&owner) && !pattern.name.contains('*'))
            .map(|pattern| pattern.name.as_str())
            .collect()
    }

    /// The search qualifiers that reach at most what the list allows to look at: none when everything is allowed.
    pub(crate) fn qualifiers(&self) -> Vec<String> {
        if self.is_everything() {
            return Vec::new();
        }
        let mut qualifiers: Vec<String> = self
            .patterns
            .iter()
            .filter_map(|pattern| {
                let owner = pattern.owner.as_ref()?;
                Some(if pattern.name.contains('*') {
                    format!("user:{owner}")
                } else {
                    format!("repo:{owner}/{}", pattern.name)
                })
            })
            .collect();
        qualifiers.sort_unstable();
        qualifiers.dedup();
        qualifiers
    }

    /// Whether all of an owner's repositories may be used.
    pub(crate) fn holds_owner(&self, owner: &str) -> bool {
        self.patterns.iter().any(|pattern| match &pattern.owner {
            Some(known) => known.eq_ignore_ascii_case(owner) && pattern.name == "*",
            None => true,
        })
    }

    /// Whether `qualifiers` reach nothing that may not be used.
    pub(crate) fn is_exact(&self) -> bool {
        self.patterns.iter().all(|pattern| {
            let owner = pattern.owner.as_deref().unwrap_or_default();
            !pattern.name.contains('*') || self.holds_owner(owner)
        })
    }

    /// Whether all of an owner's repositories may be searched: some of them are listed by a pattern. Where they
    /// are listed by name, a search would look into the others as well.
    pub(crate) fn covers_owner(&self, owner: &str) -> bool {
        self.patterns.iter().any(|pattern| match &pattern.owner {
            Some(known) => known.eq_ignore_ascii_case(owner) && pattern.name.contains('*'),
            None => true,
        })
    }
}

impl Pattern {
    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`repos` has {text:?}, which is none of \"owner/name\", \"owner/prefix*\", \"owner/*\" and \"*/*\""
            )
        };
        let (owner, name) = text.split_once('/').ok_or_else(wrong)?;
        let plain: String = name.replace('*', "x");
        if !is_name(&plain) || (owner == "*" && name != "*") || (owner != "*" && !is_owner(owner)) {
            return Err(wrong());
        }
        Ok(Self {
            written: text.to_owned(),
            owner: (owner != "*").then(|| owner.to_ascii_lowercase()),
            name: name.to_ascii_lowercase(),
        })
    }

    fn matches(&self, repository: &Repository) -> bool {
        let Some((owner, name)) = repository.key().split_once('/') else {
            return false;
        };
        self.owner.as_deref().is_none_or(|wanted| wanted == owner) && wildcard(&self.name, name)
    }
}

/// Whether `text` is `pattern` with something, or nothing, for each star.
fn wildcard(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(patterns: &[&str]) -> AllowList {
        let patterns: Vec<String> = patterns.iter().map(|text| (*text).to_owned()).collect();
        AllowList::new(&patterns).expect("a list")
    }

    fn repository(name: &str) -> Repository {
        Repository::parse(name).expect("a name")
    }

    #[test]
    fn only_what_is_listed_is_allowed() {
        let list = list(&["Acme/*", "me/tool", "me/lib-*-rs"]);
        for good in [
            "acme/x",
            "ACME/Y",
            "me/tool",
            "Me/Tool",
            "me/lib-a-rs",
            "me/lib--rs",
        ] {
            assert!(list.allows(&repository(good)), "{good}");
        }
        for bad in [
            "acme2/x",
            "me/tools",
            "me/too",
            "you/tool",
            "me/lib-rs",
            "me/lib-a-rsx",
        ] {
            assert!(!list.allows(&repository(bad)), "{bad}");
        }
        assert_eq!(list.owners(), ["acme", "me"]);
        assert_eq!(list.names_of("ME"), ["tool"]);
        assert_eq!(list.qualifiers(), ["repo:me/tool", "user:acme", "user:me"]);
    }

    #[test]
    fn everything_is_allowed_only_in_so_many_words() {
        let all = list(&["*/*", "acme/x"]);
        assert!(all.allows(&repository("any/thing")) && all.is_everything());
        assert!(all.names(&repository("acme/x")) && !all.names(&repository("any/thing")));
        assert!(
            AllowList::new(&[])
                .expect_err("empty")
                .contains("`repos` is empty")
        );
        for bad in [
            "acme",
            "*",
            "*/x",
            "a*/x",
            "acme/",
            "/x",
            "acme/x/y",
            "acme/..",
            "a b/c",
            "acme/x.git",
        ] {
            let error = AllowList::new(&[bad.to_owned()]).expect_err(bad);
            assert!(error.contains("owner/name"), "{error}");
        }
    }
}
