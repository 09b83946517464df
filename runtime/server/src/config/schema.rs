//! The JSON Schema of the configuration file, from the server's rows (`catalogue`) and the plugins' own schemas.
//!
//! Nothing in it is required: what a file leaves out, another layer may say.

use serde_json::{Map, Value, json};

use super::catalogue::{Kind, ROWS, Row, SECTIONS};

/// The form of a reference to a secret.
const SECRET: &str = "^(env|file|vault|awssm):.+$";
/// How far references are followed: schemas may name themselves.
const DEEPEST: usize = 32;

/// The schema of the whole file; `plugins` are names and schemas.
pub(crate) fn of_file(title: &str, plugins: &[(&str, Value)]) -> Value {
    let mut root = section("");
    let mut definitions = Map::new();
    for (path, text) in SECTIONS {
        let node = at(&mut root, path);
        node.entry("description")
            .or_insert_with(|| Value::from(*text));
    }
    for row in ROWS {
        let mut node = leaf(row);
        node["description"] = row.text.into();
        if let Ok(default) = format!("v = {}", row.default).parse::<toml::Table>()
            && let Some(default) = default.get("v")
        {
            node["default"] = json!(default);
        }
        let node = node.as_object().cloned().unwrap_or_default();
        let target = at(&mut root, row.path);
        target.shift_remove("properties");
        target.shift_remove("additionalProperties");
        target.extend(node);
    }
    let mut all = Map::new();
    for (name, schema) in plugins {
        all.insert(
            (*name).to_owned(),
            of_plugin(name, schema.clone(), &mut definitions),
        );
    }
    let mut below = section("Each plugin's settings, by its name.");
    below.insert("properties".to_owned(), Value::Object(all));
    definitions.insert("plugins".to_owned(), Value::Object(below));
    for path in ["plugins", "tenants.*.plugins"] {
        let node = at(&mut root, path);
        let description = node.get("description").cloned();
        *node = Map::from_iter([("$ref".to_owned(), "#/$defs/plugins".into())]);
        node.extend(description.map(|text| ("description".to_owned(), text)));
    }
    at(&mut root, "profile").insert("additionalProperties".to_owned(), json!({"$ref": "#"}));
    let mut schema = Map::from_iter([
        (
            "$schema".to_owned(),
            "https://json-schema.org/draft/2020-12/schema".into(),
        ),
        ("title".to_owned(), title.into()),
    ]);
    schema.extend(root);
    schema.insert("$defs".to_owned(), Value::Object(definitions));
    Value::Object(schema)
}

fn section(text: &str) -> Map<String, Value> {
    let mut section = Map::from_iter([("type".to_owned(), "object".into())]);
    if !text.is_empty() {
        section.insert("description".to_owned(), text.into());
    }
    section.insert("properties".to_owned(), json!({}));
    section.insert("additionalProperties".to_owned(), false.into());
    section
}

/// The node of a dotted path, made with all above it where it is not there.
fn at<'n>(root: &'n mut Map<String, Value>, path: &str) -> &'n mut Map<String, Value> {
    let mut node = root;
    for part in path.split('.') {
        let name = part.trim_end_matches("[]");
        let child = if name == "*" {
            node.shift_remove("properties");
            let values = node.entry("additionalProperties").or_insert(Value::Null);
            if !values.is_object() {
                *values = Value::Object(section(""));
            }
            values
        } else {
            let properties = node.entry("properties").or_insert_with(|| json!({}));
            object(properties)
                .entry(name)
                .or_insert_with(|| Value::Object(section("")))
        };
        node = object(child);
        if part.ends_with("[]") {
            node.insert("type".to_owned(), "array".into());
            node.shift_remove("properties");
            node.shift_remove("additionalProperties");
            let items = node
                .entry("items")
                .or_insert_with(|| Value::Object(section("")));
            node = object(items);
        }
    }
    node
}

fn object(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = json!({});
    }
    value.as_object_mut().expect("it was just made one")
}

fn leaf(row: &Row) -> Value {
    match row.kind {
        Kind::Text => json!({"type": "string"}),
        Kind::Texts => json!({"type": "array", "items": {"type": "string"}}),
        Kind::Flag => json!({"type": "boolean"}),
        Kind::Count => json!({"type": "integer", "minimum": 0}),
        Kind::Size => json!({"type": ["string", "integer"], "examples": ["64KiB", "4MiB"]}),
        Kind::Duration => json!({"type": "string", "examples": ["250ms", "30s", "5m", "1h"]}),
        Kind::Rate => json!({"type": "string", "examples": ["10/s", "100/m", "off"]}),
        Kind::Share => json!({"type": "number", "minimum": 0, "maximum": 1}),
        Kind::Secret => json!({"type": "string", "pattern": SECRET, "writeOnly": true}),
        Kind::Choice(names) => json!({"type": "string", "enum": names}),
    }
}

/// A plugin's schema as a part of the file's: its definitions under names of their own, nothing required.
fn of_plugin(name: &str, mut schema: Value, definitions: &mut Map<String, Value>) -> Value {
    rename(&mut schema, name);
    let Some(members) = schema.as_object_mut() else {
        return json!({"type": "object"});
    };
    for key in ["$schema", "title", "required"] {
        members.shift_remove(key);
    }
    if let Some(Value::Object(own)) = members.shift_remove("$defs") {
        let own = own
            .into_iter()
            .map(|(key, value)| (format!("{name}.{key}"), value));
        definitions.extend(own);
    }
    schema
}

fn rename(schema: &mut Value, plugin: &str) {
    match schema {
        Value::Object(members) => {
            for (key, value) in members {
                match value {
                    Value::String(target) if key == "$ref" => {
                        if target == "#" {
                            *target = format!("#/$defs/plugins/properties/{plugin}");
                        } else if let Some(own) = target.strip_prefix("#/$defs/") {
                            *target = format!("#/$defs/{plugin}.{own}");
                        }
                    }
                    value => rename(value, plugin),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, plugin)),
        _ => {}
    }
}

/// Shows a node and everything that it refers to or chooses from.
pub(super) fn visit<'s>(root: &'s Value, node: &'s Value, see: &mut dyn FnMut(&'s Value)) {
    visit_to(root, node, see, 0);
}

fn visit_to<'s>(root: &'s Value, node: &'s Value, see: &mut dyn FnMut(&'s Value), depth: usize) {
    if depth > DEEPEST {
        return;
    }
    let target = node.get("$ref").and_then(Value::as_str);
    let target = target.and_then(|target| root.pointer(target.strip_prefix('#')?));
    if let Some(target) = target {
        visit_to(root, target, see, depth + 1);
    }
    see(node);
    for key in ["anyOf", "oneOf", "allOf"] {
        for choice in node
            .get(key)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            visit_to(root, choice, see, depth + 1);
        }
    }
}

/// Whether a value can only be a text.
pub(super) fn is_text(root: &Value, node: &Value) -> bool {
    let (mut texts, mut others) = (false, false);
    visit(root, node, &mut |node| {
        match node.get("type") {
            Some(kind) if kind == "string" => texts = true,
            Some(_) => others = true,
            None => {}
        }
        let values = node
            .get("enum")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        for value in values.chain(node.get("const")) {
            if value.is_string() {
                texts = true;
            } else {
                others = true;
            }
        }
    });
    texts && !others
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> Value {
        let fs = json!({
            "$schema": "x", "title": "Config", "type": "object", "required": ["roots"], "additionalProperties": false,
            "properties": {"roots": {"type": "array"}, "node": {"$ref": "#/$defs/Node"}, "self": {"$ref": "#"}},
            "$defs": {"Node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}},
        });
        of_file("myservice", &[("fs", fs)])
    }

    #[test]
    fn sections_names_and_lists_have_their_places() {
        let schema = file();
        let get = |path: &str| schema.pointer(path).cloned().unwrap_or_default();
        assert_eq!(get("/properties/http/properties/max_body/default"), "4MiB");
        assert_eq!(get("/properties/http/additionalProperties"), false);
        assert_eq!(
            get("/properties/http/properties/tls/properties/key/pattern"),
            SECRET
        );
        assert_eq!(
            get("/properties/auth/properties/keys/items/properties/name/type"),
            "string"
        );
        assert_eq!(
            get("/properties/limits/properties/tools/additionalProperties/properties/rate/type"),
            "string"
        );
        assert_eq!(
            get("/properties/access/properties/contains/additionalProperties/type"),
            "array"
        );
        assert_eq!(get("/properties/auth/properties/mode/enum/1"), "jwt");
        assert_eq!(
            get("/properties/tenants/additionalProperties/properties/plugins/$ref"),
            "#/$defs/plugins"
        );
        assert_eq!(get("/properties/profile/additionalProperties/$ref"), "#");
        assert!(
            get("/properties/http/properties/max_body")
                .get("properties")
                .is_none()
        );
    }

    #[test]
    fn a_plugin_keeps_its_definitions_and_demands_nothing() {
        let schema = file();
        let fs = schema.pointer("/$defs/plugins/properties/fs").unwrap();
        assert!(
            fs.get("required").is_none() && fs.get("$defs").is_none(),
            "{fs}"
        );
        assert_eq!(fs["properties"]["node"]["$ref"], "#/$defs/fs.Node");
        assert_eq!(
            fs["properties"]["self"]["$ref"],
            "#/$defs/plugins/properties/fs"
        );
        let node = schema
            .pointer("/$defs/fs.Node/properties/next/$ref")
            .unwrap();
        assert_eq!(node, "#/$defs/fs.Node");
        let mut seen = 0;
        visit(
            &schema,
            schema.pointer("/properties/plugins").unwrap(),
            &mut |_| seen += 1,
        );
        assert_eq!(seen, 2);
    }
}
