//! A tool's result as the protocol writes it: `CallToolResult`.

use mcp_factory_sdk::{Content, EmbeddedResource, Output, ResourceBody};

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
        // Bytes are encoded where they are to stand: there may be megabytes.
        Content::Image {
            data,
            mime_type,
            annotations: None,
        } => media(message, br#"{"type":"image","data":""#, data, mime_type),
        Content::Audio {
            data,
            mime_type,
            annotations: None,
        } => media(message, br#"{"type":"audio","data":""#, data, mime_type),
        Content::Resource(EmbeddedResource {
            uri,
            mime_type,
            body: ResourceBody::Blob(data),
        }) => {
            message.raw(br#"{"type":"resource","resource":{"uri":"#);
            message.text(uri);
            if let Some(mime_type) = mime_type {
                message.raw(br#","mimeType":"#);
                message.text(mime_type);
            }
            message.raw(br#","blob":""#);
            message.base64(data);
            message.raw(br#""}}"#);
        }
        other => message.value(&convert::content(other.clone())),
    }
}

fn media(message: &mut Message, beginning: &[u8], data: &[u8], mime_type: &str) {
    message.raw(beginning);
    message.base64(data);
    message.raw(br#"","mimeType":"#);
    message.text(mime_type);
    message.raw(b"}");
}

/// About how many bytes the result will have.
pub(super) fn size(output: &Output) -> usize {
    let blocks = output.blocks().iter().map(|block| match block {
        Content::Text { text, .. } => text.len() + text.len() / 8 + 32,
        Content::Image { data, .. }
        | Content::Audio { data, .. }
        | Content::Resource(EmbeddedResource {
            body: ResourceBody::Blob(data),
            ..
        }) => data.len() / 3 * 4 + 256,
        _ => 256,
    });
    blocks.sum::<usize>() + output.structured_json().map_or(0, str::len) + 192
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::RequestId;

    #[test]
    fn bytes_are_written_as_the_library_writes_them() {
        let resource = |mime_type: Option<&str>, body| {
            Content::Resource(EmbeddedResource {
                uri: "file:///a \"b\"".to_owned(),
                mime_type: mime_type.map(str::to_owned),
                body,
            })
        };
        let blob = || ResourceBody::Blob(vec![0, 159, 255, 7]);
        for block in [
            Content::image(Vec::new(), "image/png"),
            Content::image(vec![0; 3], "image/\"odd\"\n"),
            Content::audio((0..=255).collect::<Vec<u8>>(), "audio/ogg"),
            resource(Some("application/pdf"), blob()),
            resource(None, blob()),
            resource(None, ResourceBody::Text("text".to_owned())),
        ] {
            let mut written = Message::result(&RequestId::Number(1), 0);
            content(&mut written, &block);
            let expected = Message::whole(&RequestId::Number(1), &convert::content(block));
            assert_eq!(written.finish(), expected);
        }
    }
}
