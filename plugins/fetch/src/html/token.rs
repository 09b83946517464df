//! HTML text into tags and words. Every byte is looked at a fixed number of times: what does not end runs
//! to the end of the page.

use std::borrow::Cow;

use memchr::{memchr, memmem};

/// The most attributes kept of a tag, and bytes kept of a name and of a value. What hides an element is kept
/// however much stands before it.
const MAX_ATTRIBUTES: usize = 32;
const MAX_NAME: usize = 32;
const MAX_VALUE: usize = 4096;

/// A piece of a page.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Start(Tag<'a>),
    End(String),
    /// Entities are decoded.
    Text(Cow<'a, str>),
}

/// A start tag; names are in lower case.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tag<'a> {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, Cow<'a, str>)>,
}

impl Tag<'_> {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_ref())
    }
}

/// Reads a page from left to right.
pub(super) struct Tokens<'a> {
    text: &'a str,
    at: usize,
    /// Inside of an element whose content is no HTML, such as a script.
    raw: Option<String>,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            raw: None,
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Moves past the next `needle`, or to the end.
    fn skip_past(&mut self, needle: &[u8]) {
        let found = memmem::find(self.rest().as_bytes(), needle);
        self.at = found.map_or(self.text.len(), |found| self.at + found + needle.len());
    }

    /// The text up to the next place that satisfies `end`, which is not passed.
    fn take_until(&mut self, end: impl Fn(u8) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.bytes().position(end).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    /// The content of a script, a style or the like, up to its end tag.
    fn raw_text(&mut self, name: &str) -> &'a str {
        let rest = self.rest();
        let mut from = 0;
        while let Some(found) = memmem::find(&rest.as_bytes()[from..], b"</") {
            let after = from + found + 2;
            let end = after + name.len();
            if rest
                .get(after..end)
                .is_some_and(|tag| tag.eq_ignore_ascii_case(name))
            {
                self.at += from + found;
                return &rest[..from + found];
            }
            from = after;
        }
        self.at = self.text.len();
        rest
    }

    /// At `<` and a letter, or `</` and a letter: the tag, complete or cut off by the end of the page.
    fn tag(&mut self, at_name: usize) -> Option<Tag<'a>> {
        self.at = at_name;
        let name = lower(self.take_until(ends_name));
        let mut attributes = Vec::new();
        loop {
            self.take_until(|byte| !byte.is_ascii_whitespace() && byte != b'/');
            if self.rest().bytes().next()? == b'>' {
                self.at += 1;
                return Some(Tag { name, attributes });
            }
            let (key, value) = self.attribute()?;
            let is_known = attributes.iter().any(|(name, _)| *name == key);
            if (attributes.len() < MAX_ATTRIBUTES || may_hide(&key)) && !is_known {
                attributes.push((key, value));
            }
        }
    }

    fn attribute(&mut self) -> Option<(String, Cow<'a, str>)> {
        // A name may begin with an equals sign, and is never empty.
        let rest = self.rest();
        let first = rest.chars().next()?.len_utf8();
        self.at += first;
        let more = self.take_until(|byte| ends_name(byte) || byte == b'=');
        let key = lower(&rest[..first + more.len()]);
        let after_name = self.at;
        self.take_until(|byte| !byte.is_ascii_whitespace());
        if !self.rest().starts_with('=') {
            self.at = after_name;
            return Some((key, Cow::Borrowed("")));
        }
        self.at += 1;
        self.take_until(|byte| !byte.is_ascii_whitespace());
        let value = match self.rest().bytes().next()? {
            quote @ (b'"' | b'\'') => {
                self.at += 1;
                let rest = self.rest();
                let length = memchr(quote, rest.as_bytes())?;
                self.at += length + 1;
                &rest[..length]
            }
            _ => self.take_until(|byte| byte.is_ascii_whitespace() || byte == b'>'),
        };
        let value = if may_hide(&key) {
            value
        } else {
            cut(value, MAX_VALUE)
        };
        Some((key, html_escape::decode_html_entities(value)))
    }
}

fn may_hide(attribute: &str) -> bool {
    matches!(attribute, "style" | "hidden" | "aria-hidden")
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        if let Some(name) = self.raw.take() {
            let text = self.raw_text(&name);
            let decoded = matches!(name.as_str(), "title" | "textarea");
            return Some(Token::Text(if decoded {
                html_escape::decode_html_entities(text)
            } else {
                Cow::Borrowed(text)
            }));
        }
        loop {
            let rest = self.rest();
            let mut bytes = rest.bytes();
            match (bytes.next()?, bytes.next(), bytes.next()) {
                (b'<', Some(b'!'), _) if rest.starts_with("<!--") => {
                    // "<!-->" is a whole comment.
                    self.at += 2;
                    self.skip_past(b"-->");
                }
                (b'<', Some(b'!' | b'?'), _) => self.skip_past(b">"),
                (b'<', Some(letter), _) if letter.is_ascii_alphabetic() => {
                    let Some(tag) = self.tag(self.at + 1) else {
                        self.at = self.text.len();
                        return None;
                    };
                    if is_raw(&tag.name) {
                        self.raw = Some(tag.name.clone());
                    }
                    return Some(Token::Start(tag));
                }
                (b'<', Some(b'/'), Some(letter)) if letter.is_ascii_alphabetic() => {
                    let Some(tag) = self.tag(self.at + 2) else {
                        self.at = self.text.len();
                        return None;
                    };
                    return Some(Token::End(tag.name));
                }
                (b'<', Some(b'/'), _) => self.skip_past(b">"),
                _ => {
                    // A lone "<" is text.
                    let length =
                        memchr(b'<', &rest.as_bytes()[1..]).map_or(rest.len(), |at| at + 1);
                    self.at += length;
                    return Some(Token::Text(html_escape::decode_html_entities(
                        &rest[..length],
                    )));
                }
            }
        }
    }
}

fn ends_name(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>')
}

/// Elements whose content is text up to their end tag.
fn is_raw(name: &str) -> bool {
    matches!(
        name,
        "script" | "style" | "title" | "textarea" | "xmp" | "iframe" | "noembed" | "noframes"
    )
}

fn lower(name: &str) -> String {
    cut(name, MAX_NAME).to_ascii_lowercase()
}

/// At most so many bytes, in whole characters.
pub(super) fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}
