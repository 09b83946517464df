//! Search queries: kept inside the repositories that may be used, before GitHub sees them.
//!
//! Results are held against the allow-list as well. But a search that may look elsewhere tells something even
//! by what it does not return, so one that names another place is refused and one that names none is given ours.
//! A word that may or may not name a place, by where it stands, is refused too: it would not keep anything inside.

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
    /// Whether all it looks into may be used: not where a pattern names a part of an owner's repositories.
    pub(crate) exact: bool,
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
        let (mut repositories, mut only_repositories) = (Vec::new(), true);
        let places = places(text);
        for Place { name, value, alone } in &places {
            let inside = match name.as_str() {
                "repo" => {
                    let repository = Repository::parse(value);
                    let inside = repository
                        .as_ref()
                        .is_some_and(|repository| allow.allows(repository));
                    repositories.extend(repository);
                    inside
                }
                // It also finds places, by another word.
                "enterprise" => allow.is_everything(),
                _ => {
                    only_repositories = false;
                    allow.covers_owner(value)
                }
            };
            if !inside {
                return Err(GithubError::SearchOutside {
                    qualifier: format!("{name}:{}", crate::clean::line(value, 100).0),
                });
            }
            if !alone {
                return Err(GithubError::argument(
                    "query",
                    format!(
                        "has `{name}:` where it may name no place: put it first, without quotes, brackets, `-` or `NOT`, and not in another word"
                    ),
                ));
            }
        }
        let alternatives = has_alternatives(text);
        if alternatives && !allow.is_everything() {
            return Err(no_alternatives());
        }
        let exact = if places.is_empty() {
            allow.is_exact()
        } else {
            places
                .iter()
                .all(|place| place.name == "repo" || allow.holds_owner(&place.value))
        };
        let mut text = text.to_owned();
        if places.is_empty() {
            // In front, where no `NOT`, quote or bracket of the caller's reaches them.
            let mut words = allow.qualifiers();
            words.push(text);
            text = words.join(" ");
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
            exact,
            alternatives,
        })
    }

    /// The same with one more qualifier, which has to hold for all of it.
    pub(crate) fn and(mut self, qualifier: &str) -> Self {
        self.text = format!("{qualifier} {}", self.text);
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

/// A word that names a place, or looks as if it did.
struct Place {
    name: String,
    value: String,
    /// Whether GitHub is sure to read it as one.
    alone: bool,
}

/// Everything in a query that may name a place, wherever it is: rather one too many.
fn places(text: &str) -> Vec<Place> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices(':') {
        let start = text[..at].trim_end_matches(|character: char| character.is_ascii_alphabetic());
        let name = text[start.len()..at].to_ascii_lowercase();
        if !matches!(name.as_str(), "repo" | "org" | "user" | "enterprise") {
            continue;
        }
        let value: String = text[at + 1..]
            .trim_start_matches(['"', '\'', ' '])
            .chars()
            .take_while(|character| !character.is_whitespace() && !"\"'()".contains(*character))
            .collect();
        let word = text[at + 1..].split(' ').next().unwrap_or_default();
        found.push(Place {
            alone: word == value && !value.is_empty() && is_open(start),
            name,
            value,
        });
    }
    found
}

/// Whether a word that follows `before` stands by itself: not in another one, in quotes or brackets, or negated.
/// Where it is not known how GitHub reads it (`\`, `/…/`), it does not.
fn is_open(before: &str) -> bool {
    let mut depth = Some(0_usize);
    for character in before.chars() {
        depth = match character {
            '(' => depth.map(|depth| depth + 1),
            ')' => depth.and_then(|depth| depth.checked_sub(1)),
            _ => depth,
        };
    }
    let last = before
        .trim_end_matches(|character: char| !character.is_alphanumeric())
        .rsplit(|character: char| !character.is_alphanumeric())
        .next();
    (before.is_empty() || before.ends_with(' '))
        && depth == Some(0)
        && before.matches('"').count().is_multiple_of(2)
        && !before.contains('\\')
        && !before.split_whitespace().any(|word| word.starts_with('/'))
        && !before.trim_end().ends_with('-')
        && !last.is_some_and(|word| word.eq_ignore_ascii_case("not"))
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
        assert_eq!(text("panic"), "repo:me/tool user:acme panic");
        assert_eq!(text("panic repo:Me/Tool"), "panic repo:Me/Tool");
        assert_eq!(text("x NOT"), "repo:me/tool user:acme x NOT");
        assert_eq!(
            text("x \"a b\" (c) repo:acme/x"),
            "x \"a b\" (c) repo:acme/x"
        );
        assert_eq!(text("cannot user:acme \""), "cannot user:acme \"");
        assert_eq!(text("x label:user"), "repo:me/tool user:acme x label:user");
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
        for bad in [
            "x -label:user:acme",
            "x label:\"user:acme\"",
            "x NOT repo:acme/tool",
            "x (NOT user:acme)",
            "x NOT \"repo:acme/tool\"",
            "x -\"repo:acme/t\"",
            "-label:repo:acme/t",
            "-repo:acme/t",
            "x - repo:acme/t",
            "x not  user:acme",
            "(user:acme)",
            "x ) ( user:acme",
            "\" user:acme",
            "\"a \\\" repo:acme/t \"",
            "/a repo:acme/t /",
            "x repo:\"acme/t\"",
            "x repo: acme/t",
            "x repo:acme/t\"",
            "x_repo:acme/t",
            "x\u{a0}repo:acme/t",
            "repo:acme/t x NOT repo:acme/u",
        ] {
            let error = Query::new(bad, &allow).expect_err(bad).to_string();
            assert!(
                error.contains("where it may name no place: put it first"),
                "{bad}: {error}"
            );
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
        assert_eq!(query("a").in_public().expect("one").text, "is:public a");
        assert!(query("a OR b").in_public().is_err());
    }

    #[test]
    fn it_is_known_whether_it_looks_into_more() {
        let exact = |patterns: &[&str], query: &str| {
            Query::new(query, &allow(patterns)).expect(query).exact
        };
        assert!(exact(&["acme/*", "me/tool"], "x") && exact(&["*/*"], "x user:you"));
        assert!(exact(&["acme/lib-*"], "x repo:acme/lib-a"));
        assert!(!exact(&["acme/lib-*"], "x") && !exact(&["acme/lib-*"], "user:acme x"));
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
