//! The bytes of an answer: one JSON-RPC response, written once.

use bytes::Bytes;
use mcp_factory_sdk::json_text;
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
        let mut message = Self(Vec::with_capacity(size + 64));
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

    /// Ends the response.
    pub(super) fn finish(mut self) -> Bytes {
        self.raw(b"}");
        Bytes::from(self.0)
    }
}
