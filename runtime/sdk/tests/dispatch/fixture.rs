//! The plugin whose functions are called: one with every kind of argument, and one of everything else.

use std::{
    sync::{Condvar, Mutex},
    time::Duration,
};

use mcp_factory_sdk::prelude::*;
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

/// How many calls wait for each other, and what tells them of one more.
type Meeting = (Mutex<usize>, Condvar);

/// Of `meet`, and of `meet_apart`.
static MEETINGS: [Meeting; 2] = [const { (Mutex::new(0), Condvar::new()) }; 2];

/// Waits until two are here; an error after a while.
fn meet((count, changed): &Meeting) -> Result<(), ToolError> {
    let mut count = count.lock().map_err(|_| ToolError::bug("poisoned"))?;
    *count += 1;
    changed.notify_all();
    let patience = Duration::from_secs(20);
    let waited = changed.wait_timeout_while(count, patience, |count| *count < 2);
    let (_guard, timeout) = waited.map_err(|_| ToolError::bug("poisoned"))?;
    if timeout.timed_out() {
        return Err(ToolError::new("alone"));
    }
    Ok(())
}

#[derive(Debug, Default)]
pub(crate) struct Fixture;

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
        meet(&MEETINGS[0])?;
        Ok(cx.principal().id().to_owned())
    }

    /// The same of a function that is `async` and waits elsewhere.
    #[tool(scope = "read")]
    async fn meet_apart(
        &self,
        blocking: &Blocking,
        #[doc = "A word."] word: String,
    ) -> Result<String, ToolError> {
        blocking.run(|| meet(&MEETINGS[1])).await??;
        Ok(word)
    }

    /// Panics where it may wait.
    #[tool(scope = "read")]
    async fn panic_apart(&self, cx: &Context, blocking: &Blocking) -> Result<String, ToolError> {
        let caller = cx.principal().id().to_owned();
        blocking.run(move || panic!("as {caller} asked")).await
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
    pub(crate) fn helper() -> &'static str {
        "left alone"
    }
}

pub(crate) fn anything() -> Value {
    json!({ "type": "object", "minProperties": 1 })
}
