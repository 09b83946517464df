//! A tool's result as the protocol writes it: `CallToolResult`.

use mcp_factory_sdk::{Content, Output};

use super::super::{convert, respond::Era};
use super::message::Message;

/// Writes what a tool gave. `meta` is the JSON of the result's `_meta`, if it has one.
pub(super) fn write(message: &mut Message, output: &Output, era: Era, meta: Option<&str>) {
    message.raw(match era {
        Era::Modern => br#"{"resultType":"complete","content":["#,
        Era::Legacy => br#"{"content":["#,
    });
    for (at, block) in output.blocks().iter().enumerate() {
        if at > 0 {
            message.raw(b",");
        }
        content(message, block);
    }
    message.raw(b"]");
    if let Some(json) = output.structured_json() {
        message.raw(br#","structuredContent":"#);
        message.raw(json.as_bytes());
    }
    message.raw(br#","isError":false"#);
    if let Some(meta) = meta {
        message.raw(br#","_meta":"#);
        message.raw(meta.as_bytes());
    }
    message.raw(b"}");
}

fn content(message: &mut Message, block: &Content) {
    match block {
        // What nearly every block is.
        Content::Text {
            text,
            annotations: None,
        } => {
            message.raw(br#"{"type":"text","text":"#);
            message.text(text);
            message.raw(b"}");
        }
        other => message.value(&convert::content(other.clone())),
    }
}

/// About how many bytes the result will have.
pub(super) fn size(output: &Output) -> usize {
    let texts = output.blocks().iter().map(|block| match block {
        Content::Text { text, .. } => text.len() + text.len() / 8 + 32,
        _ => 256,
    });
    texts.sum::<usize>() + output.structured_json().map_or(0, str::len) + 192
}
