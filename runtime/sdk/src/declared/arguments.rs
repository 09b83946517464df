//! A caller's arguments held against the parameters of a declaration.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{DeclaredParameter, ParameterKind};
use crate::{ToolError, explain};

/// The arguments in the order of `parameters`, with defaults put in; `null` for what was left out.
///
/// # Errors
/// Every name that is unknown or missing and every value that does not fit, at once.
pub(crate) fn read(
    parameters: &'static [DeclaredParameter],
    json: &str,
) -> Result<Vec<(&'static str, Value)>, ToolError> {
    let Ok(mut given) = serde_json::from_str::<BTreeMap<String, Value>>(json) else {
        return Err(ToolError::invalid_arguments(
            "the arguments must be a JSON object",
        ));
    };
    let mut problems = Vec::new();
    let known: Vec<&str> = parameters.iter().map(|parameter| parameter.name).collect();
    let unknown: Vec<&str> = given.keys().map(String::as_str).collect();
    let unknown: Vec<&str> = unknown
        .into_iter()
        .filter(|name| !known.contains(name))
        .collect();
    if !unknown.is_empty() {
        problems.push(explain::unknown_names(&unknown, &known));
    }
    let mut arguments = Vec::with_capacity(parameters.len());
    for parameter in parameters {
        let name = parameter.name;
        // As with the arguments of functions, `null` for something optional is leaving it out.
        let value = match given.remove(name) {
            Some(Value::Null) if !parameter.required => None,
            other => other,
        };
        match value {
            Some(value) => match parameter.refuse(&value) {
                Some(problem) => problems.push(format!("argument `{name}`: {problem}")),
                None => arguments.push((name, value)),
            },
            None if parameter.required => problems.push(format!("missing argument: `{name}`")),
            None => arguments.push((name, parameter.default_value().unwrap_or(Value::Null))),
        }
    }
    if problems.is_empty() {
        Ok(arguments)
    } else {
        Err(ToolError::invalid_arguments(problems.join("; ")))
    }
}

impl DeclaredParameter {
    /// Why `value` does not fit.
    pub(super) fn refuse(&self, value: &Value) -> Option<String> {
        let fits = match self.kind {
            ParameterKind::Text => value.is_string(),
            ParameterKind::Integer => value.is_i64(),
            ParameterKind::Number => value.is_number(),
            ParameterKind::Boolean => value.is_boolean(),
        };
        if !fits {
            return Some(match self.kind {
                ParameterKind::Integer => "expected a whole number of at most 64 bits".to_owned(),
                kind => format!("expected a {}", kind.as_str()),
            });
        }
        if let Value::String(text) = value
            && !self.choices.is_empty()
            && !self.choices.contains(&text.as_str())
        {
            return Some(format!("expected one of {}", self.choices.join(", ")));
        }
        let (size, of) = match value {
            Value::String(text) => (length(text), " characters"),
            number => (number.as_f64()?, ""),
        };
        match (self.minimum, self.maximum) {
            (Some(least), _) if size < least => Some(format!("expected at least {least}{of}")),
            (_, Some(most)) if size > most => Some(format!("expected at most {most}{of}")),
            _ => None,
        }
    }
}

/// In characters, as JSON Schema counts.
#[expect(
    clippy::cast_precision_loss,
    reason = "no text has so many characters that a float could not count them"
)]
fn length(text: &str) -> f64 {
    text.chars().count() as f64
}
