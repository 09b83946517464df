//! What is told of a call, and what of it is written.

use std::{net::IpAddr, sync::Arc, time::Duration};

use mcp_factory_sdk::{Content, Output, Principal, ResourceBody, Scope};
use serde_json::{Map, Value};

use super::redact::Redaction;
use crate::{Timestamp, line::cut};

/// Arguments and results above this are not written, not even in part: what is secret in the half of a JSON text
/// cannot be told.
const LARGEST: usize = 1 << 20;
/// Above this they are not either, unless more is wanted: JSON takes a hundred times its size when it is looked through.
const PARSED: usize = 256 << 10;
/// Many times what is written.
const TIMES: usize = 16;
/// Bytes of a request's id.
const NAME: usize = 256;
/// Bytes of what a failed call said.
const ERROR: usize = 1 << 10;

/// A call that is over, or was refused, as it was.
#[derive(Debug)]
pub struct LoggedCall {
    /// Who.
    pub principal: Arc<Principal>,
    /// `stdio` or `http`.
    pub transport: &'static str,
    /// Where from.
    pub address: Option<IpAddr>,
    /// The trace it belongs to.
    pub trace: Option<u128>,
    /// The request's id, as JSON.
    pub request: Option<Arc<str>>,
    /// What tells its session from others.
    pub session: Option<Arc<str>>,
    /// The plugin that the tool belongs to; `None` when there is no such tool.
    pub plugin: Option<Arc<str>>,
    /// The tool, as the client named it.
    pub tool: String,
    /// The scope it demands.
    pub scope: Option<Scope>,
    /// The JSON of its arguments; `None` where nobody looked.
    pub arguments: Option<Kept>,
    /// The names that the tool's schemas mark as secret.
    pub marked: Arc<[String]>,
    /// Whether it was let through.
    pub refused: bool,
    /// How it ended: `ok`, or a word for what was wrong.
    pub outcome: &'static str,
    /// Whether nothing ran for it.
    pub cached: bool,
    /// How long it took; not of one that was refused.
    pub duration: Option<Duration>,
    /// What the client was told to find it in the log by.
    pub error_id: Option<String>,
    /// What its client was told of its failure.
    pub error: Option<String>,
    /// What it answered.
    pub result: Option<Kept>,
}

impl LoggedCall {
    /// Its trace, as W3C Trace Context writes it.
    pub(super) fn trace_id(&self) -> Option<String> {
        self.trace.map(|id| format!("{id:032x}"))
    }
}

/// A text, unless it is too large to be looked through.
#[derive(Debug)]
pub enum Kept {
    /// The whole text.
    Text(String),
    /// Several, each of which may be JSON.
    Texts(Vec<String>),
    /// How many bytes it has.
    TooLarge(usize),
}

impl Kept {
    /// A copy of a text.
    pub fn new(text: &str) -> Self {
        if text.len() <= LARGEST {
            Self::Text(text.to_owned())
        } else {
            Self::TooLarge(text.len())
        }
    }

    /// What a tool answered: its structured content, else its texts and what else there is, in words.
    pub fn of(output: &Output) -> Self {
        if let Some(structured) = output.structured_json() {
            return Self::new(structured);
        }
        let size = weight(output);
        if size > LARGEST {
            return Self::TooLarge(size);
        }
        let mut blocks: Vec<String> = output.blocks().iter().map(block).collect();
        match (blocks.pop(), blocks.is_empty()) {
            (Some(only), true) => Self::Text(only),
            (last, _) => {
                blocks.extend(last);
                Self::Texts(blocks)
            }
        }
    }

    /// What it takes.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Texts(texts) => texts.iter().map(String::len).sum(),
            Self::TooLarge(_) => 0,
        }
    }
}

/// The bytes of what [`Kept::of`] takes.
fn weight(output: &Output) -> usize {
    let bytes = |content: &Content| match content {
        Content::Text { text, .. } => text.len(),
        Content::Resource(resource) => match &resource.body {
            ResourceBody::Text(text) => text.len(),
            ResourceBody::Blob(_) => 0,
        },
        _ => 0,
    };
    output.blocks().iter().map(bytes).sum()
}

fn block(content: &Content) -> String {
    match content {
        Content::Text { text, .. } => text.clone(),
        Content::Image {
            data, mime_type, ..
        } => format!("[image: {mime_type}, {} bytes]", data.len()),
        Content::Audio {
            data, mime_type, ..
        } => format!("[audio: {mime_type}, {} bytes]", data.len()),
        Content::Resource(resource) => match &resource.body {
            ResourceBody::Text(text) => text.clone(),
            ResourceBody::Blob(bytes) => format!("[resource: {} bytes]", bytes.len()),
        },
        Content::Link(link) => format!("[link: {}]", link.uri),
        _ => "[something else]".to_owned(),
    }
}

/// What is written of a call, without its secrets and no larger than it may be.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) time: Timestamp,
    pub(super) call: LoggedCall,
    pub(super) request: Option<Value>,
    pub(super) arguments: Option<Value>,
    pub(super) error: Option<String>,
    pub(super) result: Option<Value>,
}

impl Entry {
    /// What is written of `call`: so many bytes of its arguments, and of its result.
    pub(super) fn new(
        time: Duration,
        mut call: LoggedCall,
        mut redaction: Redaction<'_>,
        arguments: usize,
        results: usize,
    ) -> Self {
        let request = call.request.take().map(|id| Kept::new(&id));
        let given = call.arguments.take();
        let result = call.result.take();
        // The arguments first: what is secret in them may come back.
        let given = redaction
            .arguments(|redaction| given.map(|given| written(given, redaction, arguments)));
        // It was cut to what is worth echoing.
        call.tool = redaction.beginning(&call.tool);
        let error = call.error.take();
        let error = error.map(|error| match error.len() {
            bytes if bytes > PARSED => too_large(bytes),
            _ => cut(&redaction.text(&error), ERROR).into_owned(),
        });
        Self {
            time: Timestamp(time),
            request: request.map(|id| written(id, &mut redaction, NAME)),
            arguments: given,
            error,
            result: result.map(|result| written(result, &mut redaction, results)),
            call,
        }
    }

    pub(super) const fn event(&self) -> &'static str {
        if self.call.refused { "refused" } else { "call" }
    }
}

fn too_large(bytes: usize) -> String {
    format!("[{bytes} bytes, too large to be written]")
}

fn written(kept: Kept, redaction: &mut Redaction<'_>, mut room: usize) -> Value {
    let most = room.saturating_mul(TIMES).clamp(PARSED, LARGEST);
    let bytes = kept.bytes();
    let value = match kept {
        Kept::TooLarge(bytes) => return Value::from(too_large(bytes)),
        _ if bytes > most => return Value::from(too_large(bytes)),
        Kept::Text(text) => match serde_json::from_str(&text) {
            Ok(value) => redaction.value(value),
            Err(_) => Value::from(redaction.text(&text)),
        },
        Kept::Texts(texts) => {
            let clean: Vec<String> = texts.iter().map(|text| redaction.text(text)).collect();
            Value::from(clean.join("\n"))
        }
    };
    fit(value, &mut room)
}

/// `value` with at most about `room` bytes: long texts are cut, and what comes behind is left out and counted.
fn fit(value: Value, room: &mut usize) -> Value {
    // What is between values.
    *room = room.saturating_sub(2);
    match value {
        Value::String(text) => {
            let text = if text.len() > *room {
                Value::from(format!("{} ({} bytes)", cut(&text, *room), text.len()))
            } else {
                Value::String(text)
            };
            *room = room.saturating_sub(text.as_str().map_or(0, str::len));
            text
        }
        Value::Array(items) => {
            let (all, mut fitting) = (items.len(), Vec::new());
            for (at, item) in items.into_iter().enumerate() {
                if *room == 0 {
                    fitting.push(Value::from(format!("… ({} more)", all - at)));
                    break;
                }
                fitting.push(fit(item, room));
            }
            Value::Array(fitting)
        }
        Value::Object(members) => {
            let (all, mut fitting) = (members.len(), Map::new());
            for (at, (name, value)) in members.into_iter().enumerate() {
                if *room == 0 {
                    fitting.insert("…".to_owned(), Value::from(format!("{} more", all - at)));
                    break;
                }
                let name = cut(&name, *room).into_owned();
                *room = room.saturating_sub(name.len());
                fitting.insert(name, fit(value, room));
            }
            Value::Object(fitting)
        }
        other => {
            *room = room.saturating_sub(8);
            other
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::calls::redact::Redactor;

    #[test]
    fn what_is_large_is_cut_where_it_is_large() {
        let value =
            json!({"path": "/a", "content": "é".repeat(1_000), "mode": "append", "more": [1, 2]});
        let told = fit(value, &mut 100);
        assert_eq!(told["path"], "/a");
        let content = told["content"].as_str().expect("a text");
        assert!(
            content.ends_with("… (2000 bytes)") && content.len() < 120,
            "{content}"
        );
        assert_eq!(told["…"], "2 more");
        let list = fit(json!(vec![7; 1_000]), &mut 100);
        assert_eq!(list.as_array().map(Vec::len), Some(11), "{list}");
        assert_eq!(list[10], "… (990 more)");
        let small = json!({"a": [1, null, "b"], "c": {}});
        assert_eq!(fit(small.clone(), &mut 100), small);
        // Nothing but names.
        let names: Map<String, Value> = (0..1_000)
            .map(|n| (format!("{n:0100}"), Value::Null))
            .collect();
        assert!(fit(Value::Object(names), &mut 1_000).to_string().len() < 2_000);
    }

    #[test]
    fn a_result_is_what_a_client_reads() {
        let text = |output: &Output| match Kept::of(output) {
            Kept::Text(text) => text,
            Kept::Texts(texts) => texts.join("\n"),
            Kept::TooLarge(bytes) => format!("{bytes} bytes"),
        };
        assert_eq!(text(&Output::new().text("a").text("b")), "a\nb");
        assert_eq!(
            text(&Output::new().image(vec![1, 2], "image/png")),
            "[image: image/png, 2 bytes]"
        );
        let typed = Output::new()
            .structured(&json!({"a": 1}))
            .expect("an object");
        assert_eq!(text(&typed.text("as text")), "{\"a\":1}");
        let large = Output::new().text("x".repeat(LARGEST)).text("x");
        assert_eq!(text(&large), format!("{} bytes", LARGEST + 1));
        assert!(matches!(
            Kept::new(&"x".repeat(LARGEST + 1)),
            Kept::TooLarge(_)
        ));
    }

    #[test]
    fn no_more_is_looked_through_than_memory_allows() {
        let room = |bytes: usize, room: usize| {
            let mut redactor = Redactor::default();
            let kept = Kept::new(&format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 8)));
            written(kept, &mut redactor.of(&[]), room)
        };
        assert!(room(PARSED, 1 << 10).is_object());
        assert_eq!(
            room(PARSED + 1, 1 << 10),
            "[262145 bytes, too large to be written]"
        );
        assert!(room(PARSED + 1, 32 << 10).is_object());
        assert!(room(LARGEST, 1 << 20).is_object());
        assert!(room(LARGEST + 1, 1 << 20).is_string());
    }

    #[test]
    fn each_text_of_a_result_is_looked_through_by_itself() {
        let pair = json!({"name": "DB_PASSWORD", "value": "canary"}).to_string();
        let mut redactor = Redactor::default();
        let output = Output::new().text(pair.as_str()).text(pair.as_str());
        let told = written(Kept::of(&output), &mut redactor.of(&[]), 1 << 10);
        assert_eq!(told.to_string().matches("[redacted]").count(), 2, "{told}");
        assert!(!told.to_string().contains("canary"), "{told}");
    }
}
