//! From the bytes of a request to the author's function and back, through the real macro.

use std::{
    sync::{Condvar, Mutex},
    time::Duration,
};

use mcp_factory_sdk::{
    CompletionTarget, Hints, Rate, ResourceBody, ToolDefinition, ToolErrorKind, prelude::*,
    testing::TestPlugin,
};
use serde_json::{Value, json};

/// A unit of weight.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Unit {
    #[default]
    Gram,
    Ounce,
}

/// A point.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
struct Point {
    /// Across.
    x: i32,
    /// Up.
    y: i32,
}

/// What came in.
#[derive(Debug, JsonSchema, Serialize)]
struct Received {
    text: String,
    copies: u32,
    ratio: f64,
    unit: Unit,
    labels: Option<Vec<String>>,
    limit: Option<u8>,
    points: Vec<Point>,
    r#type: Option<String>,
    caller: String,
}

#[derive(Debug)]
struct OddError;

impl std::fmt::Display for OddError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the disk is odd")
    }
}

impl std::error::Error for OddError {}

/// How many sync calls are running at once; see `meet`.
static MEETING: (Mutex<usize>, Condvar) = (Mutex::new(0), Condvar::new());

#[derive(Debug, Default)]
struct Fixture;

/// Shows what a function receives.
#[plugin(name = "fixture", stateless)]
impl Fixture {
    /// Returns what it received.
    #[tool(scope = "read", read_only, idempotent = false, cache = "90s")]
    async fn receive(
        &self,
        /// A text.
        #[arg(min_length = 1, max_length = 5)]
        text: String,
        /// How many.
        #[arg(default = 1, minimum = 1, maximum = 10)]
        copies: u32,
        cx: &Context,
        /// A part of one.
        #[arg(default = 0.5, minimum = 0.0, maximum = 1.0)]
        ratio: f64,
        /// The unit.
        #[arg(default = Unit::Ounce)]
        unit: Unit,
        /// Labels.
        #[arg(min_length = 1, max_length = 2)]
        labels: Option<Vec<String>>,
        /// A limit.
        #[arg(minimum = 3)]
        limit: Option<u8>,
        /// Points.
        #[arg(default)]
        points: Vec<Point>,
        /// A keyword of Rust.
        r#type: Option<String>,
    ) -> Received {
        let caller = cx.principal().id().to_owned();
        Received {
            text,
            copies,
            ratio,
            unit,
            labels,
            limit,
            points,
            r#type,
            caller,
        }
    }

    /// Takes nothing.
    #[tool(
        scope = "fixture:write",
        name = "take.nothing",
        title = "Nothing",
        destructive = false,
        open_world,
        timeout = "2m",
        gate = "shell",
        rate = "100/m"
    )]
    async fn nothing(&self) {}

    /// Has a default of its own.
    #[tool(scope = "read", read_only)]
    async fn with_own_default(
        &self,
        /// A point.
        #[arg(default = Self::ORIGIN)]
        point: Point,
    ) -> Result<Point, ToolError> {
        if point.x < 0 {
            Err(ToolError::new("left of everything"))
        } else {
            Ok(point)
        }
    }

    /// Renames an argument.
    #[tool(scope = "read")]
    async fn renamed(
        &self,
        /// The most rows.
        #[arg(name = "maxRows", maximum = 5)]
        max_rows: u32,
    ) -> String {
        max_rows.to_string()
    }

    /// Comes back when two calls of it run at the same time, and fails after a while if none does.
    #[tool(scope = "read")]
    fn meet(&self, cx: &Context) -> Result<String, ToolError> {
        let (count, changed) = &MEETING;
        let mut count = count.lock().map_err(|_| ToolError::bug("poisoned"))?;
        *count += 1;
        changed.notify_all();
        let patience = Duration::from_secs(20);
        let waited = changed.wait_timeout_while(count, patience, |count| *count < 2);
        let (_guard, timeout) = waited.map_err(|_| ToolError::bug("poisoned"))?;
        if timeout.timed_out() {
            Err(ToolError::new("alone"))
        } else {
            Ok(cx.principal().id().to_owned())
        }
    }

    /// Fails in words for the model.
    #[tool(scope = "read")]
    async fn fail_in_words(&self) -> Result<String, ToolError> {
        Err(ToolError::new("no such branch; list_branches names them"))
    }

    /// Fails with an error of its own.
    #[tool(scope = "read")]
    fn fail_oddly(&self) -> Result<String, OddError> {
        Err(OddError)
    }

    /// Panics.
    #[tool(scope = "read")]
    fn panic(&self) -> String {
        panic!("as asked")
    }

    /// Takes anything its schema allows.
    #[tool(scope = "admin", input_schema = anything)]
    async fn verbatim(&self, cx: &Context, all: serde_json::Map<String, Value>) -> String {
        format!("{} {}", cx.principal().id(), Value::Object(all))
    }

    /// Exists on no system.
    #[cfg(any())]
    #[tool(scope = "read")]
    async fn absent(
        &self,
        /// Of a type that does not exist.
        missing: Missing,
    ) -> String {
        missing.to_string()
    }

    /// A page of the year.
    #[resource(uri = "fixture://{year}/{+path}", scope = "read")]
    fn page(&self, path: String, cx: &Context, year: u16) -> Result<Resource, ToolError> {
        Ok(Resource::text(format!(
            "{} {year} {path}",
            cx.principal().id()
        )))
    }

    /// Bytes.
    #[resource(
        uri = "fixture://bytes",
        scope = "read",
        name = "raw",
        mime_type = "application/octet-stream",
        cache = "24h"
    )]
    async fn bytes(&self) -> Vec<u8> {
        vec![0, 255]
    }

    /// Asks for a poem.
    #[prompt(scope = "read", title = "A poem")]
    async fn poem(
        &self,
        /// What about.
        about: String,
        /// How many lines.
        lines: Option<u32>,
    ) -> String {
        format!("{about}, {} lines", lines.unwrap_or(4))
    }

    #[completion(prompt = "poem", argument = "about")]
    fn complete_about(&self, value: String, lines: Option<u32>) -> Result<Vec<String>, ToolError> {
        Ok(vec![format!("{value}!"), format!("{lines:?}")])
    }

    #[completion(resource = "fixture://{year}/{+path}", argument = "year")]
    async fn complete_year(&self, typed: String, cx: &Context) -> Vec<String> {
        vec![typed, cx.principal().id().to_owned()]
    }

    const ORIGIN: Point = Point { x: 0, y: 0 };

    /// Not a part of the plugin.
    fn helper() -> &'static str {
        "left alone"
    }
}

fn anything() -> Value {
    json!({ "type": "object", "minProperties": 1 })
}

async fn fixture() -> TestPlugin {
    TestPlugin::start(&PLUGIN, json!({}))
        .await
        .expect("it starts")
}

async fn received(arguments: Value) -> Value {
    fixture()
        .await
        .call_json("receive", arguments)
        .await
        .expect("it answers")
}

async fn refusal(tool: &str, arguments: Value) -> String {
    let error = fixture()
        .await
        .call(tool, arguments)
        .await
        .expect_err("it is refused");
    assert_eq!(error.kind(), ToolErrorKind::InvalidArguments, "{error}");
    error.to_string()
}

fn tool(name: &str) -> &'static ToolDefinition {
    PLUGIN
        .tools()
        .iter()
        .find(|tool| tool.name() == name)
        .expect("the tool is there")
}

#[tokio::test]
async fn what_is_absent_has_its_default() {
    assert_eq!(
        received(json!({ "text": "a" })).await,
        json!({
            "text": "a", "copies": 1, "ratio": 0.5, "unit": "ounce", "labels": null, "limit": null,
            "points": [], "type": null, "caller": "local"
        })
    );
}

#[tokio::test]
async fn what_is_given_arrives() {
    let all = json!({
        "type": "t", "points": [{ "x": -1, "y": 2 }], "limit": 3, "labels": ["l"], "unit": "gram",
        "ratio": 1, "copies": 10, "text": "größe"
    });
    let received = received(all.clone()).await;
    for (name, value) in all.as_object().expect("an object") {
        if name != "ratio" {
            assert_eq!(&received[name], value, "{name}");
        }
    }
    assert_eq!(received["ratio"], 1.0);
}

#[tokio::test]
async fn null_is_absent_for_an_option_only() {
    let received =
        received(json!({ "text": "a", "labels": null, "limit": null, "type": null })).await;
    assert_eq!(received["labels"], Value::Null);
    let error = refusal("receive", json!({ "text": "a", "copies": null })).await;
    assert_eq!(error, "argument `copies`: invalid type: null, expected u32");
}

#[tokio::test]
async fn limits_are_checked() {
    for (arguments, words) in [
        (
            json!({ "text": "" }),
            "argument `text` must have a length of at least 1, and has 0",
        ),
        (
            json!({ "text": "123456" }),
            "argument `text` must have a length of at most 5, and has 6",
        ),
        (
            json!({ "text": "a", "copies": 0 }),
            "argument `copies` must be at least 1, and is 0",
        ),
        (
            json!({ "text": "a", "copies": 11 }),
            "argument `copies` must be at most 10, and is 11",
        ),
        (
            json!({ "text": "a", "ratio": 1.5 }),
            "argument `ratio` must be at most 1, and is 1.5",
        ),
        (
            json!({ "text": "a", "labels": [] }),
            "argument `labels` must have a length of at least 1, and has 0",
        ),
        (
            json!({ "text": "a", "labels": ["a", "b", "c"] }),
            "argument `labels` must have a length of at most 2, and has 3",
        ),
        (
            json!({ "text": "a", "limit": 2 }),
            "argument `limit` must be at least 3, and is 2",
        ),
    ] {
        assert_eq!(refusal("receive", arguments).await, words);
    }
    assert_eq!(
        refusal("renamed", json!({ "maxRows": 6 })).await,
        "argument `maxRows` must be at most 5, and is 6"
    );
}

#[tokio::test]
async fn what_does_not_fit_is_told_at_once() {
    assert_eq!(
        refusal("receive", json!({ "txt": "a", "copes": 2 })).await,
        "unknown arguments: `copes` (did you mean `copies`?), `txt` (did you mean `text`?); known: `text`, \
         `copies`, `ratio`, `unit`, `labels`, `limit`, `points`, `type`; missing argument: `text`"
    );
    assert_eq!(
        refusal(
            "receive",
            json!({ "text": "a", "points": [{ "x": 1, "y": "up" }] })
        )
        .await,
        "argument `points[0].y`: invalid type: string \"up\", expected i32"
    );
    assert_eq!(
        refusal("renamed", json!({ "max_rows": 1 })).await,
        "unknown argument: `max_rows` (did you mean `maxRows`?); known: `maxRows`; missing argument: `maxRows`"
    );
    assert_eq!(
        refusal("take.nothing", json!({ "a": 1 })).await,
        "unknown argument: `a`; there are none"
    );
}

#[tokio::test]
async fn a_list_is_not_an_object() {
    for list in [json!(["a"]), json!([]), json!("a"), json!(null)] {
        assert_eq!(
            refusal("receive", list).await,
            "the arguments must be a JSON object"
        );
    }
}

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
    for name in ["take.nothing", "with_own_default", "renamed", "panic"] {
        assert!(!takes(name), "{name}");
    }
}

/// One thread runs all futures here: two calls that block it would never meet.
#[tokio::test(flavor = "current_thread")]
async fn sync_functions_run_where_they_may_block() {
    let plugin = fixture().await;
    let (one, two) = tokio::join!(
        plugin.call("meet", json!({})),
        plugin.call("meet", json!({}))
    );
    for met in [one, two] {
        let output = met.expect("they met");
        assert_eq!(output.blocks()[0].as_text(), Some("local"));
    }
}

#[tokio::test]
async fn a_default_may_name_the_plugin() {
    let plugin = fixture().await;
    let point = plugin
        .call_json("with_own_default", json!({}))
        .await
        .expect("it answers");
    assert_eq!(point, json!({ "x": 0, "y": 0 }));
    let left = plugin
        .call("with_own_default", json!({ "point": { "x": -1, "y": 0 } }))
        .await;
    assert_eq!(
        left.expect_err("it fails").to_string(),
        "left of everything"
    );
    let schema = tool("with_own_default")
        .output_schema()
        .expect("a point is an object");
    assert_eq!(schema["required"], json!(["x", "y"]));
}

#[tokio::test]
async fn errors_keep_their_voice() {
    let error = fixture()
        .await
        .call("fail_in_words", json!({}))
        .await
        .expect_err("it fails");
    assert_eq!(
        error.public_message(),
        Some("no such branch; list_branches names them")
    );
    let error = fixture()
        .await
        .call("fail_oddly", json!({}))
        .await
        .expect_err("it fails");
    assert_eq!(error.public_message(), None);
    assert!(
        error.log_message().ends_with("the disk is odd"),
        "{}",
        error.log_message()
    );
}

#[tokio::test]
#[should_panic(expected = "as asked")]
async fn a_panic_on_a_blocking_thread_goes_on_as_a_panic() {
    drop(fixture().await.call("panic", json!({})).await);
}

#[tokio::test]
async fn a_schema_of_the_authors_own_takes_everything() {
    let output = fixture()
        .await
        .call("verbatim", json!({ "b": [1], "a": null }))
        .await
        .expect("it answers");
    assert_eq!(
        output.blocks()[0].as_text(),
        Some(r#"local {"b":[1],"a":null}"#)
    );
    let error = refusal("verbatim", json!([1])).await;
    assert_eq!(error, "invalid type: sequence, expected a map");
}

#[tokio::test]
async fn resources_get_the_variables_of_their_uri() {
    let body = |resource: Resource| resource.parts.into_iter().next().map(|part| part.body);
    let page = fixture()
        .await
        .read("fixture://1999/a/b%20c")
        .await
        .expect("it is there");
    assert_eq!(
        body(page),
        Some(ResourceBody::Text("local 1999 a/b c".to_owned()))
    );
    let bytes = fixture()
        .await
        .read("fixture://bytes")
        .await
        .expect("it is there");
    assert_eq!(body(bytes), Some(ResourceBody::Blob(vec![0, 255])));
    let error = fixture()
        .await
        .read("fixture://never/a")
        .await
        .expect_err("not a year");
    assert_eq!(error.kind(), ToolErrorKind::InvalidArguments);
    let names: Vec<_> = PLUGIN
        .resources()
        .iter()
        .map(|resource| (resource.name(), resource.mime_type()))
        .collect();
    assert_eq!(
        names,
        [("page", None), ("raw", Some("application/octet-stream"))]
    );
}

#[tokio::test]
async fn prompts_get_their_arguments() {
    let words = |prompt: Prompt| prompt.messages[0].content.as_text().map(str::to_owned);
    let plugin = fixture().await;
    let poem = plugin
        .prompt("poem", &[("about", "Rust")])
        .await
        .expect("it is made");
    assert_eq!(words(poem).as_deref(), Some("Rust, 4 lines"));
    let poem = plugin
        .prompt("poem", &[("lines", "2"), ("about", "Rust")])
        .await
        .expect("it is made");
    assert_eq!(words(poem).as_deref(), Some("Rust, 2 lines"));
    let error = plugin
        .prompt("poem", &[("lines", "2")])
        .await
        .expect_err("no subject");
    assert_eq!(error.to_string(), "missing argument: `about`");
    let error = plugin
        .prompt("poem", &[("about", "Rust"), ("lines", "two")])
        .await
        .expect_err("no number");
    assert_eq!(error.kind(), ToolErrorKind::InvalidArguments);
    let arguments: Vec<_> = PLUGIN.prompts()[0]
        .arguments()
        .iter()
        .map(|argument| (argument.name, argument.description, argument.required))
        .collect();
    assert_eq!(
        arguments,
        [
            ("about", "What about.", true),
            ("lines", "How many lines.", false)
        ]
    );
}

#[tokio::test]
async fn completions_get_what_was_typed_and_the_rest() {
    let plugin = fixture().await;
    let poem = CompletionTarget::Prompt("poem");
    let completed = plugin
        .complete(poem, "about", "Ru", &[("lines", "3")])
        .await
        .expect("it answers");
    assert_eq!(completed, ["Ru!", "Some(3)"]);
    let page = CompletionTarget::Resource("fixture://{year}/{+path}");
    let completed = plugin
        .complete(page, "year", "19", &[])
        .await
        .expect("it answers");
    assert_eq!(completed, ["19", "local"]);
    assert_eq!(PLUGIN.completions()[0].scope().as_str(), "read");
}
