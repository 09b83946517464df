//! What a server without any check answers: the request parsed once into borrowed values, and the answer of the
//! server that is measured, to the byte, out of a template.
//!
//! A template is an answer with control characters, which JSON never has, in the places of what varies: `\0` for the
//! id, `\x01` for the text as a JSON string, `\x02` for the text as a JSON string inside a JSON string.

use std::{borrow::Cow, fs, io, path::Path};

use serde::Deserialize;
use serde_json::value::RawValue;

/// What of a request is looked at; the rest is read over.
#[derive(Debug, Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow, default)]
    params: Params<'a>,
}

#[derive(Debug, Default, Deserialize)]
struct Params<'a> {
    #[serde(borrow, default)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    arguments: Arguments<'a>,
}

#[derive(Debug, Default, Deserialize)]
struct Arguments<'a> {
    #[serde(borrow, default)]
    text: Cow<'a, str>,
    #[serde(borrow, default)]
    path: Cow<'a, str>,
}

#[derive(Debug)]
enum Piece {
    Bytes(Vec<u8>),
    Id,
    Text,
    TextInText,
}

#[derive(Debug, Default)]
struct Template(Vec<Piece>);

impl Template {
    fn read(path: &Path) -> io::Result<Self> {
        let mut pieces = Vec::new();
        let bytes = fs::read(path)?;
        for part in bytes.split_inclusive(|byte| *byte < 3) {
            let (fixed, last) = match part.split_last() {
                Some((0, fixed)) => (fixed, Some(Piece::Id)),
                Some((1, fixed)) => (fixed, Some(Piece::Text)),
                Some((2, fixed)) => (fixed, Some(Piece::TextInText)),
                _ => (part, None),
            };
            pieces.push(Piece::Bytes(fixed.to_vec()));
            pieces.extend(last);
        }
        Ok(Self(pieces))
    }

    fn write(&self, id: &RawValue, text: &str, out: &mut Vec<u8>) -> io::Result<()> {
        for piece in &self.0 {
            match piece {
                Piece::Bytes(bytes) => out.extend_from_slice(bytes),
                Piece::Id => out.extend_from_slice(id.get().as_bytes()),
                Piece::Text => serde_json::to_writer(&mut *out, text)?,
                Piece::TextInText => {
                    let twice = serde_json::to_vec(&serde_json::to_string(text)?)?;
                    out.extend_from_slice(&twice[1..twice.len() - 1]);
                }
            }
        }
        Ok(())
    }
}

/// The templates of a folder, and how a request is answered with them.
#[derive(Debug, Default)]
pub struct Answers {
    echo: Template,
    file: Template,
    list: Template,
}

impl Answers {
    /// Reads `echo`, `read_text_file` and `list` of the folder; what is missing is answered with nothing.
    pub fn read(folder: &Path) -> io::Result<Self> {
        let template = |name: &str| {
            let path = folder.join(name);
            if path.exists() {
                Template::read(&path)
            } else {
                Ok(Template::default())
            }
        };
        Ok(Self {
            echo: template("echo")?,
            file: template("read_text_file")?,
            list: template("list")?,
        })
    }

    /// Parses a request and appends its answer to `out`.
    pub fn answer(&self, request: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
        let Request { id, method, params } = serde_json::from_slice(request)?;
        match (&*method, &*params.name) {
            ("tools/list", _) => self.list.write(id, "", out),
            (_, "read_text_file") => {
                let text = fs::read_to_string(&*params.arguments.path)?;
                self.file.write(id, &text, out)
            }
            _ => self.echo.write(id, &params.arguments.text, out),
        }
    }
}
