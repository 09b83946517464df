//! Input schemas that are served word for word.

use serde_json::{Value, json};

/// The vocabulary of JSON Schema 2020-12 that a server is tempted to drop on the way.
pub(crate) fn json_schema_2020_12() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {
            "address": {
                "$anchor": "addressDef",
                "type": "object",
                "properties": { "street": { "type": "string" }, "city": { "type": "string" } }
            }
        },
        "properties": {
            "name": { "type": "string" },
            "address": { "$ref": "#/$defs/address" },
            "contactMethod": { "type": "string", "enum": ["phone", "email"] },
            "phone": { "type": "string" },
            "email": { "type": "string" }
        },
        "allOf": [{ "anyOf": [{ "required": ["phone"] }, { "required": ["email"] }] }],
        "if": { "properties": { "contactMethod": { "const": "phone" } }, "required": ["contactMethod"] },
        "then": { "required": ["phone"] },
        "else": { "required": ["email"] },
        "additionalProperties": false
    })
}

/// An argument that the client repeats in the header `Mcp-Param-Value`.
pub(crate) fn custom_header() -> Value {
    json!({
        "type": "object",
        "properties": {
            "value": {
                "type": "string",
                "description": "The text to return.",
                "x-mcp-header": "Value"
            }
        },
        "required": ["value"],
        "additionalProperties": false
    })
}
