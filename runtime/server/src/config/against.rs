//! Everything in which a section differs from its schema: what a reader of types only tells one by one.
//!
//! Asked only after a section was refused, so a schema that says less than the type refuses nothing. It knows
//! what configurations are made of: types, choices, unknown keys, tables and lists.

use serde_json::Value;

use super::problem::did_you_mean;
use super::schema;

/// What is wrong, each with its dotted path; no value is repeated, for it may be a secret.
pub(crate) fn differences(
    root: &Value,
    node: &Value,
    value: &Value,
    path: &str,
) -> Vec<(String, String)> {
    let mut found = Vec::new();
    compare(root, node, value, path, &mut found);
    found
}

/// The value at a dotted path such as `buckets[0].name`.
pub(crate) fn value_at<'v>(section: &'v Value, path: &str) -> Option<&'v Value> {
    let mut value = section;
    for part in path.split('.') {
        let mut names = part.split('[');
        value = value.get(names.next()?)?;
        for index in names {
            value = value.get(index.trim_end_matches(']').parse::<usize>().ok()?)?;
        }
    }
    Some(value)
}

fn compare(
    root: &Value,
    node: &Value,
    value: &Value,
    path: &str,
    found: &mut Vec<(String, String)>,
) {
    let (mut types, mut choices, mut properties, mut closed) =
        (Vec::new(), Vec::new(), Vec::new(), false);
    let (mut values, mut items, mut alternatives, mut pattern) = (None, None, false, None);
    schema::visit(root, node, &mut |node| {
        alternatives |= node.get("anyOf").or(node.get("oneOf")).is_some();
        match node.get("type") {
            Some(Value::String(kind)) => types.push(kind.as_str()),
            Some(Value::Array(kinds)) => types.extend(kinds.iter().filter_map(Value::as_str)),
            _ => {}
        }
        choices.extend(
            node.get("enum")
                .and_then(Value::as_array)
                .into_iter()
                .flatten(),
        );
        choices.extend(node.get("const"));
        properties.extend(
            node.get("properties")
                .and_then(Value::as_object)
                .into_iter()
                .flatten(),
        );
        match node.get("additionalProperties") {
            Some(Value::Bool(false)) => closed = true,
            Some(other @ Value::Object(_)) => values = Some(other),
            _ => {}
        }
        items = node.get("items").or(items);
        if node.get("writeOnly").is_some() {
            pattern = node.get("pattern").and_then(Value::as_str).or(pattern);
        }
    });
    if !types.is_empty() && !types.iter().any(|kind| is(kind, value)) {
        let expected: Vec<String> = types.iter().map(|kind| article(kind)).collect();
        found.push((
            path.to_owned(),
            format!(
                "`{path}`: expected {}, found {}",
                expected.join(" or "),
                article(kind_of(value))
            ),
        ));
        return;
    }
    // A word beside alternatives may be one of those.
    let is_open = choices.is_empty() || (alternatives && types.len() > 1);
    if !is_open && value.is_string() && !choices.contains(&value) {
        let words: Vec<String> = choices.iter().map(ToString::to_string).collect();
        found.push((
            path.to_owned(),
            format!("`{path}` is one of {}", words.join(", ")),
        ));
        return;
    }
    if let (Some(_), Some(text)) = (pattern, value.as_str())
        && text.parse::<mcp_factory_sdk::SecretReference>().is_err()
    {
        let message = "a secret is named, not written down: use \"env:NAME\" or \"file:/path\"";
        found.push((path.to_owned(), format!("`{path}`: {message}")));
        return;
    }
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                let below = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                let child = properties
                    .iter()
                    .find(|(name, _)| *name == key)
                    .map(|(_, child)| *child);
                match child.or(values) {
                    Some(child) => compare(root, child, member, &below, found),
                    None if closed && !alternatives => {
                        let meant =
                            did_you_mean(key, properties.iter().map(|(name, _)| name.as_str()));
                        found.push((below.clone(), format!("unknown setting `{below}`{meant}")));
                    }
                    None => {}
                }
            }
        }
        Value::Array(list) => {
            for (at, item) in list.iter().enumerate() {
                if let Some(items) = items {
                    compare(root, items, item, &format!("{path}[{at}]"), found);
                }
            }
        }
        _ => {}
    }
}

fn is(kind: &str, value: &Value) -> bool {
    match kind {
        "number" => value.is_number(),
        kind => kind == kind_of(value),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// In the words of the configuration's language.
fn article(kind: &str) -> String {
    match kind {
        "boolean" => "true or false",
        "integer" => "a whole number",
        "number" => "a number",
        "string" => "a text",
        "array" => "a list",
        "object" => "a table",
        _ => "nothing",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_difference_is_found_and_no_value_is_repeated() {
        let schema = json!({
            "type": "object", "additionalProperties": false,
            "properties": {
                "roots": {"type": "array", "items": {"type": "string"}},
                "mode": {"enum": ["readonly", "write"]},
                "token": {"type": "string", "pattern": "^(env|file):", "writeOnly": true},
                "limits": {"$ref": "#/$defs/Limits"},
                "either": {"anyOf": [{"type": "string", "enum": ["off"]}, {"type": "string"}]},
                "free": {"type": "object", "additionalProperties": {"type": "integer"}},
            },
            "$defs": {"Limits": {"type": "object", "additionalProperties": false, "properties": {"bytes": {"type": "integer"}}}},
        });
        let value = json!({
            "rots": ["/a"], "roots": ["/a", 7], "mode": "rw", "token": "canary", "limits": {"bytes": "canary", "byte": 1},
            "either": "anything", "free": {"a": 1, "b": true},
        });
        let found = differences(&schema, &schema, &value, "plugins.fs");
        let texts: Vec<&str> = found.iter().map(|(_, text)| text.as_str()).collect();
        let expected = [
            "unknown setting `plugins.fs.rots`; did you mean `roots`?",
            "`plugins.fs.roots[1]`: expected a text, found a whole number",
            "`plugins.fs.mode` is one of \"readonly\", \"write\"",
            "`plugins.fs.token`: a secret is named, not written down: use \"env:NAME\" or \"file:/path\"",
            "`plugins.fs.limits.bytes`: expected a whole number, found a text",
            "unknown setting `plugins.fs.limits.byte`; did you mean `bytes`?",
            "`plugins.fs.free.b`: expected a whole number, found true or false",
        ];
        for text in expected {
            assert!(texts.contains(&text), "{text} is not in {texts:#?}");
        }
        assert!(!format!("{found:?}").contains("canary"), "{found:?}");
    }

    #[test]
    fn what_fits_differs_in_nothing() {
        let schema = schema::of_file("x", &[]);
        let value = json!({
            "http": {"max_body": 10, "listen": "8080", "allowed_hosts": []}, "limits": {"cache": "off", "tools": {"a": {"rate": "off"}}},
            "auth": {"mode": "jwt", "keys": [{"name": "ci", "secret": "env:KEY"}]}, "access": {"contains": {"admin": ["read"]}},
            "profile": {"prod": {"log": {"json": true}}},
        });
        for (section, value) in value.as_object().unwrap() {
            let node = schema.pointer(&format!("/properties/{section}")).unwrap();
            assert_eq!(differences(&schema, node, value, section), []);
        }
    }
}
