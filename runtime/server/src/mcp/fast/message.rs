//! The bytes of an answer: one JSON-RPC response, written once.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use mcp_factory_sdk::{json_text, kept};
use rmcp::model::ErrorData;
use serde::Serialize;

use crate::frame::RequestId;

/// A response in the making, as far as its `result` or `error`.
#[derive(Debug)]
pub(super) struct Message(Vec<u8>);

impl Message {
    /// A response to `id` whose result has about `size` bytes.
    pub(super) fn result(id: &RequestId, size: usize) -> Self {
        let mut message = Self::begin(id, size);
        message.raw(br#","result":"#);
        message
    }

    /// A whole response whose result is a value.
    pub(super) fn whole(id: &RequestId, result: &impl Serialize) -> Bytes {
        let mut message = Self::result(id, 512);
        message.value(result);
        message.finish()
    }

    /// A whole response that is an error.
    pub(super) fn error(id: &RequestId, error: &ErrorData) -> Bytes {
        let mut message = Self::begin(id, 256);
        message.raw(br#","error":"#);
        message.value(error);
        message.finish()
    }

    fn begin(id: &RequestId, size: usize) -> Self {
        let mut message = Self(room(size + 64));
        message.raw(br#"{"jsonrpc":"2.0","id":"#);
        match id {
            RequestId::Number(number) => message.value(number),
            RequestId::Text(text) => message.value(text.as_ref()),
        }
        message
    }

    /// Adds bytes that are JSON already.
    pub(super) fn raw(&mut self, json: &[u8]) {
        self.0.extend_from_slice(json);
    }

    /// Adds a value as JSON.
    pub(super) fn value<T: Serialize + ?Sized>(&mut self, value: &T) {
        serde_json::to_writer(&mut self.0, value)
            .expect("a buffer takes everything, and every key in the protocol is a string");
    }

    /// Adds a text as a JSON string.
    pub(super) fn text(&mut self, text: &str) {
        json_text::append(&mut self.0, text);
    }

    /// Adds bytes in the alphabet of base64, as a part of a JSON string.
    pub(super) fn base64(&mut self, bytes: &[u8]) {
        let begin = self.0.len();
        let size = base64::encoded_len(bytes.len(), true)
            .expect("what is in memory is far from what can be counted");
        self.0.resize(begin + size, 0);
        BASE64_STANDARD
            .encode_slice(bytes, &mut self.0[begin..])
            .expect("it has the room that was counted");
    }

    /// Ends the response.
    pub(super) fn finish(mut self) -> Bytes {
        self.raw(b"}");
        if self.0.capacity() < KEPT_FROM {
            // To its size, or the bytes and their room would be counted in a piece of memory of its own.
            return Bytes::from(self.0.into_boxed_slice());
        }
        Bytes::from_owner(Kept(self.0))
    }
}

/// From how many bytes on the room of an answer is one that its thread keeps.
const KEPT_FROM: usize = 6 << 10;

/// Room for `size` bytes.
fn room(size: usize) -> Vec<u8> {
    if size < KEPT_FROM {
        return Vec::with_capacity(size);
    }
    let mut kept = kept::take();
    kept.reserve(size);
    kept
}

/// The bytes of a long answer, on their way. Their room is kept when they are sent.
struct Kept(Vec<u8>);

impl AsRef<[u8]> for Kept {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        kept::give_back(std::mem::take(&mut self.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(size: usize) -> Bytes {
        let mut message = Message::result(&RequestId::Number(1), size);
        message.raw(&vec![b'1'; size]);
        message.finish()
    }

    #[test]
    fn the_room_of_a_long_answer_is_the_next_ones() {
        let first = answer(9_000);
        let second = answer(9_000);
        assert_ne!(
            first.as_ptr(),
            second.as_ptr(),
            "one that is on its way is nobody else's"
        );
        let place = first.as_ptr();
        drop(first);
        let third = answer(8_000);
        assert_eq!(third.as_ptr(), place);
        assert!(third.ends_with(b"1}") && third.len() < 8_100);
    }

    #[test]
    fn short_and_very_long_ones_leave_nothing() {
        drop(answer(100));
        drop(answer(kept::MOST + 1));
        assert_eq!(kept::take().capacity(), 0);
    }
}
