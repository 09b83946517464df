//! A record as one line of JSON, and texts of strangers in it.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

use crate::{Timestamp, escape::Escaping};

/// A text goes on for at most so many bytes in a record.
const LONGEST: usize = 512;

/// `value` as a line, line break included.
pub(crate) fn line(value: &impl Serialize) -> Vec<u8> {
    let mut line = json(value);
    line.push(b'\n');
    line
}

/// `value` as JSON that stays on one line wherever it is read.
pub(crate) fn json(value: &impl Serialize) -> Vec<u8> {
    let mut json = Vec::with_capacity(512);
    value
        .serialize(&mut serde_json::Serializer::with_formatter(
            &mut json, Escaping,
        ))
        .expect("texts and numbers are JSON, and a vector takes everything");
    json
}

/// The line that says how many records before it are missing.
pub(crate) fn dropped(time: Timestamp, count: u64) -> Vec<u8> {
    #[derive(Serialize)]
    struct Dropped {
        time: Timestamp,
        event: &'static str,
        count: u64,
    }
    line(&Dropped {
        time,
        event: "dropped",
        count,
    })
}

/// A text, cut where it is too long.
pub(crate) struct Text<'a>(pub(crate) &'a str);

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&cut(self.0, LONGEST))
    }
}

/// At most so many bytes of `text`, and a sign that there was more.
pub(crate) fn cut(text: &str, most: usize) -> Cow<'_, str> {
    if text.len() <= most {
        return Cow::Borrowed(text);
    }
    let end = text.floor_char_boundary(most);
    Cow::Owned(format!("{}…", &text[..end]))
}
