//! Where a value in a text begins and ends: in quotes, in brackets, in a block, to the end of its line or of its word.

use std::ops::Range;

/// Layers of quoting are looked through as far as so many backslashes before a quote.
const ESCAPES: usize = 16;
/// Bytes of what says that a block follows: `|2-` and the like.
const BLOCK: usize = 4;
/// So many characters after `Bearer` are a credential, and not the next word.
const CREDENTIAL: usize = 8;
/// The word before a credential, and whether it is a word of its own, so that what follows must look like a code.
const SCHEMES: [(&[u8], bool); 3] = [(b"bearer", false), (b"basic", true), (b"token", true)];

/// A name in a text.
#[derive(Debug)]
pub(super) struct Name<'a> {
    pub(super) text: &'a str,
    pub(super) begin: usize,
    pub(super) is_quoted: bool,
    /// Backslashes before the quote that ends it.
    pub(super) escapes: usize,
    /// Whether a blank is between it and what sets it.
    pub(super) is_spaced: bool,
}

pub(super) const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

pub(super) const fn is_mark(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'')
}

/// Whether names hold it. All that is not ASCII is taken for letters.
pub(super) const fn name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-') || !byte.is_ascii()
}

/// What comes after `Bearer`, `Basic` or `Token`, if one of them begins at `at`.
pub(super) fn credential(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    if at > 0 && bytes[at - 1].is_ascii_alphanumeric() {
        return None;
    }
    // First whether it is the word at all: what follows may be long, and every letter of it a first one.
    let is_word = |word: &[u8]| {
        let start = bytes.get(at..at + word.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    let (word, is_strict) = SCHEMES.into_iter().find(|(word, _)| is_word(word))?;
    let after = at + word.len();
    let from = after + blanks(bytes, after);
    let of_it = |byte: &&u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(byte);
    let run = bytes[from..].iter().take_while(of_it).count();
    let code = &bytes[from..from + run];
    let is_coded = |byte: &u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
    let is_found = from > after
        && run >= CREDENTIAL
        && (!is_strict || code[0].is_ascii_digit() || code[1..].iter().any(is_coded));
    is_found.then_some(from..from + run)
}

/// The value of `name`, which begins somewhere on the rest of its line.
pub(super) fn value(
    text: &str,
    name: &Name<'_>,
    rest: Range<usize>,
    is_colon: bool,
) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let (from, line) = (rest.start, rest.end);
    let start = from + blanks(bytes, from);
    let quote = quote(bytes, start);
    // `a:b` is a place, a path or a time, and `"a":b` is JSON.
    if is_colon && !name.is_quoted && start == from && start < line && quote.is_none() {
        return None;
    }
    if let Some(quote) = quote {
        return Some(quote.value(bytes, line));
    }
    if matches!(bytes.get(start), Some(b'{' | b'[')) {
        return Some(start..brackets(bytes, start, name.escapes));
    }
    if !is_colon {
        let is_line = name.is_spaced && begins_line(bytes, name.begin);
        let end = if is_line {
            line
        } else {
            word(bytes, start, line)
        };
        return Some(trimmed(bytes, start, end));
    }
    // No longer than the signs of a block, or a line of them would be gone through for each.
    if start == line || (matches!(bytes[start], b'|' | b'>') && line - start <= BLOCK) {
        return block(bytes, name.begin, line);
    }
    let before = name.begin.checked_sub(1).map(|before| bytes[before]);
    let ends = |byte: &u8| {
        if name.is_quoted {
            b",}]".contains(byte)
        } else {
            // `"Name: value"`, as after `curl -H`.
            before == Some(*byte) && (is_mark(*byte) || *byte == b'`')
        }
    };
    let end = bytes[start..line].iter().position(ends);
    Some(trimmed(bytes, start, end.map_or(line, |end| start + end)))
}

/// The value of an option of a command, on the rest of its line.
pub(super) fn option_value(text: &str, rest: Range<usize>) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let (from, line) = (rest.start, rest.end);
    let start = from + blanks(bytes, from);
    if let Some(quote) = quote(bytes, start) {
        return Some(quote.value(bytes, line));
    }
    let ends = |byte: &u8| byte.is_ascii_whitespace() || is_mark(*byte);
    let end = bytes[start..line].iter().position(ends);
    let is_next = bytes.get(start) == Some(&b'-');
    (!is_next).then(|| start..end.map_or(line, |end| start + end))
}

fn blanks(bytes: &[u8], from: usize) -> usize {
    let rest = bytes[from..].iter();
    rest.take_while(|byte| is_blank(**byte)).count()
}

pub(super) fn line_end(bytes: &[u8], from: usize) -> usize {
    let end = bytes[from..].iter().position(|byte| b"\r\n".contains(byte));
    end.map_or(bytes.len(), |end| from + end)
}

/// Whether nothing but blanks stands before it on its line.
fn begins_line(bytes: &[u8], at: usize) -> bool {
    let mut before = bytes[..at].iter().rev();
    let first = before.find(|byte| !is_blank(**byte));
    first.is_none_or(|byte| b"\r\n".contains(byte))
}

fn trimmed(bytes: &[u8], from: usize, to: usize) -> Range<usize> {
    from..from + bytes[from..to].trim_ascii_end().len()
}

/// A quote that begins a value.
struct Quote {
    mark: u8,
    escapes: usize,
    from: usize,
}

/// The quote at `start`, behind backslashes, or the letter or two that some languages write before it.
fn quote(bytes: &[u8], start: usize) -> Option<Quote> {
    let run = |is_of_it: fn(&&u8) -> bool, most| {
        let rest = bytes[start..].iter().take(most);
        rest.take_while(is_of_it).count()
    };
    let escapes = run(|byte| **byte == b'\\', ESCAPES);
    let letters = run(|byte| b"bBrRfFuU@$".contains(byte), 2);
    let at = start + escapes.max(letters);
    let mark = *bytes.get(at).filter(|byte| is_mark(**byte))?;
    Some(Quote {
        mark,
        escapes,
        from: at + 1,
    })
}

impl Quote {
    /// What is in it; to the end of the `line` where it is not closed.
    fn value(&self, bytes: &[u8], line: usize) -> Range<usize> {
        let triple = [self.mark; 3];
        if bytes[self.from - 1..].starts_with(&triple) {
            let from = self.from + 2;
            let mut windows = bytes[from..].windows(3);
            let end = windows.position(|window| window == triple);
            return from..end.map_or(line.max(from), |end| from + end);
        }
        self.from..self.end(bytes).unwrap_or(line)
    }

    fn end(&self, bytes: &[u8]) -> Option<usize> {
        let (mut run, mut at) = (0, self.from);
        while let Some(byte) = bytes.get(at) {
            if *byte == self.mark && closes(run, self.escapes) {
                // In YAML, two of them are one within.
                let is_doubled = self.mark == b'\''
                    && self.escapes == 0
                    && at > self.from
                    && bytes.get(at + 1) == Some(&self.mark);
                if !is_doubled {
                    return Some(at - run.min(self.escapes));
                }
                at += 1;
            }
            run = if *byte == b'\\' { run + 1 } else { 0 };
            at += 1;
        }
        None
    }
}

/// Whether a quote behind so many backslashes ends what began with one behind `escapes`.
const fn closes(run: usize, escapes: usize) -> bool {
    if escapes == 0 {
        run.is_multiple_of(2)
    } else {
        run <= escapes
    }
}

/// The end of what begins with a bracket; of the text where there is none.
fn brackets(bytes: &[u8], start: usize, escapes: usize) -> usize {
    let (mut depth, mut run, mut is_text) = (0_usize, 0, false);
    for (at, byte) in bytes.iter().enumerate().skip(start) {
        match byte {
            b'"' if !is_text || closes(run, escapes) => is_text = !is_text,
            b'{' | b'[' if !is_text => depth += 1,
            b'}' | b']' if !is_text => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        run = if *byte == b'\\' { run + 1 } else { 0 };
    }
    bytes.len()
}

/// The end of a word that something is set to. `&`, `;` and `,` end it where another name, or nothing, comes.
fn word(bytes: &[u8], start: usize, line: usize) -> usize {
    let mut at = start;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'&' | b';' | b',' => {
                let rest = &bytes[at + 1..];
                let name = rest.iter().take(64).take_while(|byte| name_byte(**byte));
                let next = rest.get(name.count());
                if next.is_none_or(|next| *next == b'=' || *next == *byte || ends_word(*next)) {
                    return at;
                }
            }
            // `from("…")`
            b'"' | b'\'' if at > start && bytes[at - 1] == b'(' => {
                let quote = Quote {
                    mark: *byte,
                    escapes: 0,
                    from: at + 1,
                };
                return quote.value(bytes, line).end;
            }
            _ if ends_word(*byte) => return at,
            _ => {}
        }
        at += 1;
    }
    at
}

const fn ends_word(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'<' | b'>' | b'\\')
}

/// The lines behind `line` that are further in than the one that `name` stands on, and lists that are as far in.
fn block(bytes: &[u8], name: usize, line: usize) -> Option<Range<usize>> {
    let begin = bytes[..name].iter().rposition(|byte| *byte == b'\n');
    let inside = blanks(bytes, begin.map_or(0, |begin| begin + 1));
    let mut found: Option<Range<usize>> = None;
    let mut at = line;
    loop {
        at += usize::from(bytes.get(at) == Some(&b'\r'));
        if bytes.get(at) != Some(&b'\n') {
            return found;
        }
        let first = at + 1 + blanks(bytes, at + 1);
        let end = line_end(bytes, first);
        let is_item = first - at > inside && bytes[first..].starts_with(b"- ");
        if first < end {
            if first - at - 1 <= inside && !is_item {
                return found;
            }
            found = Some(found.map_or(first, |found| found.start)..end);
        }
        at = end;
    }
}
