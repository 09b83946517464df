//! What a frame says is what `serde_json` says of the same bytes, and it is let through only when it says one thing.
//!
//! `FRAME_CASES` says how many messages there are, `FRAME_SEED` where they begin; without it they begin somewhere else
//! in each run. A message that fails is shown as small as it can be made.

use std::{
    collections::BTreeMap,
    hash::{BuildHasher as _, RandomState},
    panic::{AssertUnwindSafe, catch_unwind},
};

use bytes::Bytes;
use serde_json::Value;

use super::{
    Frame, FrameKind, FrameLimits, RequestId,
    generate::message,
    reference::{Parts, Reading, id, read},
};

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Fails with `what` unless both say the same.
#[expect(
    clippy::needless_pass_by_value,
    reason = "most of it is made for this comparison"
)]
fn same<T: PartialEq + std::fmt::Debug>(what: &str, ours: T, theirs: T) -> Result<(), String> {
    if ours == theirs {
        return Ok(());
    }
    Err(format!("{what}: {ours:?} is not {theirs:?}"))
}

fn value(id: &RequestId) -> Value {
    match id {
        RequestId::Number(number) => Value::from(*number),
        RequestId::Text(text) => Value::from(&**text),
    }
}

/// What becomes of these bytes, in a word, when both readings agree.
fn agree(bytes: &[u8]) -> Result<&'static str, String> {
    let frame = Frame::parse(Bytes::copy_from_slice(bytes), &FrameLimits::default());
    match (read(bytes), frame) {
        (Reading::Message(parts), Ok(frame)) => agree_on_parts(&frame, &parts),
        (Reading::Message(_), Err(error)) => Err(format!("it is a message: {error:?}")),
        (_, Ok(frame)) => Err(format!("it is none: {:?}", frame.kind())),
        (reading, Err(error)) => {
            let (word, codes, id, unanswerable) = match reading {
                Reading::Refused {
                    codes,
                    id,
                    unanswerable,
                } => ("refused", codes, id, unanswerable),
                Reading::NoObject => ("no object", vec![-32600], None, false),
                _ => ("malformed", vec![-32700], None, false),
            };
            if !codes.contains(&error.code) {
                return Err(format!("{error:?} is none of {codes:?}"));
            }
            same("id", error.id.as_ref().map(value), id)?;
            same("unanswerable", error.unanswerable, unanswerable)?;
            Ok(word)
        }
    }
}

fn agree_on_parts(frame: &Frame, theirs: &Parts<'_>) -> Result<&'static str, String> {
    let params = &theirs.in_params;
    same("id", frame.id().map(value), theirs.id.clone())?;
    same(
        "method",
        frame.method(),
        theirs.method.as_deref().unwrap_or_default(),
    )?;
    same("params", frame.params(), theirs.params)?;
    same("result", frame.result(), theirs.result)?;
    same("error", frame.error(), theirs.error)?;
    same("arguments", frame.arguments(), params.get("arguments"))?;
    same("meta", frame.meta(), params.get("_meta"))?;
    same("name", frame.name().map(String::from), params.text("name"))?;
    same("uri", frame.uri().map(String::from), params.text("uri"))?;
    let kinds = frame.param_kinds();
    same("a name", kinds.name, params.get("name").is_some())?;
    same(
        "arguments",
        kinds.arguments,
        params.get("arguments").is_some(),
    )?;
    same("a uri", kinds.uri, params.get("uri").is_some())?;
    let others = params.has_others_than(&["name", "arguments", "uri", "_meta"]);
    same("others", kinds.others, others)?;
    let (ours, meta) = (frame.request_meta(), &theirs.in_meta);
    let library = |name: &str| meta.get(&format!("io.modelcontextprotocol/{name}"));
    same("version", ours.protocol_version, library("protocolVersion"))?;
    same(
        "capabilities",
        ours.client_capabilities,
        library("clientCapabilities"),
    )?;
    same("level", ours.log_level, library("logLevel"))?;
    same("token", ours.progress_token, meta.get("progressToken"))?;
    same("trace", ours.traceparent, meta.get("traceparent"))?;
    let kind = match (theirs.method.is_some(), theirs.id.is_some()) {
        (true, true) => "request",
        (true, false) => "notification",
        (false, _) => "response",
    };
    let ours = match frame.kind() {
        FrameKind::Request(_) => "request",
        FrameKind::Notification => "notification",
        FrameKind::Response(_) => "response",
    };
    same("kind", ours, kind)?;
    let cancels =
        theirs.method.as_deref() == Some("notifications/cancelled") && kind == "notification";
    let taken_back = params.get("requestId").filter(|_| cancels);
    let taken_back = taken_back.and_then(id);
    same("cancels", frame.cancels().as_ref().map(value), taken_back)?;
    Ok(kind)
}

/// Whether they agree, without a panic.
fn outcome(bytes: &[u8]) -> Result<&'static str, String> {
    catch_unwind(AssertUnwindSafe(|| agree(bytes))).unwrap_or_else(|_| Err("it panics".to_owned()))
}

/// The same failure with fewer bytes.
fn smallest(mut bytes: Vec<u8>) -> Vec<u8> {
    let mut piece = bytes.len() / 2;
    while piece > 0 {
        let mut at = 0;
        while at + piece <= bytes.len() {
            let mut fewer = bytes.clone();
            fewer.drain(at..at + piece);
            if outcome(&fewer).is_err() {
                bytes = fewer;
            } else {
                at += piece;
            }
        }
        piece /= 2;
    }
    bytes
}

/// What the generator has to reach, for otherwise it proves less than it says: a word, and in what kind of message.
const REACHED: [(&str, &[u8]); 16] = [
    ("request", b"\\u00"),
    ("request", b"\\ud8"),
    ("request", b"\\uDB"),
    ("request", b"\\/"),
    ("request", "\u{1f4a1}".as_bytes()),
    ("request", b"E-"),
    ("request", b"[[[[[[[[[[[[[[[[[[[["),
    ("request", b"\r\n"),
    ("notification", b"cancelled"),
    ("response", b"\"result\""),
    ("response", b"\"error\""),
    ("refused", b"\\u00"),
    ("refused", b"\"1.0\""),
    ("malformed", b"[[[[[[[[[[[[[[[[[[[["),
    ("malformed", b"e6"),
    ("malformed", b"\\ud83d\\u0041"),
];

#[test]
fn a_frame_says_what_serde_json_says_of_the_same_bytes() {
    let cases = setting("FRAME_CASES").unwrap_or(100_000);
    let first = setting("FRAME_SEED").unwrap_or_else(|| RandomState::new().hash_one(0));
    let mut words = BTreeMap::<_, u64>::new();
    let mut reached = [0_u64; REACHED.len()];
    for case in 0..cases {
        let bytes = message(first.wrapping_add(case));
        let Ok(word) = outcome(&bytes) else {
            let bytes = smallest(bytes);
            let why = outcome(&bytes).expect_err("it fails");
            let text = String::from_utf8_lossy(&bytes).into_owned();
            panic!("{why}\n{text}\n(FRAME_SEED={})", first.wrapping_add(case));
        };
        *words.entry(word).or_default() += 1;
        for ((of, part), count) in REACHED.iter().zip(&mut reached) {
            let there = || memchr::memmem::find(&bytes, part).is_some();
            *count += u64::from(word == *of && there());
        }
    }
    for (word, least) in [
        ("request", 30),
        ("notification", 8),
        ("response", 8),
        ("refused", 10),
        ("no object", 2),
        ("malformed", 10),
    ] {
        let share = words.get(word).copied().unwrap_or_default() * 100 / cases.max(1);
        assert!(share >= least, "{share} % {word}: {words:?}");
    }
    for ((of, part), count) in REACHED.iter().zip(reached) {
        let part = String::from_utf8_lossy(part);
        assert!(
            cases < 10_000 || count > 4,
            "{count} times {part:?} in a {of}"
        );
    }
}

#[test]
fn twins_are_found_after_decoding_at_any_depth_and_among_many() {
    for (names, depth) in [(2, 1), (2, 100), (9, 3), (40, 60)] {
        let mut members: Vec<_> = (0..names).map(|at| format!("\"k{at}\":{at}")).collect();
        let object = |members: &[String]| {
            let (open, close) = ("[".repeat(depth), "]".repeat(depth));
            let inner = members.join(",");
            format!(
                r#"{{"jsonrpc":"2.0","id":1,"method":"m","params":{{"a":{open}{{{inner}}}{close}}}}}"#
            )
        };
        assert_eq!(outcome(object(&members).as_bytes()), Ok("request"));
        members[0] = "\"\\u006B1\":null".to_owned();
        assert_eq!(outcome(object(&members).as_bytes()), Ok("refused"));
    }
}
