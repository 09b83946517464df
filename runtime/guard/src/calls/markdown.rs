//! A call as a part of a transcript: a heading, what is known of it, its arguments and what came back in fences.
//!
//! Nothing that a stranger wrote stands outside of a fence or of a code span that is made for it.

use std::fmt::Write as _;

use serde::Serialize as _;
use serde_json::{Value, ser::PrettyFormatter};

use super::call::Entry;
use crate::{Timestamp, escape::is_unruly, line::cut};

const STRING: &str = "a string takes everything";
/// Bytes of a name.
const NAME: usize = 128;

/// The part of a call.
pub(super) fn entry(entry: &Entry) -> Vec<u8> {
    let call = &entry.call;
    let mut part = format!(
        "## {} · {} · {}\n\n",
        entry.time,
        code(&call.tool),
        call.outcome
    );
    let took = call.duration.map(|took| format!("took {took:.1?}"));
    let known = [
        Some(format!(
            "by {} over {}",
            code(call.principal.id()),
            call.transport
        )),
        call.principal
            .tenant()
            .map(|tenant| format!("tenant {}", code(tenant))),
        call.address
            .map(|address| format!("from {}", code(&address.to_string()))),
        call.plugin
            .as_deref()
            .map(|plugin| format!("plugin {}", code(plugin))),
        call.scope
            .map(|scope| format!("scope {}", code(scope.as_str()))),
        took,
        call.cached.then(|| "answered before".to_owned()),
        call.session
            .as_deref()
            .map(|session| format!("session {}", code(session))),
        entry
            .request
            .as_ref()
            .map(|id| format!("request {}", code(&id.to_string()))),
        call.trace_id().map(|id| format!("trace {}", code(&id))),
        call.error_id
            .as_deref()
            .map(|id| format!("error {}", code(id))),
    ];
    let known: Vec<String> = known.into_iter().flatten().collect();
    writeln!(part, "{}", known.join(", ")).expect(STRING);
    if let Some(arguments) = &entry.arguments {
        section(&mut part, "Arguments", arguments);
    }
    if let Some(error) = &entry.error {
        section(&mut part, "Error", &Value::from(error.as_str()));
    }
    if let Some(result) = &entry.result {
        section(&mut part, "Result", result);
    }
    part.push('\n');
    part.into_bytes()
}

/// The part that says how many calls before it are missing.
pub(super) fn dropped(time: Timestamp, count: u64) -> Vec<u8> {
    format!("## {time} · {count} calls before this are missing\n\n").into_bytes()
}

fn section(part: &mut String, title: &str, value: &Value) {
    let (language, text) = match value {
        Value::String(text) => ("text", shown(text)),
        value => ("json", shown(&pretty(value))),
    };
    // A fence ends at a line of at least as many backticks, so no text has one as long.
    let fence = "`".repeat(longest_run(&text).max(2) + 1);
    let end = if text.ends_with('\n') { "" } else { "\n" };
    write!(
        part,
        "\n{title}:\n\n{fence}{language}\n{text}{end}{fence}\n"
    )
    .expect(STRING);
}

fn pretty(value: &Value) -> String {
    let mut json = Vec::new();
    let formatter = PrettyFormatter::new();
    value
        .serialize(&mut serde_json::Serializer::with_formatter(
            &mut json, formatter,
        ))
        .expect("a value is JSON, and a vector takes everything");
    String::from_utf8_lossy(&json).into_owned()
}

/// A text with its lines, in which nothing is hidden and nothing else begins one.
fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.replace("\r\n", "\n").chars() {
        if (letter.is_control() && letter != '\n' && letter != '\t') || is_unruly(letter) {
            write!(shown, "\\u{{{:x}}}", u32::from(letter)).expect(STRING);
        } else {
            shown.push(letter);
        }
    }
    shown
}

/// A name on one line as a code span.
fn code(text: &str) -> String {
    let text = shown(&cut(text, NAME)).replace(['\n', '\t'], " ");
    let fence = "`".repeat(longest_run(&text) + 1);
    // A blank on both sides is taken off by whoever shows it, and none is part of the fence.
    let blank = if text.starts_with('`') || text.ends_with('`') || text.trim().is_empty() {
        " "
    } else {
        ""
    };
    format!("{fence}{blank}{text}{blank}{fence}")
}

fn longest_run(text: &str) -> usize {
    let runs = text.split(|letter| letter != '`').map(str::len);
    runs.max().unwrap_or_default()
}
