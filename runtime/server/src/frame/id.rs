//! The id that ties an answer to its request.

use std::fmt;

/// Longest string id, in bytes as written: an id is echoed and remembered, so it is bounded.
const MAX_ID_BYTES: usize = 1024;

/// A request id: JSON-RPC's string or whole number. Null and fractions are refused.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum RequestId {
    /// A whole number that fits 64 bits.
    Number(i64),
    /// A string, decoded.
    Text(Box<str>),
}

impl RequestId {
    /// Reads an id from one JSON value of a checked message.
    pub(crate) fn read(json: &str) -> Option<Self> {
        if json.len() > MAX_ID_BYTES {
            return None;
        }
        if json.starts_with('"') {
            return super::text_of(json).map(|text| Self::Text(text.into()));
        }
        // "-0" is a float to every JSON reader, so it would not come back as written.
        if json == "-0" {
            None
        } else {
            json.parse().ok().map(Self::Number)
        }
    }
}

impl fmt::Display for RequestId {
    /// Writes the id as JSON.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(formatter, "{number}"),
            Self::Text(text) => {
                formatter.write_str(&serde_json::to_string(text).expect("a string is always JSON"))
            }
        }
    }
}
