//! Values of properties: read as text, written from plain JSON.

use std::collections::BTreeMap;

use mcp_factory_sdk::{quoted, visible};
use serde_json::{Map, Value, json};

use crate::error::NotionError;
use crate::id::Id;
use crate::notion::{short, short_of};
use crate::rich;

/// The most properties of a page that are shown.
const MOST: usize = 100;

/// The properties of a page as text, without its title and without empty ones.
pub(crate) fn read_all(properties: &Value) -> BTreeMap<String, String> {
    let properties = properties.as_object().into_iter().flatten();
    properties
        .filter(|(_, property)| property["type"] != "title")
        .map(|(name, property)| (short(name), short(&read(property))))
        .filter(|(_, text)| !text.is_empty())
        .take(MOST)
        .collect()
}

/// The title of a page.
pub(crate) fn title(properties: &Value) -> String {
    let properties = properties.as_object().into_iter().flatten();
    let mut titles = properties.filter(|(_, property)| property["type"] == "title");
    titles
        .next()
        .map(|(_, title)| short(&rich::read_plain(&title["title"])))
        .unwrap_or_default()
}

/// The value of a property as text.
fn read(property: &Value) -> String {
    let kind = property["type"].as_str().unwrap_or_default();
    let value = &property[kind];
    match kind {
        "title" | "rich_text" => rich::read(value),
        "select" | "status" => short_of(&value["name"]),
        "date" => date(value),
        "created_by" | "last_edited_by" => person(value),
        "multi_select" | "people" | "relation" | "files" => {
            let entries = value.as_array().map(Vec::as_slice).unwrap_or_default();
            let texts: Vec<String> = entries
                .iter()
                .map(|entry| match kind {
                    "people" => person(entry),
                    "relation" => short_of(&entry["id"]),
                    _ => short_of(&entry["name"]),
                })
                .collect();
            texts.join(", ")
        }
        // A formula is a value with a type of its own, and so is a rollup, which may be a list of them.
        "formula" | "rollup" => match &value["array"] {
            Value::Array(entries) => entries.iter().map(read).collect::<Vec<_>>().join(", "),
            _ => read(value),
        },
        "unique_id" => {
            let number = value["number"].to_string();
            match value["prefix"].as_str() {
                Some(prefix) => format!("{}-{number}", short(prefix)),
                None => number,
            }
        }
        "verification" => short_of(&value["state"]),
        _ => match value {
            Value::String(text) => short(text),
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            _ => String::new(),
        },
    }
}

fn date(value: &Value) -> String {
    let start = short_of(&value["start"]);
    match value["end"].as_str() {
        Some(end) => format!("{start} to {}", short(end)),
        None => start,
    }
}

fn person(value: &Value) -> String {
    match value["name"].as_str() {
        Some(name) => short(name),
        None => short_of(&value["id"]),
    }
}

/// Values as Notion wants them. `kinds` is what the page or the data source has: each property with its
/// `type`.
pub(crate) fn write_all(
    values: &Map<String, Value>,
    kinds: &Value,
) -> Result<Map<String, Value>, NotionError> {
    let kinds = kinds.as_object().ok_or(NotionError::Unreadable)?;
    let mut written = Map::new();
    for (name, value) in values {
        let kind = kinds
            .get(name)
            .and_then(|property| property["type"].as_str());
        let kind = kind.ok_or_else(|| NotionError::NoProperty {
            name: name.clone(),
            known: known(kinds),
        })?;
        written.insert(name.clone(), write(name, kind, value)?);
    }
    Ok(written)
}

/// The properties there are, for a message.
fn known(kinds: &Map<String, Value>) -> String {
    let names: Vec<String> = kinds.keys().take(40).map(|name| quoted(name)).collect();
    let more = if kinds.len() > 40 { " and more" } else { "" };
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ") + more
    }
}

fn write(name: &str, kind: &str, value: &Value) -> Result<Value, NotionError> {
    let wrong = |expected: &'static str| NotionError::WrongValue {
        name: name.to_owned(),
        expected,
    };
    let texts = |expected: &'static str| -> Result<Vec<String>, NotionError> {
        let list = match value {
            Value::Null => return Ok(Vec::new()),
            Value::String(_) => std::slice::from_ref(value),
            Value::Array(list) if list.len() <= 100 => list,
            _ => return Err(wrong(expected)),
        };
        let texts = list.iter().map(|text| text.as_str().map(visible));
        texts.collect::<Option<_>>().ok_or_else(|| wrong(expected))
    };
    let ids = |expected: &'static str| -> Result<Vec<Value>, NotionError> {
        let ids = texts(expected)?;
        let ids = ids
            .iter()
            .map(|id| Id::parse(id).map(|id| json!({ "id": id })));
        ids.collect::<Option<_>>().ok_or_else(|| wrong(expected))
    };
    let text = |expected: &'static str| value.as_str().map(visible).ok_or_else(|| wrong(expected));
    let value = match kind {
        "title" | "rich_text" => {
            let text = if value.is_null() { String::new() } else { text("a text")? };
            rich::write_plain(&text).ok_or_else(|| wrong("a text of at most 200000 characters"))?
        }
        "number" if value.is_null() || value.is_number() => value.clone(),
        "number" => return Err(wrong("a number or null")),
        "checkbox" if value.is_boolean() => value.clone(),
        "checkbox" => return Err(wrong("true or false")),
        "select" | "status" | "date" | "url" | "email" | "phone_number" if value.is_null() => {
            Value::Null
        }
        "select" | "status" => json!({ "name": text("the name of an option, or null")? }),
        "multi_select" => {
            let names = texts("a list of names of options")?;
            names.into_iter().map(|name| json!({ "name": name })).collect()
        }
        "date" => date_value(value).ok_or_else(|| {
            wrong("a date such as 2026-12-31 or 2026-12-31T08:00:00Z, two of them with \" to \" between, or null")
        })?,
        "url" | "email" | "phone_number" => text("a text or null")?.into(),
        "people" => ids("a list of ids of users")?.into(),
        "relation" => ids("a list of ids of pages")?.into(),
        kind => {
            return Err(NotionError::NotWritable {
                name: name.to_owned(),
                kind: format!("of the type {}", quoted(kind)),
            });
        }
    };
    Ok(json!({ kind: value }))
}

fn date_value(value: &Value) -> Option<Value> {
    let text = value.as_str()?;
    let is_date = |text: &str| {
        text.len() <= 40
            && text.len() >= 10
            && text
                .bytes()
                .all(|b| b.is_ascii_digit() || b"-:.TZ+".contains(&b))
            && text.as_bytes()[4] == b'-'
            && text.as_bytes()[7] == b'-'
    };
    match text.split_once(" to ") {
        None => is_date(text).then(|| json!({ "start": text })),
        Some((start, end)) => {
            (is_date(start) && is_date(end)).then(|| json!({ "start": start, "end": end }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "59833787-2cf9-4fdf-8782-e53db20768a5";

    #[test]
    fn every_type_is_read() {
        let property = |kind: &str, value: Value| json!({ "type": kind, kind: value });
        for (kind, value, text) in [
            ("rich_text", json!([{ "plain_text": "a\u{200b}b" }]), "ab"),
            ("number", json!(2.5), "2.5"),
            ("select", json!({ "name": "A" }), "A"),
            ("select", Value::Null, ""),
            ("status", json!({ "name": "Done" }), "Done"),
            (
                "multi_select",
                json!([{ "name": "a" }, { "name": "b" }]),
                "a, b",
            ),
            (
                "date",
                json!({ "start": "2026-01-01", "end": null }),
                "2026-01-01",
            ),
            (
                "date",
                json!({ "start": "2026-01-01", "end": "2026-01-02" }),
                "2026-01-01 to 2026-01-02",
            ),
            ("checkbox", json!(true), "true"),
            ("url", json!("https://x"), "https://x"),
            (
                "people",
                json!([{ "id": "x", "name": "Ada" }, { "id": "y" }]),
                "Ada, y",
            ),
            ("relation", json!([{ "id": ID }]), ID),
            (
                "files",
                json!([{ "name": "a.pdf", "file": { "url": "https://canary" } }]),
                "a.pdf",
            ),
            ("formula", json!({ "type": "number", "number": 3 }), "3"),
            (
                "rollup",
                json!({ "type": "array", "array": [{ "type": "number", "number": 3 }] }),
                "3",
            ),
            ("rollup", json!({ "type": "number", "number": 4 }), "4"),
            ("unique_id", json!({ "prefix": "T", "number": 7 }), "T-7"),
            ("created_by", json!({ "id": "z" }), "z"),
            ("created_time", json!("2026"), "2026"),
            ("button", json!({}), ""),
        ] {
            assert_eq!(read(&property(kind, value)), text, "{kind}");
        }
        let page = json!({
            "Name": property("title", json!([{ "plain_text": "T" }])),
            "Empty": property("number", Value::Null),
            "N": property("number", json!(1)),
        });
        assert_eq!(title(&page), "T");
        assert_eq!(
            read_all(&page),
            BTreeMap::from([("N".to_owned(), "1".to_owned())])
        );
    }

    #[test]
    fn every_type_that_can_be_is_written() {
        for (kind, value, expected) in [
            (
                "title",
                json!("a\u{200b}b"),
                json!([{ "type": "text", "text": { "content": "ab" } }]),
            ),
            ("rich_text", Value::Null, json!([])),
            ("number", json!(2), json!(2)),
            ("number", Value::Null, Value::Null),
            ("checkbox", json!(false), json!(false)),
            ("select", json!("A"), json!({ "name": "A" })),
            ("status", Value::Null, Value::Null),
            (
                "multi_select",
                json!(["a", "b"]),
                json!([{ "name": "a" }, { "name": "b" }]),
            ),
            ("multi_select", json!("a"), json!([{ "name": "a" }])),
            (
                "date",
                json!("2026-01-01"),
                json!({ "start": "2026-01-01" }),
            ),
            (
                "date",
                json!("2026-01-01 to 2026-01-02"),
                json!({ "start": "2026-01-01", "end": "2026-01-02" }),
            ),
            ("url", json!("https://x"), json!("https://x")),
            ("email", Value::Null, Value::Null),
            ("people", json!([ID]), json!([{ "id": ID }])),
            ("relation", json!([]), json!([])),
        ] {
            assert_eq!(
                write("P", kind, &value).expect("it can be"),
                json!({ kind: expected })
            );
        }
    }

    #[test]
    fn what_does_not_fit_is_said() {
        for (kind, value, words) in [
            ("title", json!(1), "must be a text"),
            ("number", json!("1"), "must be a number or null"),
            ("checkbox", Value::Null, "must be true or false"),
            ("select", json!(["a"]), "the name of an option"),
            ("multi_select", json!([1]), "a list of names"),
            ("multi_select", json!(vec!["a"; 101]), "a list of names"),
            ("date", json!("tomorrow"), "a date such as"),
            ("date", json!("2026-01-01 to"), "a date such as"),
            ("url", json!(1), "a text or null"),
            ("people", json!(["Ada"]), "ids of users"),
            ("relation", json!(["x"]), "ids of pages"),
            (
                "formula",
                json!(1),
                "of the type \"formula\", which cannot be written",
            ),
            (
                "files",
                json!([]),
                "of the type \"files\", which cannot be written",
            ),
        ] {
            let error = write("P\u{202e}", kind, &value)
                .expect_err(kind)
                .to_string();
            assert!(error.contains(words) && error.contains("\"P\""), "{error}");
        }
        let kinds = json!({ "A": { "type": "number" } });
        let values = json!({ "B": 1 });
        let error = write_all(values.as_object().expect("an object"), &kinds).expect_err("unknown");
        assert_eq!(
            error.to_string(),
            "there is no property \"B\"; there are \"A\""
        );
    }
}
