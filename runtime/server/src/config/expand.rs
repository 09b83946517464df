//! `${VAR}` in the values of a file: replaced by the variable, `${VAR:-default}` by the default where the
//! variable is not set or empty. `$$` is a dollar sign; a `$` before anything else stays as it is.

use super::environment::Environment;

/// The text with its variables replaced.
///
/// # Errors
/// What is wrong with the first expression that cannot be replaced; no value is repeated.
pub(super) fn expand(text: &str, environment: &Environment) -> Result<String, String> {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        expanded.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            expanded.push('$');
            rest = after;
        } else if let Some(inner) = after.strip_prefix('{') {
            let (inner, after) = inner
                .split_once('}')
                .ok_or("`${` without `}`: write ${NAME}, or $$ for a dollar sign")?;
            expanded.push_str(&replaced(inner, environment)?);
            rest = after;
        } else {
            expanded.push('$');
            rest = after;
        }
    }
    expanded.push_str(rest);
    Ok(expanded)
}

fn replaced(inner: &str, environment: &Environment) -> Result<String, String> {
    let (name, default) = match inner.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (inner, None),
    };
    let is_name = !name.is_empty()
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    if !is_name {
        return Err(
            "this is no variable: write ${NAME} or ${NAME:-default}, or $$ for a dollar sign"
                .to_owned(),
        );
    }
    let value = environment.get(name);
    match (value.filter(|value| !value.is_empty()), default) {
        (Some(value), _) => Ok(value.to_owned()),
        (None, Some(default)) => Ok(default.to_owned()),
        (None, None) => Err(format!(
            "the environment variable {name} is not set: set it, or write ${{{name}:-default}}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Result<String, String> {
        let set = [("HOME", "/home/a"), ("EMPTY", ""), ("ODD", "${HOME} $$")];
        expand(text, &Environment::of(set))
    }

    #[test]
    fn variables_defaults_and_dollar_signs() {
        for (text, expected) in [
            ("plain", "plain"),
            ("${HOME}/docs:${HOME}", "/home/a/docs:/home/a"),
            ("${NONE:-/srv}", "/srv"),
            ("${EMPTY:-x}", "x"),
            ("${HOME:-x}", "/home/a"),
            ("${NONE:-}", ""),
            ("$$", "$"),
            ("$${HOME}", "${HOME}"),
            ("$$$${", "$${"),
            ("5$ and $HOME", "5$ and $HOME"),
            ("a$", "a$"),
            ("${ODD}", "${HOME} $$"),
        ] {
            assert_eq!(told(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_replaced_says_why() {
        for (text, words) in [
            (
                "${NONE}",
                "variable NONE is not set: set it, or write ${NONE:-default}",
            ),
            ("${EMPTY}", "EMPTY is not set"),
            ("${HOME", "without `}`"),
            ("${}", "no variable"),
            ("${A B}", "no variable"),
            ("${1}", "no variable"),
        ] {
            let error = told(text).unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
