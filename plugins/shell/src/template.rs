//! One element of a command: fixed text with places for arguments, and how it is filled.
//!
//! In the room: the grammar (`{name}`, `{{`, `}}`) and the rule that keeps data from becoming an option.
//! An element becomes one argument of the program or none, never two. There is no quoting, because there
//! is nothing that would take a text apart again.

use std::fmt;

use serde_json::Value;

/// The longest argument that is passed on, in bytes. The kernel's own limit for one is 128 KiB.
pub(crate) const LONGEST_ARGUMENT: usize = 32 << 10;

/// One element of `argv`, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Element {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// Takes the value of the parameter with this name.
    Place(String),
}

/// What is wrong with an element, in words for the author of the manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TemplateError {
    #[error("`{0}` opens a place with `{{` and does not close it; for a brace itself write `{{{{`")]
    Unclosed(String),
    #[error("`{0}` closes a place that it did not open; for a brace itself write `}}}}`")]
    Unopened(String),
    #[error("`{element}` has a place `{{{name}}}`; a name is of letters, digits, `_` and `-`")]
    BadName { element: String, name: String },
    #[error("`{0}` holds a NUL character, which no argument can hold")]
    Nul(String),
}

/// Why the arguments of a call were refused, in words for the model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FillError {
    #[error("argument `{0}` holds a NUL character; remove it")]
    Nul(String),
    #[error(
        "argument `{0}` starts with `-`, and the program would take it for an option; pass a value that does not start with `-` (for a file, `./-name`)"
    )]
    LooksLikeOption(String),
    #[error(
        "argument `{name}` makes a command argument of {length} bytes; at most {LONGEST_ARGUMENT} are passed on"
    )]
    TooLong { name: String, length: usize },
    #[error("argument `{0}` is neither a text, nor a number, nor a truth value")]
    NotPlain(String),
}

impl Element {
    /// Reads an element of a manifest.
    pub(crate) fn parse(element: &str) -> Result<Self, TemplateError> {
        if element.contains('\0') {
            return Err(TemplateError::Nul(element.replace('\0', "\\0")));
        }
        let mut pieces = Vec::new();
        let mut text = String::new();
        let mut rest = element;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            text.push_str(before);
            if let Some(after) = from.strip_prefix("{{") {
                text.push('{');
                rest = after;
            } else if let Some(after) = from.strip_prefix("}}") {
                text.push('}');
                rest = after;
            } else if let Some(after) = from.strip_prefix('{') {
                let (name, after) = after
                    .split_once('}')
                    .ok_or_else(|| TemplateError::Unclosed(element.to_owned()))?;
                if !is_name(name) {
                    return Err(TemplateError::BadName {
                        element: element.to_owned(),
                        name: name.to_owned(),
                    });
                }
                if !text.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut text)));
                }
                pieces.push(Piece::Place(name.to_owned()));
                rest = after;
            } else {
                return Err(TemplateError::Unopened(element.to_owned()));
            }
        }
        text.push_str(rest);
        if !text.is_empty() || pieces.is_empty() {
            pieces.push(Piece::Text(text));
        }
        Ok(Self { pieces })
    }

    /// The names of its places.
    pub(crate) fn places(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Place(name) => Some(name.as_str()),
            Piece::Text(_) => None,
        })
    }

    /// The text, if there are no places in it.
    pub(crate) fn fixed(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The argument that it becomes; `None` when one of its places was left out of the call.
    ///
    /// `value` is the value of a parameter, `may_dash` says whether the declaration lets it start with `-`.
    pub(crate) fn fill<'a>(
        &self,
        value: impl Fn(&str) -> Option<&'a Value>,
        may_dash: impl Fn(&str) -> bool,
    ) -> Result<Option<String>, FillError> {
        let mut filled = String::new();
        for piece in &self.pieces {
            let name = match piece {
                Piece::Text(text) => {
                    filled.push_str(text);
                    continue;
                }
                Piece::Place(name) => name,
            };
            let text = match value(name) {
                None | Some(Value::Null) => return Ok(None),
                Some(Value::String(text)) => text.clone(),
                Some(plain @ (Value::Number(_) | Value::Bool(_))) => plain.to_string(),
                Some(_) => return Err(FillError::NotPlain(name.clone())),
            };
            if text.contains('\0') {
                return Err(FillError::Nul(name.clone()));
            }
            // Whatever the caller wrote is first in the argument, so the caller decides what it is.
            if filled.is_empty() && text.starts_with('-') && !may_dash(name) {
                return Err(FillError::LooksLikeOption(name.clone()));
            }
            filled.push_str(&text);
            if filled.len() > LONGEST_ARGUMENT {
                return Err(FillError::TooLong {
                    name: name.clone(),
                    length: filled.len(),
                });
            }
        }
        // An empty value moves the dash of a later place, or of the declaration's own text, to the front.
        if filled.starts_with('-')
            && let Some(Piece::Place(name)) = self.pieces.first()
            && !may_dash(name)
        {
            return Err(FillError::LooksLikeOption(name.clone()));
        }
        Ok(Some(filled))
    }
}

/// The form of a parameter's name, as the factory demands it.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// As it stands in a manifest.
impl fmt::Display for Element {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => {
                    formatter.write_str(&text.replace('{', "{{").replace('}', "}}"))?;
                }
                Piece::Place(name) => write!(formatter, "{{{name}}}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn filled(element: &str, value: &Value) -> Result<Option<String>, FillError> {
        let element = Element::parse(element).expect("an element");
        element.fill(|_| Some(value), |_| false)
    }

    #[test]
    fn a_place_is_filled_and_braces_are_written_twice() {
        assert_eq!(filled("--n={x}", &json!(5)), Ok(Some("--n=5".into())));
        assert_eq!(filled("{{{x}}}", &json!("a")), Ok(Some("{a}".into())));
        assert_eq!(filled("", &json!("a")), Ok(Some(String::new())));
        assert_eq!(filled("{x}", &json!(true)), Ok(Some("true".into())));
        assert_eq!(filled("{x}", &json!("")), Ok(Some(String::new())));
        assert_eq!(filled("a{x}b", &Value::Null), Ok(None));
        for text in ["--n={x}", "{{{x}}}", "a}}b"] {
            assert_eq!(Element::parse(text).expect("an element").to_string(), text);
        }
    }

    #[test]
    fn a_bad_element_is_told() {
        for (element, part) in [
            ("a{b", "does not close it"),
            ("a}b", "did not open"),
            ("{}", "a name is of letters"),
            ("{a b}", "a name is of letters"),
            ("{{a}", "did not open"),
            ("a\0b", "NUL"),
        ] {
            let error = Element::parse(element).expect_err("it is bad").to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn data_does_not_become_an_option() {
        for value in [
            json!("-x"),
            json!("--output=/etc/passwd"),
            json!(-5),
            json!("-"),
        ] {
            assert_eq!(
                filled("{x}", &value),
                Err(FillError::LooksLikeOption("x".into()))
            );
            assert!(filled("--n={x}", &value).is_ok());
        }
        // An empty value does not help.
        let element = Element::parse("{a}{b}").expect("an element");
        let (empty, dash) = (json!(""), json!("-x"));
        let pick = |name: &str| Some(if name == "a" { &empty } else { &dash });
        assert!(matches!(
            element.fill(pick, |_| false),
            Err(FillError::LooksLikeOption(_))
        ));
        assert!(matches!(
            filled("{x}-rest", &empty),
            Err(FillError::LooksLikeOption(_))
        ));
        let allowed = element.fill(pick, |_| true);
        assert_eq!(allowed, Ok(Some("-x".into())));
    }

    #[test]
    fn what_no_argument_can_hold_is_refused() {
        assert_eq!(
            filled("--n={x}", &json!("a\0b")),
            Err(FillError::Nul("x".into()))
        );
        let long = json!("a".repeat(LONGEST_ARGUMENT + 1));
        assert!(matches!(
            filled("{x}", &long),
            Err(FillError::TooLong { .. })
        ));
        assert!(matches!(
            filled("{x}", &json!([1])),
            Err(FillError::NotPlain(_))
        ));
    }
}
