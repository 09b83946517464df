//! A call as a line for people: when, how it ended, what, how long, by whom, with what.

use std::fmt::Write as _;

use serde::Serialize;

use super::call::Entry;
use crate::{
    Timestamp,
    line::{cut, json},
};

const STRING: &str = "a string takes everything";
/// Bytes of a name.
const NAME: usize = 128;

/// The line of a call.
pub(super) fn entry(entry: &Entry) -> Vec<u8> {
    let call = &entry.call;
    let mut line = format!("{} {:<12} {}", entry.time, call.outcome, word(&call.tool));
    let took = call.duration.map(|took| format!(" {took:.1?}"));
    line.push_str(&took.unwrap_or_default());
    write!(
        line,
        " by {} over {}",
        word(call.principal.id()),
        call.transport
    )
    .expect(STRING);
    let known = [
        ("tenant", call.principal.tenant().map(str::to_owned)),
        ("address", call.address.map(|address| address.to_string())),
        ("plugin", call.plugin.as_deref().map(str::to_owned)),
        ("scope", call.scope.map(|scope| scope.to_string())),
        ("session", call.session.as_deref().map(str::to_owned)),
        ("request", entry.request.as_ref().map(ToString::to_string)),
        ("trace_id", call.trace_id()),
        ("error_id", call.error_id.clone()),
        ("cached", call.cached.then(|| "true".to_owned())),
    ];
    for (name, value) in known {
        if let Some(value) = value {
            write!(line, " {name}={}", word(&value)).expect(STRING);
        }
    }
    if let Some(arguments) = &entry.arguments {
        write!(line, " arguments={}", one_line(arguments)).expect(STRING);
    }
    if let Some(error) = &entry.error {
        write!(line, " error={}", one_line(error)).expect(STRING);
    }
    if let Some(result) = &entry.result {
        write!(line, " result={}", one_line(result)).expect(STRING);
    }
    line.push('\n');
    line.into_bytes()
}

/// The line that says how many calls before it are missing.
pub(super) fn dropped(time: Timestamp, count: u64) -> Vec<u8> {
    format!(
        "{time} {:<12} {count} calls before this are missing\n",
        "dropped"
    )
    .into_bytes()
}

/// What a stranger named, as it is if it is one plain word, and in quotes otherwise.
fn word(text: &str) -> String {
    let text = cut(text, NAME);
    // Of what is not ASCII some letters look like nothing at all, or like a blank.
    let is_plain = |letter: char| letter.is_ascii_graphic() && letter != '"' && letter != '=';
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.into_owned();
    }
    one_line(&text)
}

fn one_line(value: &(impl Serialize + ?Sized)) -> String {
    String::from_utf8_lossy(&json(&value)).into_owned()
}
