//! The strict walk over the bytes: JSON as `serde_json` takes it, minus duplicate
//! members and minus more depth than allowed, noting where the parts lie.
//!
//! One pass, no tree. A property test holds it to `serde_json`'s verdict.

use std::{num::NonZeroU32, ops::Range};

use mcp_factory_sdk::json_text;

use super::keys::Keys;

/// A part of the message, as byte offsets. Nothing ends where the message begins, which keeps messages small: they
/// are moved often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    start: u32,
    end: NonZeroU32,
}

impl Span {
    fn new(start: usize, end: usize) -> Self {
        let narrow = |offset| u32::try_from(offset).expect("a message is at most 2 GiB");
        Self {
            start: narrow(start),
            end: NonZeroU32::new(narrow(end)).expect("a value has at least one byte"),
        }
    }

    pub(super) fn range(self) -> Range<usize> {
        self.start as usize..self.end.get() as usize
    }

    /// A string's content, without its quotes.
    pub(super) fn unquoted(self) -> Self {
        Self::new(self.start as usize + 1, self.end.get() as usize - 1)
    }
}

/// The parts of the message that somebody asks for later.
#[derive(Debug, Clone, Default)]
pub(super) struct Members {
    pub(super) jsonrpc: Option<Span>,
    pub(super) id: Option<Span>,
    pub(super) method: Option<Span>,
    pub(super) params: Option<Span>,
    pub(super) result: Option<Span>,
    pub(super) error: Option<Span>,
    pub(super) name: Option<Span>,
    pub(super) arguments: Option<Span>,
    pub(super) uri: Option<Span>,
    pub(super) meta: Option<Span>,
    /// The members of `params._meta` that [`META`] names, in its order.
    pub(super) in_meta: [Option<Span>; META.len()],
    pub(super) other_params: bool,
    /// What is wrong with the names inside the message: the first finding.
    pub(super) fault: Option<Box<Fault>>,
    /// There are several ids, or one in another case: none can be trusted to be the one to answer.
    pub(super) doubtful_id: bool,
    /// The root is no object; the rest is then empty.
    pub(super) not_an_object: bool,
}

/// Valid JSON that is refused for its member names.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    /// Inside `params`, where the envelope can still be trusted.
    pub(super) in_params: bool,
    pub(super) name: String,
    pub(super) why: &'static str,
}

/// The bytes are not JSON that we read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Malformed {
    pub(super) at: usize,
    pub(super) what: &'static str,
}

/// Where in the message a value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    Params,
    Meta,
    InsideParams,
    Elsewhere,
}

impl Place {
    /// The names that mean something in an object that stands here; at most eight.
    const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Root => &ENVELOPE,
            Self::Params => &PARAMS,
            Self::Meta => &META,
            Self::InsideParams | Self::Elsewhere => &[],
        }
    }
}

const ENVELOPE: [&str; 6] = ["jsonrpc", "id", "method", "params", "result", "error"];
const PARAMS: [&str; 4] = ["name", "arguments", "uri", "_meta"];
/// What a request may say of itself (MCP 2026-07-28, `RequestMeta`) and the server reads.
pub(super) const META: [&str; 5] = [
    "io.modelcontextprotocol/protocolVersion",
    "io.modelcontextprotocol/clientCapabilities",
    "io.modelcontextprotocol/logLevel",
    "progressToken",
    "traceparent",
];

/// Walks the whole text: exactly one JSON value with blanks around it.
pub(super) fn scan(text: &str, max_depth: usize) -> Result<Members, Malformed> {
    let mut scanner = Scanner {
        text,
        bytes: text.as_bytes(),
        at: 0,
        depth_left: max_depth,
        keys: Keys::new(),
        members: Members::default(),
    };
    scanner.blanks();
    scanner.members.not_an_object = scanner.peek() != Some(b'{');
    scanner.value(Place::Root)?;
    scanner.blanks();
    if scanner.at < text.len() {
        return Err(scanner.malformed("more after the end of the message"));
    }
    Ok(scanner.members)
}

struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    depth_left: usize,
    keys: Keys,
    members: Members,
}

impl Scanner<'_> {
    fn malformed(&self, what: &'static str) -> Malformed {
        Malformed { at: self.at, what }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn value(&mut self, place: Place) -> Result<Span, Malformed> {
        let start = self.at;
        match self.peek() {
            Some(b'{') => self.nested(|scanner| scanner.object(place))?,
            Some(b'[') => self.nested(|scanner| scanner.array(place))?,
            Some(b'"') => {
                self.string()?;
            }
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.word("true")?,
            Some(b'f') => self.word("false")?,
            Some(b'n') => self.word("null")?,
            Some(_) => return Err(self.malformed("expected a value")),
            None => return Err(self.malformed("the message ends too early")),
        }
        Ok(Span::new(start, self.at))
    }

    fn nested(
        &mut self,
        inner: impl FnOnce(&mut Self) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        if self.depth_left == 0 {
            return Err(self.malformed("nested too deeply"));
        }
        self.depth_left -= 1;
        self.at += 1;
        self.blanks();
        inner(self)?;
        self.depth_left += 1;
        Ok(())
    }

    fn array(&mut self, place: Place) -> Result<(), Malformed> {
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        let inside = if place == Place::Root {
            Place::Elsewhere
        } else {
            deeper(place)
        };
        loop {
            self.value(inside)?;
            if self.ends(b']')? {
                return Ok(());
            }
        }
    }

    fn object(&mut self, place: Place) -> Result<(), Malformed> {
        let mark = self.keys.open();
        // Of the names known at this place a bit each, and the first that came twice.
        let (mut seen, mut twice) = (0_u8, None);
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.malformed("expected a member name in double quotes"));
            }
            let known = self.key(place)?;
            if let Some(known) = known {
                if seen & (1 << known) != 0 {
                    twice.get_or_insert(place.names()[known]);
                }
                seen |= 1 << known;
            }
            self.blanks();
            if self.peek() != Some(b':') {
                return Err(self.malformed("expected `:`"));
            }
            self.at += 1;
            self.blanks();
            let inside = match (place, known) {
                (Place::Root, Some(3)) => Place::Params,
                (Place::Params, Some(3)) => Place::Meta,
                _ => deeper(place),
            };
            let span = self.value(inside)?;
            self.note(place, known, span);
            if self.ends(b'}')? {
                break;
            }
        }
        let other = self.keys.close(mark, self.text);
        if let Some(twice) = twice.or(other)
            && self.members.fault.is_none()
        {
            let fault = Fault {
                in_params: matches!(place, Place::Params | Place::Meta | Place::InsideParams),
                name: twice.chars().take(64).collect(),
                why: "appears twice",
            };
            self.members.fault = Some(Box::new(fault));
        }
        Ok(())
    }

    /// Reads a member name; its number among the names known at this place. Those that are not are noted, to be told
    /// apart at the end of their object.
    fn key(&mut self, place: Place) -> Result<Option<usize>, Malformed> {
        let start = self.at;
        let escaped = self.string()?;
        let (from, to) = (start + 1, self.at - 1);
        let decoded: String;
        let name = if escaped {
            decoded = serde_json::from_str(&self.text[start..self.at]).map_err(|_| Malformed {
                at: start,
                what: "bad escape in a member name",
            })?;
            decoded.as_str()
        } else {
            &self.text[from..to]
        };
        let names = place.names();
        let known = names.iter().position(|known| same(known, name));
        if known.is_none() {
            if escaped {
                self.keys.push_decoded(name);
            } else {
                self.keys.push(from, to - from);
            }
        }
        if place == Place::Root && name.eq_ignore_ascii_case("id") {
            self.members.doubtful_id |= known.is_none() || self.members.id.is_some();
        }
        // `_meta` is open to members of anybody.
        if known.is_none()
            && place != Place::Meta
            && names.iter().any(|known| known.eq_ignore_ascii_case(name))
        {
            let fault = Fault {
                in_params: place == Place::Params,
                name: name.to_owned(),
                why: "is written in another case",
            };
            self.members.fault.get_or_insert_with(|| Box::new(fault));
        }
        Ok(known)
    }

    fn note(&mut self, place: Place, known: Option<usize>, span: Span) {
        let members = &mut self.members;
        let slot = match (place, known) {
            (Place::Root, Some(0)) => &mut members.jsonrpc,
            (Place::Root, Some(1)) => &mut members.id,
            (Place::Root, Some(2)) => &mut members.method,
            (Place::Root, Some(3)) => &mut members.params,
            (Place::Root, Some(4)) => &mut members.result,
            (Place::Root, Some(5)) => &mut members.error,
            (Place::Params, Some(0)) => &mut members.name,
            (Place::Params, Some(1)) => &mut members.arguments,
            (Place::Params, Some(2)) => &mut members.uri,
            (Place::Params, Some(3)) => &mut members.meta,
            (Place::Meta, Some(member)) => &mut members.in_meta[member],
            (Place::Params, _) => {
                members.other_params = true;
                return;
            }
            _ => return,
        };
        *slot = Some(span);
    }

    /// After an element: true at the closing bracket, false after a comma.
    fn ends(&mut self, closing: u8) -> Result<bool, Malformed> {
        self.blanks();
        match self.peek() {
            Some(byte) if byte == closing => {
                self.at += 1;
                Ok(true)
            }
            Some(b',') => {
                self.at += 1;
                self.blanks();
                Ok(false)
            }
            Some(_) => Err(self.malformed("expected `,` or the end of the list")),
            None => Err(self.malformed("the message ends too early")),
        }
    }

    fn word(&mut self, word: &'static str) -> Result<(), Malformed> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err(self.malformed("expected a value"));
        }
        self.at += word.len();
        Ok(())
    }

    fn digits(&mut self) -> Result<usize, Malformed> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == start {
            Err(self.malformed("expected a digit"))
        } else {
            Ok(self.at - start)
        }
    }

    fn number(&mut self) -> Result<(), Malformed> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let leading_zero = self.peek() == Some(b'0');
        let whole = self.digits()?;
        if leading_zero && whole > 1 {
            return Err(self.malformed("a number may not begin with 0"));
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        let mut exponent = false;
        if let Some(b'e' | b'E') = self.peek() {
            exponent = true;
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        // Only these can be beyond a double, which every reader further in refuses.
        let infinite = (exponent || whole > 300)
            && self.text[start..self.at]
                .parse::<f64>()
                .is_ok_and(f64::is_infinite);
        if infinite {
            Err(self.malformed("number out of range"))
        } else {
            Ok(())
        }
    }

    /// Reads a string; whether it has escapes.
    fn string(&mut self) -> Result<bool, Malformed> {
        self.at += 1;
        let mut escaped = false;
        loop {
            self.at += json_text::clean(&self.bytes[self.at..]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(escaped);
                }
                Some(b'\\') => {
                    escaped = true;
                    self.at += 1;
                    self.escape()?;
                }
                Some(_) => {
                    return Err(self.malformed("a control character in a string must be escaped"));
                }
                None => return Err(self.malformed("the message ends inside a string")),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Malformed> {
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 1;
                Ok(())
            }
            Some(b'u') => match self.unit()? {
                0xDC00..=0xDFFF => Err(self.malformed("half of a surrogate pair")),
                0xD800..=0xDBFF => {
                    if !self.bytes[self.at..].starts_with(b"\\u") {
                        return Err(self.malformed("half of a surrogate pair"));
                    }
                    self.at += 1;
                    match self.unit()? {
                        0xDC00..=0xDFFF => Ok(()),
                        _ => Err(self.malformed("half of a surrogate pair")),
                    }
                }
                _ => Ok(()),
            },
            Some(_) => Err(self.malformed("unknown escape in a string")),
            None => Err(self.malformed("the message ends inside a string")),
        }
    }

    /// Reads `uXXXX`.
    fn unit(&mut self) -> Result<u16, Malformed> {
        let digits = self
            .bytes
            .get(self.at + 1..self.at + 5)
            .ok_or(self.malformed("the message ends inside a string"))?;
        let mut unit = 0;
        for digit in digits {
            let value = char::from(*digit)
                .to_digit(16)
                .ok_or(self.malformed("bad \\u escape"))?;
            unit = unit * 16 + u16::try_from(value).expect("a hex digit is below 16");
        }
        self.at += 5;
        Ok(unit)
    }
}

fn deeper(place: Place) -> Place {
    match place {
        Place::Params | Place::Meta | Place::InsideParams => Place::InsideParams,
        Place::Root | Place::Elsewhere => Place::Elsewhere,
    }
}

/// Whether two names are the same. Of short texts this is quicker than the comparison of memory that a target
/// without an optimised one has.
pub(super) fn same(left: &str, right: &str) -> bool {
    let (left, left_end) = left.as_bytes().as_chunks::<8>();
    let (right, right_end) = right.as_bytes().as_chunks::<8>();
    let word = |bytes: &[u8; 8]| u64::from_le_bytes(*bytes);
    left.len() == right.len()
        && left_end.len() == right_end.len()
        && left.iter().map(word).eq(right.iter().map(word))
        && left_end.iter().eq(right_end)
}
