//! What Notion documents that it refuses.

use serde_json::{Map, Value};

/// The version that is documented here.
const VERSION: &str = "2026-03-11";

/// Why a request is refused: status, code and message.
pub(crate) type Refused = (u16, &'static str, String);

pub(crate) fn invalid(message: impl Into<String>) -> Refused {
    (400, "validation_error", message.into())
}

/// The headers that every request must have.
pub(crate) fn headers(request: &wiremock::Request) -> Result<(), Refused> {
    let header = |name: &str| {
        request
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    if header("authorization") != Some(&format!("Bearer {}", crate::plugin::TOKEN)) {
        return Err((401, "unauthorized", "API token is invalid.".to_owned()));
    }
    match header("notion-version") {
        None => {
            return Err((
                400,
                "missing_version",
                "Notion-Version is missing".to_owned(),
            ));
        }
        Some(VERSION) => {}
        Some(other) => {
            return Err(invalid(format!(
                "this version is not documented here: {other}"
            )));
        }
    }
    if !request.body.is_empty() && header("content-type") != Some("application/json") {
        return Err((400, "invalid_json", "the body is not JSON".to_owned()));
    }
    Ok(())
}

/// An object with no other keys than these.
pub(crate) fn only<'a>(
    value: &'a Value,
    keys: &[&str],
    at: &str,
) -> Result<&'a Map<String, Value>, Refused> {
    let object = value
        .as_object()
        .ok_or_else(|| invalid(format!("{at} should be an object")))?;
    match object.keys().find(|key| !keys.contains(&key.as_str())) {
        Some(key) => Err(invalid(format!("{at}.{key} should be not present"))),
        None => Ok(object),
    }
}

/// A number of entries from 1 to 100; 100 when there is none.
pub(crate) fn page_size(value: Option<u64>) -> Result<usize, Refused> {
    match value.unwrap_or(100) {
        size @ 1..=100 => Ok(usize::try_from(size).expect("small")),
        _ => Err(invalid("page_size should be ≤ `100`")),
    }
}

/// An array of rich text.
pub(crate) fn rich_text(value: &Value, at: &str) -> Result<(), Refused> {
    let pieces = value
        .as_array()
        .ok_or_else(|| invalid(format!("{at} should be an array")))?;
    if pieces.len() > 100 {
        return Err(invalid(format!("{at}.length should be ≤ `100`")));
    }
    for piece in pieces {
        only(piece, &["type", "text", "annotations"], at)?;
        only(&piece["text"], &["content", "link"], at)?;
        let content = piece["text"]["content"]
            .as_str()
            .ok_or_else(|| invalid(format!("{at}: no content")))?;
        if content.chars().count() > 2000 {
            return Err(invalid(format!(
                "{at}.text.content.length should be ≤ `2000`"
            )));
        }
        if let Some(marks) = piece.get("annotations") {
            only(
                marks,
                &[
                    "bold",
                    "italic",
                    "strikethrough",
                    "underline",
                    "code",
                    "color",
                ],
                at,
            )?;
        }
        if let Some(link) = piece["text"].get("link").filter(|link| !link.is_null()) {
            only(link, &["url"], at)?;
        }
    }
    Ok(())
}

/// Blocks that are to be added.
pub(crate) fn children(value: &Value) -> Result<&Vec<Value>, Refused> {
    let blocks = value
        .as_array()
        .ok_or_else(|| invalid("body.children should be an array"))?;
    if blocks.is_empty() || blocks.len() > 100 {
        return Err(invalid("body.children.length should be from 1 to 100"));
    }
    for block in blocks {
        let kind = block["type"]
            .as_str()
            .ok_or_else(|| invalid("a block has no type"))?;
        only(block, &["object", "type", kind], "body.children")?;
        let body = &block[kind];
        match kind {
            "divider" => only(body, &[], kind).map(drop)?,
            "code" => {
                only(body, &["rich_text", "language", "caption"], kind)?;
                if body["language"].as_str().is_none() {
                    return Err(invalid("code.language should be defined"));
                }
                rich_text(&body["rich_text"], kind)?;
            }
            "to_do" => {
                only(body, &["rich_text", "checked", "color"], kind)?;
                rich_text(&body["rich_text"], kind)?;
            }
            "paragraph" | "heading_1" | "heading_2" | "heading_3" | "bulleted_list_item"
            | "numbered_list_item" | "quote" => {
                only(body, &["rich_text", "color"], kind)?;
                rich_text(&body["rich_text"], kind)?;
            }
            _ => {
                return Err(invalid(format!(
                    "a block of the type {kind} is not expected"
                )));
            }
        }
    }
    Ok(blocks)
}

/// Values of properties, against those that the page or the data source has.
pub(crate) fn properties(values: &Value, known: &Value) -> Result<(), Refused> {
    for (name, value) in values
        .as_object()
        .ok_or_else(|| invalid("properties should be an object"))?
    {
        // `title` is the id of every title, whatever it is called.
        let kind = match &known[name]["type"] {
            Value::String(kind) => kind.as_str(),
            _ if name == "title" => "title",
            _ => return Err(invalid(format!("{name} is not a property that exists."))),
        };
        only(value, &[kind], name)?;
        let value = &value[kind];
        let fits = match kind {
            "title" | "rich_text" => rich_text(value, name).map(|()| true)?,
            "checkbox" => value.is_boolean(),
            "number" => value.is_null() || value.is_number(),
            "select" | "status" => value.is_null() || value["name"].is_string(),
            "multi_select" => value
                .as_array()
                .is_some_and(|all| all.iter().all(|one| one["name"].is_string())),
            "date" => value.is_null() || value["start"].is_string(),
            _ => false,
        };
        if !fits {
            return Err(invalid(format!("{name} is expected to be {kind}.")));
        }
    }
    Ok(())
}
