//! What the row of a tool, a resource and the plugin says: the schema and the attributes.

use std::time::Duration;

use mcp_factory_sdk::{Hints, Rate, ResourceDefinition, ToolDefinition};
use serde_json::json;

use super::{
    fixture::{Fixture, PLUGIN, anything},
    tool,
};

#[test]
fn the_schema_says_what_the_checks_do() {
    assert_eq!(
        tool("receive").input_schema(),
        json!({
            "type": "object",
            "properties": {
                "text": { "type": "string", "description": "A text.", "minLength": 1, "maxLength": 5 },
                "copies": {
                    "type": "integer", "description": "How many.", "default": 1, "minimum": 1, "maximum": 10
                },
                "ratio": {
                    "type": "number", "description": "A part of one.", "default": 0.5, "minimum": 0.0,
                    "maximum": 1.0
                },
                "unit": {
                    "type": "string", "enum": ["gram", "ounce"], "description": "The unit.", "default": "ounce"
                },
                "labels": {
                    "type": "array", "items": { "type": "string" }, "description": "Labels.", "minItems": 1,
                    "maxItems": 2
                },
                "limit": { "type": "integer", "maximum": 255, "description": "A limit.", "minimum": 3 },
                "points": {
                    "type": "array",
                    "items": {
                        "description": "A point.",
                        "type": "object",
                        "properties": {
                            "x": { "type": "integer", "description": "Across." },
                            "y": { "type": "integer", "description": "Up." }
                        },
                        "required": ["x", "y"],
                        "additionalProperties": false
                    },
                    "description": "Points.",
                    "default": []
                },
                "type": { "type": "string", "description": "A keyword of Rust." }
            },
            "required": ["text"],
            "additionalProperties": false
        })
    );
    let properties = tool("receive").input_schema();
    let names: Vec<_> = properties["properties"]
        .as_object()
        .expect("an object")
        .keys()
        .cloned()
        .collect();
    assert_eq!(
        names,
        [
            "text", "copies", "ratio", "unit", "labels", "limit", "points", "type"
        ]
    );
    assert_eq!(tool("verbatim").input_schema(), anything());
}

#[test]
fn a_row_holds_what_the_attribute_says() {
    let names: Vec<_> = PLUGIN.tools().iter().map(ToolDefinition::name).collect();
    let expected = [
        "receive",
        "take.nothing",
        "with_own_default",
        "renamed",
        "meet",
        "meet_apart",
        "panic_apart",
        "fail_in_words",
        "fail_oddly",
        "panic",
        "verbatim",
    ];
    assert_eq!(names, expected);
    let nothing = tool("take.nothing");
    assert_eq!(nothing.scope().as_str(), "fixture:write");
    assert_eq!(nothing.title(), Some("Nothing"));
    assert_eq!(nothing.description(), "Takes nothing.");
    assert_eq!(nothing.timeout(), Some(Duration::from_mins(2)));
    assert_eq!(nothing.cache(), None);
    assert_eq!(tool("receive").cache(), Some(Duration::from_secs(90)));
    assert_eq!(PLUGIN.resources()[0].cache(), None);
    assert_eq!(
        PLUGIN.resources()[1].cache(),
        Some(Duration::from_hours(24))
    );
    assert_eq!(nothing.gate(), Some("shell"));
    assert_eq!(nothing.rate(), Some(Rate::new(100, Duration::from_mins(1))));
    assert_eq!(nothing.output_schema(), None);
    let hints = Hints {
        read_only: false,
        destructive: false,
        idempotent: false,
        open_world: true,
    };
    assert_eq!(nothing.hints(), hints);
    let hints = Hints {
        read_only: true,
        destructive: false,
        idempotent: false,
        open_world: false,
    };
    assert_eq!(tool("receive").hints(), hints);
    let hints = Hints {
        read_only: false,
        destructive: true,
        idempotent: false,
        open_world: false,
    };
    assert_eq!(tool("renamed").hints(), hints);
    assert_eq!(tool("renamed").timeout(), None);
    assert_eq!(tool("renamed").gate(), None);
    assert_eq!(tool("renamed").rate(), None);
    assert_eq!(PLUGIN.description(), "Shows what a function receives.");
    assert_eq!(Fixture::helper(), "left alone");
}

#[test]
fn a_row_says_whether_its_function_takes_the_context() {
    let takes = |name: &str| tool(name).takes_context();
    for name in ["receive", "meet", "verbatim"] {
        assert!(takes(name), "{name}");
    }
    for name in [
        "take.nothing",
        "with_own_default",
        "renamed",
        "panic",
        "meet_apart",
    ] {
        assert!(!takes(name), "{name}");
    }
    let takes = |resource: &ResourceDefinition| resource.takes_context();
    let resources: Vec<_> = PLUGIN.resources().iter().map(takes).collect();
    assert_eq!(resources, [true, false]);
    assert!(
        PLUGIN
            .prompts()
            .iter()
            .all(|prompt| !prompt.takes_context())
    );
}
