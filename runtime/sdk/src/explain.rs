//! Words for arguments that do not fit: every unknown, missing and ill-typed one at once, each with the
//! nearest name. Runs only after a call was refused, so it may take its time.

use std::{borrow::Cow, collections::BTreeMap};

use serde::de::{DeserializeOwned, IgnoredAny};

use crate::ToolError;

/// At most this many names are listed in one message, so that an answer stays bounded.
const LISTED: usize = 16;

/// Why `json` could not be read as a `T` whose fields are `known`.
#[expect(
    clippy::zero_sized_map_values,
    reason = "a set would not be read from an object"
)]
pub(crate) fn arguments<T: DeserializeOwned>(
    json: &str,
    known: &[&str],
    required: &[&str],
) -> ToolError {
    let Ok(given) = serde_json::from_str::<BTreeMap<Cow<'_, str>, IgnoredAny>>(json) else {
        return ToolError::invalid_arguments("the arguments must be a JSON object");
    };
    let mut problems = Vec::new();
    let unknown: Vec<&str> = given
        .keys()
        .map(AsRef::as_ref)
        .filter(|name| !known.contains(name))
        .collect();
    if !unknown.is_empty() {
        problems.push(unknown_names(&unknown, known));
    }
    let missing: Vec<String> = required
        .iter()
        .filter(|name| !given.contains_key(**name))
        .map(|name| format!("`{name}`"))
        .collect();
    if !missing.is_empty() {
        problems.push(format!(
            "missing {}: {}",
            plural("argument", missing.len()),
            missing.join(", ")
        ));
    }
    if problems.is_empty() {
        problems.push(type_problem::<T>(json));
    }
    ToolError::invalid_arguments(problems.join("; "))
}

/// The path-aware message of the first value that has the wrong type.
fn type_problem<T: DeserializeOwned>(json: &str) -> String {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
        Ok(_) => "the arguments do not fit".to_owned(),
        Err(error) => {
            let path = error.path().to_string();
            let reason = without_position(&error.into_inner().to_string());
            if path == "." {
                reason
            } else {
                format!("argument `{path}`: {reason}")
            }
        }
    }
}

/// `serde_json` says "… at line 1 column 9"; the caller did not write lines, so that part says nothing.
pub(crate) fn without_position(message: &str) -> String {
    message
        .rsplit_once(" at line ")
        .map_or(message, |(reason, _)| reason)
        .to_owned()
}

/// "unknown argument `pth` (did you mean `path`?); known: `path`, `limit`".
pub(crate) fn unknown_names(unknown: &[&str], known: &[&str]) -> String {
    let described: Vec<String> = unknown
        .iter()
        .take(LISTED)
        .map(|name| {
            let shown: String = name.chars().take(64).collect();
            match nearest(name, known) {
                Some(near) => format!("`{shown}` (did you mean `{near}`?)"),
                None => format!("`{shown}`"),
            }
        })
        .collect();
    let known = if known.is_empty() {
        "there are none".to_owned()
    } else {
        format!(
            "known: {}",
            known
                .iter()
                .map(|name| format!("`{name}`"))
                .collect::<Vec<_>>()
                .join(", ")
        )
    };
    format!(
        "unknown {}: {}; {known}",
        plural("argument", unknown.len()),
        described.join(", ")
    )
}

/// The known name that `name` was probably meant to be.
pub(crate) fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    // Longer names are not typed by hand, and the distance is quadratic.
    if name.len() > 64 {
        return None;
    }
    let folded = name.to_lowercase().replace('-', "_");
    known
        .iter()
        .map(|candidate| {
            (
                strsim::damerau_levenshtein(&folded, &candidate.to_lowercase()),
                *candidate,
            )
        })
        .filter(|(distance, candidate)| *distance <= 1 + candidate.chars().count() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Adds a suggestion to serde's "unknown field `rots`, expected one of `roots`, `deny`".
pub(crate) fn with_nearest_field(message: &str) -> String {
    let Some(rest) = message.strip_prefix("unknown field `") else {
        return message.to_owned();
    };
    let Some((unknown, rest)) = rest.split_once('`') else {
        return message.to_owned();
    };
    let known: Vec<&str> = rest.split('`').skip(1).step_by(2).collect();
    match nearest(unknown, &known) {
        Some(near) => format!("unknown key `{unknown}` (did you mean `{near}`?)"),
        None if known.is_empty() => format!("unknown key `{unknown}`; there are none"),
        None => format!("unknown key `{unknown}`; known: {}", known.join(", ")),
    }
}

fn plural(word: &str, count: usize) -> String {
    if count == 1 {
        word.to_owned()
    } else {
        format!("{word}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the errors are read")]
    struct Sample {
        path: String,
        limit: Option<u32>,
        edits: Option<Vec<Inner>>,
    }

    #[derive(Deserialize, Debug)]
    #[expect(dead_code, reason = "only the errors are read")]
    struct Inner {
        old: String,
    }

    fn explained(json: &str) -> String {
        assert!(serde_json::from_str::<Sample>(json).is_err(), "{json} fits");
        arguments::<Sample>(json, &["path", "limit", "edits"], &["path"]).to_string()
    }

    #[test]
    fn unknown_and_missing_are_told_together() {
        assert_eq!(
            explained(r#"{"pth": "a", "limt": 3}"#),
            "unknown arguments: `limt` (did you mean `limit`?), `pth` (did you mean `path`?); \
             known: `path`, `limit`, `edits`; missing argument: `path`"
        );
    }

    #[test]
    fn a_wrong_type_is_told_with_its_path() {
        assert_eq!(
            explained(r#"{"path": "a", "edits": [{"old": "x"}, {"old": 5}]}"#),
            "argument `edits[1].old`: invalid type: integer `5`, expected a string"
        );
    }

    #[test]
    fn an_unknown_key_of_a_configuration_gets_a_suggestion() {
        let told = |message| with_nearest_field(message);
        assert_eq!(
            told("unknown field `rots`, expected one of `roots`, `deny`"),
            "unknown key `rots` (did you mean `roots`?)"
        );
        assert_eq!(
            told("unknown field `zzz`, expected `roots` or `deny`"),
            "unknown key `zzz`; known: roots, deny"
        );
        assert_eq!(
            told("unknown field `zzz`, there are no fields"),
            "unknown key `zzz`; there are none"
        );
        assert_eq!(told("missing field `url`"), "missing field `url`");
    }

    #[test]
    fn what_is_no_object_is_told() {
        assert_eq!(explained("[1]"), "the arguments must be a JSON object");
    }
}
