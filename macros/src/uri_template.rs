//! The part of RFC 6570 that resource URIs use: `{variable}` and `{+variable}`.

/// Why a text is not a resource URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UriProblem {
    /// No `scheme:` before the rest.
    Scheme,
    /// A space, a control character, or one that a URI must escape.
    Character(char),
    /// A `{` without `}`, or the reverse.
    Brace,
    /// Something in braces that is not `name` or `+name`.
    Variable,
    /// Two variables of one name.
    Repeated,
    /// Two variables with nothing between them: nobody can tell where one ends.
    Adjacent,
}

impl UriProblem {
    /// What is wrong, and what to write instead.
    pub(crate) fn words(self) -> (String, &'static str) {
        let (what, fix) = match self {
            Self::Scheme => (
                "has no scheme",
                "start it with a lowercase scheme, such as `notes://today`",
            ),
            Self::Character(character) => {
                return (
                    format!("contains {character:?}"),
                    "percent-encode it, or leave it out",
                );
            }
            Self::Brace => (
                "has a brace without its pair",
                "write a variable as `{name}`",
            ),
            Self::Variable => (
                "has an expression that is no variable",
                "only `{name}` and `{+name}` (which may contain `/`) are understood",
            ),
            Self::Repeated => (
                "names a variable twice",
                "give each variable a name of its own",
            ),
            Self::Adjacent => (
                "has two variables with nothing between them",
                "put a separator such as `/` between them",
            ),
        };
        (what.to_owned(), fix)
    }
}

/// The variables of a URI template in order; none for a fixed URI.
pub(crate) fn variables(uri: &str) -> Result<Vec<String>, UriProblem> {
    check_scheme(uri)?;
    let mut variables: Vec<String> = Vec::new();
    let mut rest = uri;
    while let Some(at) = rest.find(['{', '}']) {
        let (literal, tail) = rest.split_at(at);
        check_literal(literal)?;
        if literal.is_empty() && !variables.is_empty() {
            return Err(UriProblem::Adjacent);
        }
        let inner = tail.strip_prefix('{').ok_or(UriProblem::Brace)?;
        let (expression, after) = inner.split_once('}').ok_or(UriProblem::Brace)?;
        let name = expression.strip_prefix('+').unwrap_or(expression);
        if !is_variable(name) {
            return Err(UriProblem::Variable);
        }
        if variables.iter().any(|known| known == name) {
            return Err(UriProblem::Repeated);
        }
        variables.push(name.to_owned());
        rest = after;
    }
    check_literal(rest)?;
    Ok(variables)
}

fn check_scheme(uri: &str) -> Result<(), UriProblem> {
    let (scheme, _) = uri.split_once(':').ok_or(UriProblem::Scheme)?;
    let starts_well = scheme.starts_with(|first: char| first.is_ascii_lowercase());
    let is_plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte);
    if starts_well && scheme.bytes().all(is_plain) {
        Ok(())
    } else {
        Err(UriProblem::Scheme)
    }
}

fn check_literal(literal: &str) -> Result<(), UriProblem> {
    let is_legal =
        |character: &char| character.is_ascii_graphic() && !"\"<>\\^`|".contains(*character);
    match literal.chars().find(|character| !is_legal(character)) {
        Some(character) => Err(UriProblem::Character(character)),
        None => Ok(()),
    }
}

/// A variable is also a parameter of a function, so it is spelt like one.
fn is_variable(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase() || first == '_')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_uri_has_no_variables() {
        assert_eq!(variables("notes://today"), Ok(vec![]));
        assert_eq!(variables("urn:isbn:0451450523"), Ok(vec![]));
    }

    #[test]
    fn variables_come_in_order() {
        let expected = vec!["root".to_owned(), "path".to_owned()];
        assert_eq!(variables("fs://{root}/{+path}"), Ok(expected));
    }

    #[test]
    fn what_is_not_understood_is_named() {
        assert_eq!(variables("today"), Err(UriProblem::Scheme));
        assert_eq!(variables("Notes://a"), Err(UriProblem::Scheme));
        assert_eq!(variables("notes://a b"), Err(UriProblem::Character(' ')));
        assert_eq!(variables("notes://{a"), Err(UriProblem::Brace));
        assert_eq!(variables("notes://a}"), Err(UriProblem::Brace));
        assert_eq!(variables("notes://{?a}"), Err(UriProblem::Variable));
        assert_eq!(variables("notes://{}"), Err(UriProblem::Variable));
        assert_eq!(variables("notes://{a}/{a}"), Err(UriProblem::Repeated));
        assert_eq!(variables("notes://{a}{b}"), Err(UriProblem::Adjacent));
    }
}
