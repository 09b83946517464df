//! Conversations over stdio: how they begin, and the lines of either era, odd and broken ones, second uses of an
//! id, calls that hang and are taken back, batches, and answers to nothing.
//!
//! Most lines are the bodies that `generate` makes for HTTP. Not here: what becomes of them.

use std::fmt;

use bytes::Bytes;
use proptest::{prelude::*, sample::Index};
use serde_json::{Value, json};

use super::generate::{Case, Kit, request};
use crate::frame::{Frame, FrameLimits};

/// Bytes of a line that is still read.
pub(super) const LONGEST: usize = 8 << 10;

/// What the server checks lines against.
pub(super) fn limits() -> FrameLimits {
    FrameLimits {
        max_bytes: LONGEST,
        ..FrameLimits::default()
    }
}

/// How a connection begins.
#[derive(Clone, Debug)]
pub(super) enum Opening {
    /// A request of the newest revision.
    Modern,
    /// A handshake, and whether the client says afterwards that it is ready.
    Handshake {
        revision: &'static str,
        capabilities: &'static str,
        ready: bool,
    },
    /// Whatever comes.
    Nothing,
}

impl Opening {
    fn lines(&self) -> Vec<Vec<u8>> {
        match self {
            Self::Modern => {
                let meta = json!({
                    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                    "io.modelcontextprotocol/clientCapabilities": {},
                });
                let params = json!({ "_meta": meta });
                let first = json!({
                    "jsonrpc": "2.0", "id": "first", "method": "server/discover", "params": params
                });
                vec![first.to_string().into()]
            }
            Self::Handshake {
                revision,
                capabilities,
                ready,
            } => {
                let mut lines = vec![handshake("first", revision, capabilities)];
                if *ready {
                    lines.push(notification("initialized", "{}"));
                }
                lines
            }
            Self::Nothing => Vec::new(),
        }
    }
}

fn handshake(id: &str, revision: &str, capabilities: &str) -> Vec<u8> {
    let info = r#"{"name":"wire","version":"1.0.0"}"#;
    format!(
        r#"{{"jsonrpc":"2.0","id":"{id}","method":"initialize","params":{{"protocolVersion":"{revision}","capabilities":{capabilities},"clientInfo":{info}}}}}"#
    )
    .into()
}

fn notification(name: &str, params: &str) -> Vec<u8> {
    format!(r#"{{"jsonrpc":"2.0","method":"notifications/{name}","params":{params}}}"#).into()
}

/// What a client does next.
#[derive(Clone, Debug)]
enum Step {
    Ask(Case),
    /// Two messages in one array, which this protocol no longer has.
    Batch(Case, Case),
    /// A call that never ends, in the words of the newest revision or not.
    Hold {
        id: u8,
        modern: bool,
    },
    /// An earlier line once more, and so its id.
    Again(Index),
    /// Takes an earlier request back, whether it is over or not.
    TakeBack(Index),
    /// Answers what the server may have asked.
    Answer(u8, &'static str),
    Notify(&'static str, &'static str),
    /// A second handshake.
    Greet(&'static str),
    Noise(&'static [u8]),
    TooLong,
}

/// All that one client says.
#[derive(Clone)]
pub(super) struct Conversation {
    opening: Opening,
    steps: Vec<Step>,
}

impl fmt::Debug for Conversation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.lines() {
            let shown = line.len().min(600);
            writeln!(formatter, "{}", String::from_utf8_lossy(&line[..shown]))?;
        }
        Ok(())
    }
}

impl Conversation {
    /// Every line, without its end.
    pub(super) fn lines(&self) -> Vec<Vec<u8>> {
        let mut lines = self.opening.lines();
        for step in &self.steps {
            let next = step.line(&lines);
            lines.push(next);
        }
        lines
    }

    /// The lines whose answers depend on no other line: no id twice, nothing that ends a call or changes what
    /// the connection remembers.
    pub(super) fn independent_lines(&self) -> Vec<Vec<u8>> {
        let mut lines = self.opening.lines();
        let mut ids: Vec<Value> = lines.iter().filter_map(|line| id(line)).collect();
        for step in &self.steps {
            let line = match step {
                Step::Ask(_) | Step::Batch(..) | Step::Noise(_) | Step::TooLong => {
                    step.line(&lines)
                }
                _ => continue,
            };
            let changes = ["cancelled", "setLevel", "subscribe", "initialize"];
            let text = String::from_utf8_lossy(&line);
            if changes.iter().any(|word| text.contains(word)) {
                continue;
            }
            let id = id(&line);
            if id.as_ref().is_some_and(|id| ids.contains(id)) {
                continue;
            }
            ids.extend(id);
            lines.push(line);
        }
        lines
    }
}

/// What a line says of its id; nothing when it says so in a way that nobody reads.
fn id(line: &[u8]) -> Option<Value> {
    let message: Value = serde_json::from_slice(line).ok()?;
    message.get("id").cloned()
}

impl Step {
    fn line(&self, before: &[Vec<u8>]) -> Vec<u8> {
        match self {
            Self::Ask(case) => on_one_line(&case.body),
            Self::Batch(first, second) => {
                let both = format!("[{},{}]", first.body, second.body);
                on_one_line(&both)
            }
            Self::Hold { id, modern } => {
                let meta = if *modern {
                    r#","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#
                } else {
                    ""
                };
                format!(r#"{{"jsonrpc":"2.0","id":"held {id}","method":"tools/call","params":{{"name":"hold"{meta}}}}}"#)
                    .into()
            }
            Self::Again(index) => before
                .get(place(*index, before))
                .cloned()
                .unwrap_or_default(),
            Self::TakeBack(index) => {
                let line = before.get(place(*index, before)).cloned();
                let frame = line.and_then(|line| Frame::parse(Bytes::from(line), &limits()).ok());
                let id = frame.and_then(|frame| frame.request_id().map(ToString::to_string));
                let id = id.unwrap_or_else(|| "7".to_owned());
                notification(
                    "cancelled",
                    &format!(r#"{{"requestId":{id},"reason":"late"}}"#),
                )
            }
            Self::Answer(id, outcome) => {
                format!(r#"{{"jsonrpc":"2.0","id":{id},{outcome}}}"#).into()
            }
            Self::Notify(name, params) => notification(name, params),
            Self::Greet(revision) => handshake("again", revision, "{}"),
            Self::Noise(bytes) => bytes.to_vec(),
            Self::TooLong => vec![b' '; LONGEST + 9].into_iter().chain(*b"x").collect(),
        }
    }
}

fn place(index: Index, before: &[Vec<u8>]) -> usize {
    index.index(before.len().max(1))
}

fn on_one_line(text: &str) -> Vec<u8> {
    text.replace(['\n', '\r'], " ").into()
}

/// Conversations that begin in one of two ways, with at most so many lines after that.
pub(super) fn conversation(
    kit: Kit,
    handshake: bool,
    most: usize,
) -> impl Strategy<Value = Conversation> {
    let opening = if handshake {
        let revisions = &["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"][..];
        let capabilities = &[
            "{}",
            "{}",
            r#"{"elicitation":{}}"#,
            r#"{"elicitation":{"form":{}}}"#,
        ][..];
        (
            prop::sample::select(revisions),
            prop::sample::select(capabilities),
            prop::bool::weighted(0.9),
        )
            .prop_map(|(revision, capabilities, ready)| Opening::Handshake {
                revision,
                capabilities,
                ready,
            })
            .boxed()
    } else {
        prop_oneof![9 => Just(Opening::Modern), 1 => Just(Opening::Nothing)].boxed()
    };
    (opening, prop::collection::vec(step(kit), 1..=most))
        .prop_map(|(opening, steps)| Conversation { opening, steps })
}

fn step(kit: Kit) -> impl Strategy<Value = Step> {
    let ask = request(kit);
    let noise: &'static [&'static [u8]] = &[
        b"",
        b" \t ",
        b"garbage",
        b"[]",
        b"7",
        b"\"ping\"",
        b"{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"ping\"}{}",
        b"{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"ping\",\"params\":{\"a\":1,\"\\u0061\":2}}",
        b"{\"jsonrpc\":\"2.0\",\"id\":5,\"id\":6,\"method\":\"ping\"}",
        b"{\"jsonrpc\":\"2.0\",\"ID\":5,\"method\":\"ping\"}",
        b"{\"jsonrpc\":\"1.0\",\"id\":5,\"method\":\"ping\"}",
        b"{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"ping\",\"params\":[]}",
        b"\xff\xfe{}",
        b"{\"jsonrpc\":\"2.0\",\"id\":\"\\ud800\",\"method\":\"ping\"}",
        b"{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"ping\",\"x\":\"\xc3\"}",
    ];
    let outcomes = &[
        r#""result":{"action":"accept","content":{"ok":true}}"#,
        r#""result":{"action":"decline"}"#,
        r#""result":{}"#,
        r#""result":7"#,
        r#""error":{"code":-1,"message":"no"}"#,
        r#""error":{}"#,
    ][..];
    let news = &[
        ("initialized", "{}"),
        ("progress", r#"{"progressToken":7,"progress":1}"#),
        ("roots/list_changed", "{}"),
        ("cancelled", "{}"),
        ("cancelled", r#"{"requestId":"nobody"}"#),
        ("cancelled", r#"{"requestId":1.5}"#),
        ("unheard/of", r#"{"a":[1]}"#),
        ("message", "7"),
    ][..];
    prop_oneof![
        24 => ask.clone().prop_map(Step::Ask),
        1 => (ask.clone(), ask).prop_map(|(first, second)| Step::Batch(first, second)),
        2 => (0..6_u8, any::<bool>()).prop_map(|(id, modern)| Step::Hold { id, modern }),
        2 => any::<Index>().prop_map(Step::Again),
        3 => any::<Index>().prop_map(Step::TakeBack),
        1 => (0..4_u8, prop::sample::select(outcomes)).prop_map(|(id, outcome)| Step::Answer(id, outcome)),
        1 => prop::sample::select(news).prop_map(|(name, params)| Step::Notify(name, params)),
        1 => prop::sample::select(&["2025-11-25", "2024-11-05", "2026-07-28"][..]).prop_map(Step::Greet),
        2 => prop::sample::select(noise).prop_map(Step::Noise),
        1 => Just(Step::TooLong),
    ]
}
