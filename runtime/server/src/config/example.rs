//! `.env.example`: every setting as a variable with its words, made from the schema of the file.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

use super::schema;
use super::variables::form;

/// The text of the file: every line is a comment, so that a copy changes nothing until somebody edits it.
/// `named` are the variables that the configuration refers to by `env:NAME`.
pub(crate) fn of(server: &str, schema: &Value, named: &BTreeSet<String>) -> String {
    let mut text = format!(
        "# The settings of {server} as environment variables. Take the `#` off a line to use it.\n\
         # A list is written as in TOML: [\"a\", \"b\"]. Variables beat the configuration file and lose to --set.\n\
         # In development: {server} --env-file .env. Do not commit a file with secrets in it.\n"
    );
    if !named.is_empty() {
        text.push_str("\n# Secrets that the configuration names.\n");
        for name in named {
            writeln!(text, "#{name}=").expect(STRING);
        }
    }
    let sections = schema.get("properties").and_then(Value::as_object);
    for (name, node) in sections.into_iter().flatten() {
        // A profile is chosen by the name of a file's table.
        if name != "profile" {
            section(&mut text, schema, &mut vec![name.clone()], node);
        }
    }
    text
}

const STRING: &str = "writing to a string never fails";
/// How deep tables may stand in each other and still be variables.
const DEEPEST: usize = 6;

fn section(text: &mut String, root: &Value, path: &mut Vec<String>, node: &Value) {
    let (mut leaves, mut tables, mut told) = (Vec::new(), Vec::new(), "");
    schema::visit(root, node, &mut |node| {
        if let Some(description) = node.get("description").and_then(Value::as_str) {
            told = description;
        }
        let properties = node.get("properties").and_then(Value::as_object);
        for (name, child) in properties.into_iter().flatten() {
            if is_table(root, child) && path.len() < DEEPEST {
                tables.push((name.clone(), child));
            } else {
                leaves.push((name.clone(), child));
            }
        }
        match node.get("additionalProperties") {
            Some(child @ Value::Object(_)) if path.len() < DEEPEST => {
                tables.push(("NAME".to_owned(), child));
            }
            _ => {}
        }
    });
    if !leaves.is_empty() {
        writeln!(text, "\n# [{}] {}", path.join("."), first_line(told)).expect(STRING);
    }
    for (name, child) in leaves {
        path.push(name);
        variable(text, root, path, child);
        path.pop();
    }
    for (name, child) in tables {
        path.push(name);
        if is_table(root, child) {
            section(text, root, path, child);
        } else {
            text.push('\n');
            variable(text, root, path, child);
        }
        path.pop();
    }
}

fn is_table(root: &Value, node: &Value) -> bool {
    let mut is_table = false;
    schema::visit(root, node, &mut |node| {
        is_table |= node.get("properties").is_some()
            || node
                .get("additionalProperties")
                .is_some_and(Value::is_object);
    });
    is_table
}

fn variable(text: &mut String, root: &Value, path: &[String], node: &Value) {
    let (mut told, mut default, mut choices, mut is_secret) = (None, None, None, false);
    schema::visit(root, node, &mut |node| {
        told = node.get("description").and_then(Value::as_str).or(told);
        default = node.get("default").or(default);
        is_secret |= node.get("writeOnly").is_some();
        choices = node.get("enum").and_then(Value::as_array).or(choices);
    });
    for line in told.unwrap_or_default().lines() {
        writeln!(text, "# {line}").expect(STRING);
    }
    if is_secret {
        text.push_str("# Where the secret is, not the secret: env:NAME or file:PATH\n");
    }
    if let Some(choices) = choices {
        let words: Vec<&str> = choices.iter().filter_map(Value::as_str).collect();
        writeln!(text, "# One of: {}", words.join(", ")).expect(STRING);
    }
    let parts: Vec<String> = path.iter().map(|part| form(part)).collect();
    let value = default.map(value).unwrap_or_default();
    writeln!(text, "#MCP_{}={value}", parts.join("__")).expect(STRING);
}

/// A default as it is written in a variable, in quotes where a shell or a reader of the file would cut it.
fn value(default: &Value) -> String {
    let text = match default {
        Value::String(text) => text.clone(),
        // TOML has no null, and JSON's lists, numbers and flags are its own.
        Value::Object(_) | Value::Null => return String::new(),
        other => other.to_string(),
    };
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "._-:/+,@".contains(letter);
    if text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', ""))
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// The names of the variables that a value refers to as secrets: `env:NAME`.
pub(crate) fn named(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            let is_name = |name: &&str| {
                !name.is_empty()
                    && name
                        .chars()
                        .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
            };
            names.extend(text.strip_prefix("env:").filter(is_name).map(str::to_owned));
        }
        Value::Array(items) => items.iter().for_each(|item| named(item, names)),
        Value::Object(members) => members.values().for_each(|member| named(member, names)),
        _ => {}
    }
}
