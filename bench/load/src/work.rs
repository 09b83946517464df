//! One kind of request, and what its answer must be.
//!
//! A request has a number of seven digits in it, at least as its id. Each one sent has another number, and its answer
//! must be, to the byte, the first answer with that number in the place of the first one's. Whether the first answer
//! is right is judged as JSON.

use std::{fs, io, path::Path};

use memchr::memmem;
use serde::Deserialize;
use serde_json::Value;

/// The first number, as it stands in the files of the rig.
pub const FIRST: u32 = 1_000_000;
/// The numbers there are; after the last comes the first again.
pub const NUMBERS: u32 = 9_000_000;
const DIGITS: usize = 7;

/// A request as the rig writes it.
#[derive(Debug, Deserialize)]
pub struct Work {
    /// What is sent before the requests of each connection (stdio only): one message a line, each with an answer.
    #[serde(default)]
    pub first: Vec<String>,
    /// The names and values of headers.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// The message.
    pub body: String,
    /// JSON pointers into the answer, and what must be there.
    pub check: Vec<(String, Value)>,
}

impl Work {
    /// Reads it.
    pub fn read(path: &Path) -> io::Result<Self> {
        Ok(serde_json::from_slice(&fs::read(path)?)?)
    }

    /// The whole request over HTTP/1.1.
    pub fn http(&self, host: &str) -> Numbered {
        let mut text = format!("POST /mcp HTTP/1.1\r\nhost: {host}\r\n");
        for (name, value) in &self.headers {
            text.extend([name, ": ", value, "\r\n"]);
        }
        let length = self.body.len().to_string();
        text.extend(["content-length: ", &length, "\r\n\r\n", &self.body]);
        Numbered::new(text.into_bytes())
    }

    /// The whole request on a line.
    pub fn line(&self) -> Numbered {
        Numbered::new(format!("{}\n", self.body).into_bytes())
    }

    /// Whether the first answer is right, else what it is.
    pub fn judge(&self, answer: &[u8]) -> Result<(), String> {
        let shown = || String::from_utf8_lossy(&answer[..answer.len().min(600)]).into_owned();
        let value: Value =
            serde_json::from_slice(answer).map_err(|error| format!("{error}: {}", shown()))?;
        for (pointer, wanted) in &self.check {
            if value.pointer(pointer) != Some(wanted) {
                return Err(format!("{pointer} is not {wanted}: {}", shown()));
            }
        }
        Ok(())
    }
}

/// Bytes with a number in some places.
#[derive(Debug, Clone)]
pub struct Numbered {
    bytes: Vec<u8>,
    places: Vec<usize>,
}

impl Numbered {
    /// The places are where [`FIRST`] stands.
    pub fn new(bytes: Vec<u8>) -> Self {
        let first = FIRST.to_string();
        let places = memmem::find_iter(&bytes, first.as_bytes()).collect();
        Self { bytes, places }
    }

    /// The bytes with this number.
    pub fn with(&mut self, number: u32) -> &[u8] {
        let digits = digits(number);
        for place in &self.places {
            self.bytes[*place..*place + DIGITS].copy_from_slice(&digits);
        }
        &self.bytes
    }

    /// The number in the first place of an answer that is like this one.
    pub fn number_in(&self, answer: &[u8]) -> Option<u32> {
        let place = *self.places.first()?;
        let digits = answer.get(place..place + DIGITS)?;
        std::str::from_utf8(digits).ok()?.parse().ok()
    }
}

fn digits(number: u32) -> [u8; DIGITS] {
    let mut rest = number;
    let mut digits = [b'0'; DIGITS];
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
    digits
}
