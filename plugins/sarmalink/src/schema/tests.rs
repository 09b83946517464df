use proptest::prelude::*;
use serde_json::json;

use super::*;

fn schema(schema: &Value) -> Result<Schema, String> {
    Schema::new(schema.as_object().expect("an object"))
}

fn violation(of: &Value, value: &Value) -> Option<String> {
    schema(of).expect("understood").violation(value)
}

#[test]
fn each_keyword_accepts_and_refuses() {
    for (rules, good, bad) in [
        (json!({ "type": "string" }), json!("a"), json!(1)),
        (json!({ "type": "integer" }), json!(2.0), json!(2.5)),
        (json!({ "type": "number" }), json!(2), json!("2")),
        (
            json!({ "type": ["null", "boolean"] }),
            json!(null),
            json!(0),
        ),
        (json!({ "type": "object" }), json!({}), json!([])),
        (json!({ "type": "array" }), json!([]), json!({})),
        (json!({ "enum": ["a", 1] }), json!(1), json!("b")),
        (
            json!({ "const": { "a": 1 } }),
            json!({ "a": 1 }),
            json!({ "a": 2 }),
        ),
        (
            json!({ "required": ["a"] }),
            json!({ "a": null }),
            json!({ "b": 1 }),
        ),
        (json!({ "minimum": 1 }), json!(1), json!(0)),
        (json!({ "maximum": 1 }), json!(1), json!(1.5)),
        (json!({ "exclusiveMinimum": 1 }), json!(1.5), json!(1)),
        (json!({ "exclusiveMaximum": 1 }), json!(0), json!(1)),
        (json!({ "minLength": 2 }), json!("éé"), json!("é")),
        (json!({ "maxLength": 1 }), json!("é"), json!("ab")),
        (json!({ "minItems": 1 }), json!([1]), json!([])),
        (json!({ "maxItems": 1 }), json!([1]), json!([1, 2])),
        (json!({ "minProperties": 1 }), json!({ "a": 1 }), json!({})),
        (json!({ "maxProperties": 0 }), json!({}), json!({ "a": 1 })),
        (json!({ "uniqueItems": true }), json!([1, 2]), json!([1, 1])),
        (
            json!({ "items": { "type": "string" } }),
            json!(["a"]),
            json!(["a", 1]),
        ),
        (
            json!({ "prefixItems": [{ "const": 1 }], "items": false }),
            json!([1]),
            json!([1, 2]),
        ),
        (
            json!({ "properties": { "a": { "const": 1 } } }),
            json!({ "b": 2 }),
            json!({ "a": 2 }),
        ),
        (
            json!({ "properties": { "a": true }, "additionalProperties": false }),
            json!({ "a": 2 }),
            json!({ "b": 2 }),
        ),
        (
            json!({ "additionalProperties": { "type": "null" } }),
            json!({ "a": null }),
            json!({ "a": 1 }),
        ),
        (
            json!({ "anyOf": [{ "const": 1 }, { "const": 2 }] }),
            json!(2),
            json!(3),
        ),
        (
            json!({ "oneOf": [{ "minimum": 1 }, { "minimum": 5 }] }),
            json!(2),
            json!(6),
        ),
        (
            json!({ "allOf": [{ "minimum": 1 }, { "maximum": 5 }] }),
            json!(2),
            json!(6),
        ),
        (json!({ "not": { "const": 1 } }), json!(2), json!(1)),
        (json!({ "const": 1 }), json!(1.0), json!(true)),
        (
            json!({ "enum": [[{ "a": 1.0 }]] }),
            json!([{ "a": 1 }]),
            json!([{ "a": 1, "b": 1 }]),
        ),
        (
            json!({ "uniqueItems": true }),
            json!([1, "1", true]),
            json!([1, 1.0]),
        ),
        (
            json!({ "$ref": "#/$defs/a", "$defs": { "a": { "const": 1 } } }),
            json!(1),
            json!(2),
        ),
    ] {
        assert_eq!(violation(&rules, &good), None, "{rules} {good}");
        assert!(violation(&rules, &bad).is_some(), "{rules} {bad}");
    }
}

#[test]
fn a_violation_says_where() {
    let people = json!({ "properties": { "people": { "items": { "required": ["name"] } } } });
    let told = violation(&people, &json!({ "people": [{ "name": 1 }, {}] }));
    assert_eq!(told.as_deref(), Some("at `/people/1`: `name` is missing"));
}

#[test]
fn what_cannot_be_checked_is_refused() {
    for (rules, words) in [
        (
            json!({ "pattern": "^a" }),
            "`pattern` cannot be checked here; leave it out",
        ),
        (
            json!({ "properties": { "a": { "if": true } } }),
            "`if` cannot be checked",
        ),
        (json!({ "type": "text" }), "`type` has a value"),
        (json!({ "minLength": -1 }), "`minLength` has a value"),
        (json!({ "anyOf": {} }), "`anyOf` has a value"),
        (
            json!({ "$schema": "https://example.com/mine" }),
            "`$schema` has a value",
        ),
        (json!({ "items": 1 }), "must be an object, true or false"),
        (
            json!({ "$ref": "https://example.com/schema" }),
            "`$ref` must point into the schema",
        ),
        (
            json!({ "$ref": "#/$defs/none" }),
            "`$ref` must point into the schema",
        ),
        (json!({ "title": "x".repeat(LARGEST) }), "larger than"),
    ] {
        let error = schema(&rules).expect_err("refused");
        assert!(error.contains(words), "{error}");
    }
    let mut deep = json!({});
    for _ in 0..60 {
        deep = json!({ "not": deep });
    }
    assert!(schema(&deep).expect_err("refused").contains("too deeply"));
}

#[test]
fn a_recursive_schema_is_fine_and_an_endless_one_has_an_end() {
    let tree = json!({ "type": "object", "properties": { "children": { "items": { "$ref": "#" } } }, "required": ["name"] });
    assert_eq!(
        violation(&tree, &json!({ "name": 1, "children": [{ "name": 2 }] })),
        None
    );
    assert!(violation(&tree, &json!({ "name": 1, "children": [{}] })).is_some());
    for endless in [
        json!({ "$ref": "#" }),
        json!({ "anyOf": [{ "$ref": "#" }, { "$ref": "#" }, { "$ref": "#" }] }),
        json!({ "not": { "$ref": "#" } }),
    ] {
        let told = violation(&endless, &json!(1)).expect("no answer is valid");
        assert!(
            told.contains("too complicated") || told.contains("anyOf"),
            "{told}"
        );
    }
    let wide = json!({ "items": { "anyOf": vec![json!({ "const": 0 }); 200] } });
    assert!(violation(&wide, &json!(vec![1; 1_000])).is_some());
}

/// Any JSON that is not deep.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-5_i64..5).prop_map(Value::from),
        "[a-c]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-c]", inner), 0..4)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest! {
    /// A value is valid under the schema that says it is that value, and `not` turns every answer around.
    #[test]
    fn const_and_not_are_exact(one in value(), other in value()) {
        let exact = json!({ "const": one });
        prop_assert_eq!(violation(&exact, &one), None);
        prop_assert_eq!(violation(&exact, &other).is_none(), one == other);
        let not = json!({ "not": exact });
        prop_assert_eq!(violation(&not, &other).is_none(), one != other);
    }
}

/// The official test suite, as far as we accept its schemas: our verdict must be its verdict.
#[test]
#[ignore = "needs a checkout of JSON-Schema-Test-Suite, named by JSON_SCHEMA_TEST_SUITE"]
fn the_official_suite_agrees() {
    let root = std::env::var_os("JSON_SCHEMA_TEST_SUITE").expect(
        "JSON_SCHEMA_TEST_SUITE names a checkout of json-schema-org/JSON-Schema-Test-Suite",
    );
    let folder = std::path::Path::new(&root).join("tests/draft2020-12");
    let (mut agreed, mut refused, mut wrong) = (0, 0, Vec::new());
    for file in std::fs::read_dir(folder).expect("the suite") {
        let path = file.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("readable");
        let groups: Value = serde_json::from_str(&text).expect("JSON");
        for group in groups.as_array().expect("a list") {
            let understood = group["schema"].as_object().map(Schema::new);
            let Some(Ok(schema)) = understood else {
                refused += 1;
                continue;
            };
            for test in group["tests"].as_array().expect("a list") {
                if schema.violation(&test["data"]).is_none() == test["valid"] {
                    agreed += 1;
                } else {
                    wrong.push(format!(
                        "{}: {} / {}",
                        path.display(),
                        group["description"],
                        test["description"]
                    ));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{agreed} agreed, {refused} schemas refused, wrong:\n{}",
        wrong.join("\n")
    );
    assert!(agreed > 400, "{agreed} agreed, {refused} schemas refused");
}
