//! Search queries: kept inside the repositories that may be used, before GitHub sees them.
//!
//! Results are held against the allow-list as well. But a search that may look elsewhere tells something even
//! by what it does not return, so one that names another place is refused and one that names none is given ours.

use crate::allow::AllowList;
use crate::error::GithubError;
use crate::repository::Repository;

/// GitHub's limit is 256 characters, not counting qualifiers.
const LONGEST: usize = 1_000;

/// A query that stays inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Query {
    pub(crate) text: String,
    /// The repositories it names, if it names nothing but repositories.
    pub(crate) named: Option<Vec<Repository>>,
    /// Whether it has alternatives, of which only one may be held by the place.
    alternatives: bool,
}

impl Query {
    /// Reads a caller's query.
    pub(crate) fn new(text: &str, allow: &AllowList) -> Result<Self, GithubError> {
        let text = text.trim();
        if text.is_empty() || text.len() > LONGEST || text.chars().any(char::is_control) {
            return Err(GithubError::argument(
                "query",
                format!("must be one line of 1 to {LONGEST} bytes"),
            ));
        }
        let (mut repositories, mut only_repositories, mut placed) = (Vec::new(), true, false);
        for qualifier in qualifiers(text) {
            let Qualifier { name, value } = qualifier;
            let inside = match name.as_str() {
                "repo" => {
                    let repository = Repository::parse(&value);
                    let inside = repository
                        .as_ref()
                        .is_some_and(|repository| allow.allows(repository));
                    repositories.extend(repository);
                    inside
                }
                "org" | "user" => {
                    only_repositories = false;
                    allow.covers_owner(&value)
                }
                // It also finds places, by another word.
                "enterprise" => allow.is_everything(),
                _ => continue,
            };
            if !inside {
                return Err(GithubError::SearchOutside {
                    qualifier: format!("{name}:{}", crate::clean::line(&value, 100).0),
                });
            }
            placed = true;
        }
        let alternatives = has_alternatives(text);
        if alternatives && !allow.is_everything() {
            return Err(no_alternatives());
        }
        let mut text = text.to_owned();
        if !placed {
            for qualifier in allow.qualifiers() {
                text.push(' ');
                text.push_str(&qualifier);
            }
            repositories = allow
                .qualifiers()
                .iter()
                .filter_map(|qualifier| Repository::parse(qualifier.strip_prefix("repo:")?))
                .collect();
            only_repositories = repositories.len() == allow.qualifiers().len();
        }
        let named = (only_repositories && !repositories.is_empty()).then_some(repositories);
        Ok(Self {
            text,
            named,
            alternatives,
        })
    }

    /// The same with one more qualifier, which has to hold for all of it.
    pub(crate) fn and(mut self, qualifier: &str) -> Self {
        self.text.push(' ');
        self.text.push_str(qualifier);
        self
    }

    /// The same for public repositories only.
    pub(crate) fn in_public(self) -> Result<Self, GithubError> {
        if self.alternatives {
            return Err(no_alternatives());
        }
        Ok(self.and("is:public"))
    }
}

/// `a OR b repo:x/y` may mean `a` anywhere.
fn has_alternatives(text: &str) -> bool {
    text.contains('|')
        || text
            .split(|character: char| character.is_whitespace() || "()\"".contains(character))
            .any(|word| word == "OR")
}

fn no_alternatives() -> GithubError {
    GithubError::argument(
        "query",
        "must not have alternatives (`OR`, `|`): search for each of them",
    )
}

struct Qualifier {
    name: String,
    value: String,
}

/// Everything in a query that may be a qualifier, in quotes and brackets too: rather one too many. One that
/// excludes (`-repo:…`) places nothing and is none.
fn qualifiers(text: &str) -> Vec<Qualifier> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices(':') {
        let name: String = text[..at]
            .chars()
            .rev()
            .take_while(char::is_ascii_alphabetic)
            .collect();
        let name: String = name.chars().rev().collect();
        let before = text[..at - name.len()].chars().next_back();
        if name.is_empty() || before == Some('-') {
            continue;
        }
        let value = text[at + 1..].trim_start_matches(['"', '\'', ' ']);
        let value: String = value
            .chars()
            .take_while(|character| !character.is_whitespace() && !"\"'()".contains(*character))
            .collect();
        found.push(Qualifier {
            name: name.to_ascii_lowercase(),
            value,
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allow(patterns: &[&str]) -> AllowList {
        AllowList::new(
            &patterns
                .iter()
                .map(|text| (*text).to_owned())
                .collect::<Vec<_>>(),
        )
        .expect("a list")
    }

    #[test]
    fn a_query_is_kept_inside() {
        let allow = allow(&["acme/*", "me/tool"]);
        let text = |query: &str| Query::new(query, &allow).expect(query).text;
        assert_eq!(text("panic"), "panic repo:me/tool user:acme");
        assert_eq!(text("panic repo:Me/Tool"), "panic repo:Me/Tool");
        assert_eq!(
            text("is:open -repo:acme/x"),
            "is:open -repo:acme/x repo:me/tool user:acme"
        );
        assert_eq!(text("org:ACME"), "org:ACME");
        for bad in [
            "x repo:you/secret",
            "x REPO:you/secret",
            "x repo:\"you/secret\"",
            "(repo:you/secret)",
            "\"a\"repo:you/secret",
            "x org:you",
            "x user:you",
            "x user:@me",
            "x user:me",
            "repo:acme/x OR repo:you/secret",
            "repo:",
            "enterprise:big",
            "repo:acme",
            "xrepo:you/a repo:you/b",
        ] {
            let error = Query::new(bad, &allow).expect_err(bad).to_string();
            assert!(error.contains("searches outside"), "{error}");
        }
        for bad in ["a OR b repo:acme/x", "(a)OR(b)", "a | b"] {
            let error = Query::new(bad, &allow).expect_err(bad).to_string();
            assert!(error.contains("search for each of them"), "{error}");
        }
        assert_eq!(text("this or that repo:acme/x"), "this or that repo:acme/x");
        for bad in ["", "  ", "a\nb", &"a".repeat(1_001)] {
            assert!(Query::new(bad, &allow).is_err(), "{bad}");
        }
    }

    #[test]
    fn public_is_said_of_all_of_it() {
        let everything = allow(&["*/*"]);
        let query = |text| Query::new(text, &everything).expect("a query");
        assert_eq!(query("a").in_public().expect("one").text, "a is:public");
        assert!(query("a OR b").in_public().is_err());
    }

    #[test]
    fn it_is_known_which_repositories_it_names() {
        let named = |patterns: &[&str], query: &str| {
            Query::new(query, &allow(patterns))
                .expect(query)
                .named
                .map(|named| named.len())
        };
        assert_eq!(named(&["acme/a", "acme/b"], "x"), Some(2));
        assert_eq!(named(&["acme/*", "acme/b"], "x"), None);
        assert_eq!(named(&["acme/*"], "x repo:acme/a"), Some(1));
        assert_eq!(named(&["acme/*"], "x repo:acme/a org:acme"), None);
        assert_eq!(named(&["*/*"], "x"), None);
        assert_eq!(named(&["*/*"], "x repo:any/thing"), Some(1));
    }
}
