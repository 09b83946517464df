//! The forms that tools put before the person, and how they say what came back.

use mcp_factory_sdk::{Elicitation, ElicitationAnswer, ToolError};
use serde_json::{Map, Value, json};

/// A form of one required text.
pub(crate) fn text(message: &str, field: &str) -> Elicitation {
    one(message, field, "string")
}

/// A form with one box to tick.
pub(crate) fn confirmation(message: &str) -> Elicitation {
    one(message, "ok", "boolean")
}

fn one(message: &str, field: &str, kind: &str) -> Elicitation {
    let schema = json!({
        "type": "object",
        "properties": { field: { "type": kind } },
        "required": [field]
    });
    Elicitation::new(message, schema)
}

/// Two required texts.
pub(crate) fn contact(message: String) -> Elicitation {
    let schema = json!({
        "type": "object",
        "properties": {
            "username": { "type": "string", "description": "User's response" },
            "email": { "type": "string", "description": "User's email address" }
        },
        "required": ["username", "email"]
    });
    Elicitation::new(message, schema)
}

/// A default for every primitive type (SEP-1034).
pub(crate) fn defaults() -> Elicitation {
    let schema = json!({
        "type": "object",
        "properties": {
            "name": { "type": "string", "description": "User name", "default": "John Doe" },
            "age": { "type": "integer", "description": "User age", "default": 30 },
            "score": { "type": "number", "description": "User score", "default": 95.5 },
            "status": {
                "type": "string",
                "description": "User status",
                "enum": ["active", "inactive", "pending"],
                "default": "active"
            },
            "verified": { "type": "boolean", "description": "Verification status", "default": true }
        },
        "required": []
    });
    Elicitation::new(
        "Please review and update the form fields with defaults",
        schema,
    )
}

/// The five ways to write an enumeration (SEP-1330).
pub(crate) fn enumerations() -> Elicitation {
    let titled = |word: &str| {
        json!([
            { "const": "value1", "title": format!("First {word}") },
            { "const": "value2", "title": format!("Second {word}") },
            { "const": "value3", "title": format!("Third {word}") }
        ])
    };
    let untitled = json!(["option1", "option2", "option3"]);
    let schema = json!({
        "type": "object",
        "properties": {
            "untitledSingle": { "type": "string", "enum": untitled },
            "titledSingle": { "type": "string", "oneOf": titled("Option") },
            "legacyEnum": {
                "type": "string",
                "enum": ["opt1", "opt2", "opt3"],
                "enumNames": ["Option One", "Option Two", "Option Three"]
            },
            "untitledMulti": { "type": "array", "items": { "type": "string", "enum": untitled } },
            "titledMulti": { "type": "array", "items": { "anyOf": titled("Choice") } }
        },
        "required": []
    });
    Elicitation::new("Please select options from the enum fields", schema)
}

/// `action=accept, content={…}`.
pub(crate) fn said(answer: &ElicitationAnswer) -> String {
    let (action, content) = match answer {
        ElicitationAnswer::Accepted(content) => ("accept", content.clone()),
        ElicitationAnswer::Declined => ("decline", Map::new()),
        ElicitationAnswer::Cancelled => ("cancel", Map::new()),
    };
    format!("action={action}, content={}", Value::Object(content))
}

/// The text that was put into `field`.
///
/// # Errors
/// When the form was declined, closed, or sent without that field.
pub(crate) fn filled_in(answer: ElicitationAnswer, field: &str) -> Result<String, ToolError> {
    let ElicitationAnswer::Accepted(content) = answer else {
        return Err(ToolError::new("the form was not filled in"));
    };
    match content.get(field) {
        Some(Value::String(text)) => Ok(text.clone()),
        _ => Err(ToolError::new(format!(
            "the form came back without `{field}`"
        ))),
    }
}
