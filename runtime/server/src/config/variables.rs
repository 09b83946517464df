//! Environment variables that are settings: `MCP_`, the path in capitals, two underscores between its parts.
//!
//! `MCP_HTTP__MAX_BODY=8MiB` is `http.max_body`. What is no letter or digit in a name is `_` in a variable's.
//! A variable without two underscores is nobody's setting, since clients have `MCP_` variables of their own,
//! unless it is one with an underscore left out.

use serde_json::Value;
use toml::de::DeValue;

use super::environment::Environment;
use super::problem::{Problem, Problems, did_you_mean};
use super::schema;
use super::source::Source;

const PREFIX: &str = "MCP_";

/// Whether any variable looks like a setting: only then is a schema needed.
pub(super) fn are_any(environment: &Environment) -> bool {
    environment.iter().any(|(name, _)| name.starts_with(PREFIX))
}

/// A layer for each variable that is a setting of `schema`, in the order of their names.
pub(super) fn sources(
    environment: &Environment,
    schema: &Value,
    problems: &mut Problems,
) -> Vec<Source<'static>> {
    let mut sources = Vec::new();
    for (name, value) in environment.iter() {
        let Some(path) = name.strip_prefix(PREFIX) else {
            continue;
        };
        let outcome = if path.contains("__") {
            assignment(path, value, schema).map(Some)
        } else {
            missing_underscore(path, schema).map_or(Ok(None), Err)
        };
        match outcome {
            Ok(Some(text)) => sources.push(Source::variable(name, text)),
            Ok(None) => {}
            Err(message) => {
                let place = format!("the environment variable {name}");
                problems.add(Problem::new(place, message));
            }
        }
    }
    sources
}

/// The variable as one line of TOML.
fn assignment(path: &str, value: &str, schema: &Value) -> Result<String, String> {
    let mut node = schema;
    let mut key = String::new();
    let mut so_far = PREFIX.trim_end_matches('_').to_owned();
    for (at, part) in path.split("__").enumerate() {
        let (name, child) = child(schema, node, part).map_err(|names| {
            let join = if at == 0 { "_" } else { "__" };
            let names: Vec<String> = names
                .iter()
                .map(|name| format!("{so_far}{join}{}", form(name)))
                .collect();
            let wrong = format!("{so_far}{join}{part}");
            let meant = did_you_mean(&wrong, names.iter().map(String::as_str));
            format!("no setting begins with `{wrong}`{meant}")
        })?;
        so_far.push_str(if at == 0 { "_" } else { "__" });
        so_far.push_str(part);
        if at > 0 {
            key.push('.');
        }
        key.push_str(&toml::Value::from(name).to_string());
        node = child;
    }
    // What is a text is one, whatever it looks like.
    if !schema::is_text(schema, node) && DeValue::parse(value.trim()).is_ok() {
        return Ok(format!("{key} = {}", value.trim()));
    }
    if value.trim().starts_with(['[', '{']) {
        return Err(
            "the value is no TOML: write a list as [\"a\", \"b\"] and a table as { a = 1 }"
                .to_owned(),
        );
    }
    Ok(format!("{key} = {}", toml::Value::from(value)))
}

static ANYTHING: Value = Value::Bool(true);

/// The name that a part of a variable's name stands for, and what is below it; or the names that there are.
fn child<'s>(
    root: &'s Value,
    node: &'s Value,
    part: &str,
) -> Result<(String, &'s Value), Vec<String>> {
    let mut names = Vec::new();
    let mut open = None;
    schema::visit(root, node, &mut |node| {
        if let Some(properties) = node.get("properties").and_then(Value::as_object) {
            names.extend(properties.iter());
        }
        match node.get("additionalProperties") {
            Some(Value::Bool(false)) => {}
            Some(values @ Value::Object(_)) => open = Some(values),
            // Nothing is said of what may stand in it.
            _ if ["properties", "$ref", "anyOf", "oneOf", "allOf"]
                .iter()
                .all(|key| node.get(key).is_none())
                && node.get("type").is_none_or(|kind| kind == "object") =>
            {
                open = open.or(Some(&ANYTHING));
            }
            _ => {}
        }
    });
    let mut found = names.iter().filter(|(name, _)| form(name) == part);
    match (found.next(), found.next(), open) {
        (Some((name, child)), None, _) => Ok(((*name).clone(), *child)),
        (None, _, Some(child)) if !part.is_empty() => Ok((part.to_ascii_lowercase(), child)),
        _ => Err(names.into_iter().map(|(name, _)| name.clone()).collect()),
    }
}

/// A name as it stands in a variable's.
pub(super) fn form(name: &str) -> String {
    let letter = |letter: char| {
        if letter.is_ascii_alphanumeric() {
            letter.to_ascii_uppercase()
        } else {
            '_'
        }
    };
    name.chars().map(letter).collect()
}

/// The complaint about `MCP_HTTP_LISTEN`, which would be a setting with one more underscore.
fn missing_underscore(path: &str, schema: &Value) -> Option<String> {
    let sections = schema.get("properties")?.as_object()?;
    sections.iter().find_map(|(section, node)| {
        let key = path.strip_prefix(&form(section))?.strip_prefix('_')?;
        let keys = node.get("properties")?.as_object()?;
        keys.keys().find(|name| form(name) == key)?;
        Some(format!(
            "this is no setting; did you mean `{PREFIX}{}__{key}`?",
            form(section)
        ))
    })
}
