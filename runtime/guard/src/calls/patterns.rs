//! Where secrets stand in what is nothing but text, in one pass from its front to its end.
//!
//! What a secret name is set to (`name = value`, `name: value`, `"name": "value"`, `--name value`), what comes after
//! `Bearer`, `Basic` or `Token`, and what is before the `@` of a URL. A value that does not end is secret to the end of
//! its line, or of the text. Not here: which names are secret (`names`), and where values end (`values`).

use std::ops::Range;

use serde_json::Value;

use super::values::{
    Name, credential, is_blank, is_mark, line_end, name_byte, option_value, value,
};

/// Bytes of a name; of a longer one its end is judged.
const NAME: usize = 128;
/// Quotes, brackets and backslashes between a name and what sets it.
const CLOSERS: usize = 16;

/// Judges a name by itself and by what it is set to.
pub(super) type Judge<'a> = &'a dyn Fn(&str, &Value) -> bool;

/// The parts of `text` that are secret, in order and apart. Takes as long as `text` is long.
pub(super) fn find(text: &str, is_secret: Judge<'_>) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let (mut found, mut done, mut at) = (Vec::<Range<usize>>::new(), 0, 0);
    let mut line = line_end(bytes, 0);
    while at < bytes.len() {
        // Once for each line, however much is set on it.
        if at > line {
            line = line_end(bytes, at);
        }
        let range = match bytes[at] {
            b'b' | b'B' | b't' | b'T' => credential(bytes, at),
            b':' if bytes[at..].starts_with(b"://") => user_information(bytes, at + 3),
            b':' | b'=' => assigned(text, done..at, line, is_secret),
            b'-' => option(text, at, line, is_secret),
            _ => None,
        };
        at += 1;
        if let Some(range) = range.filter(|range| !range.is_empty()) {
            at = range.end;
            done = range.end;
            found.push(range);
        }
    }
    found
}

/// What stands before the host of a URL whose authority begins at `from`.
fn user_information(bytes: &[u8], from: usize) -> Option<Range<usize>> {
    let ends = |byte: &u8| byte.is_ascii_whitespace() || b"/?#\"'<>\\".contains(byte);
    let rest = &bytes[from..];
    let authority = &rest[..rest.iter().position(ends).unwrap_or(rest.len())];
    let at = authority.iter().rposition(|byte| *byte == b'@')?;
    Some(from..from + at)
}

/// What a secret name in `before` is set to by the `:` or `=` behind it, on a line that ends at `line`.
fn assigned(
    text: &str,
    before: Range<usize>,
    line: usize,
    is_secret: Judge<'_>,
) -> Option<Range<usize>> {
    let Range {
        start: done,
        end: at,
    } = before;
    let bytes = text.as_bytes();
    let is_colon = bytes[at] == b':';
    let next = bytes.get(at + 1);
    let (mut end, mut from) = (at, at + 1);
    if is_colon {
        if matches!(next, Some(b'=' | b':')) {
            return None;
        }
    } else {
        match at.checked_sub(1).and_then(|before| bytes.get(before)) {
            // What is compared is not set.
            Some(b'=' | b'!' | b'<' | b'>' | b'~') => return None,
            Some(b':' | b'?' | b'+') => end = at - 1,
            _ if next == Some(&b'=') => return None,
            _ => {}
        }
        from += usize::from(next == Some(&b'>'));
    }
    let name = name(text, done, end)?;
    let names = [
        Some(name.text.to_owned()),
        name.with_word_before(text, done),
    ];
    let secret = names
        .into_iter()
        .flatten()
        .find(|name| is_secret(name, &Value::from("")))?;
    let range = value(text, &name, from..line, is_colon)?;
    is_secret(&secret, &typed(&text[range.clone()])).then_some(range)
}

/// What stands before `end`, after quotes, brackets and blanks.
fn name(text: &str, done: usize, end: usize) -> Option<Name<'_>> {
    let bytes = text.as_bytes();
    let behind = |end: usize, is_of_it: &dyn Fn(u8) -> bool, most: usize| {
        let before = bytes.get(done..end).unwrap_or_default();
        let run = before.iter().rev().take(most);
        end - run.take_while(|byte| is_of_it(**byte)).count()
    };
    let word_end = behind(end, &is_blank, usize::MAX);
    let name_end = behind(
        word_end,
        &|byte| is_mark(byte) || b"\\]".contains(&byte),
        CLOSERS,
    );
    let mut begin = behind(name_end, &name_byte, NAME);
    begin = text.ceil_char_boundary(begin);
    let closers = bytes.get(name_end..word_end).unwrap_or_default();
    (begin < name_end).then(|| Name {
        text: &text[begin..name_end],
        begin,
        is_quoted: closers.iter().any(|byte| is_mark(*byte)),
        escapes: closers.iter().take_while(|byte| **byte == b'\\').count(),
        is_spaced: word_end < end,
    })
}

impl Name<'_> {
    /// `API key` is a name too; in one piece, or every word after `the token` would be a part of it.
    fn with_word_before(&self, text: &str, done: usize) -> Option<String> {
        let blank = self.begin.checked_sub(1).filter(|blank| *blank >= done)?;
        if !is_blank(text.as_bytes()[blank]) {
            return None;
        }
        let before = &text.as_bytes()[done..blank];
        let run = before.iter().rev().take(NAME);
        let length = run.take_while(|byte| name_byte(**byte)).count();
        let begin = text.ceil_char_boundary(blank - length);
        Some(format!("{}{}", &text[begin..blank], self.text))
    }
}

/// The value of an option of a command: `--token x`.
fn option(text: &str, at: usize, line: usize, is_secret: Judge<'_>) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let begins = |byte: &u8| byte.is_ascii_whitespace() || is_mark(*byte);
    let is_first = at == 0 || bytes.get(at - 1).is_some_and(begins);
    if !is_first || !bytes[at..].starts_with(b"--") {
        return None;
    }
    let from = at + 2;
    let run = bytes[from..].iter().take(NAME);
    let end = from
        + run
            .take_while(|byte| byte.is_ascii() && name_byte(**byte))
            .count();
    let name = &text[from..end];
    if !bytes.get(end).is_some_and(|byte| is_blank(*byte)) || name.starts_with("no-") {
        return None;
    }
    if !is_secret(name, &Value::from("")) {
        return None;
    }
    let range = option_value(text, end..line)?;
    is_secret(name, &typed(&text[range.clone()])).then_some(range)
}

/// What a text says, as far as it is a flag, a number or nothing.
fn typed(text: &str) -> Value {
    let text = text.trim_end_matches([',', ';', ' ']);
    match text {
        "null" | "~" => Value::Null,
        "true" | "false" => Value::Bool(true),
        // No more digits than a number has: the rest is a text of digits.
        _ if text.len() <= 32 => text
            .parse::<i64>()
            .map_or_else(|_| Value::from(text), Value::from),
        _ => Value::from(""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calls::names::is_secret;

    fn clean(text: &str) -> String {
        let (mut clean, mut done) = (String::new(), 0);
        for range in find(text, &is_secret) {
            clean += &text[done..range.start];
            clean += "#";
            done = range.end;
        }
        clean + &text[done..]
    }

    #[test]
    fn what_a_secret_name_is_set_to_is_found() {
        for (text, told) in [
            // With blanks, as in TOML, ini and files of variables.
            ("password = \"x\"", "password = \"#\""),
            ("token = x\nhost = a", "token = #\nhost = a"),
            (
                "  password\t=  a b c  \nhost = a",
                "  password\t=  #  \nhost = a",
            ),
            ("export DB_PASS=a,b;c=d e", "export DB_PASS=#;c=d e"),
            ("let token = String::from(\"a b\");", "let token = #\");"),
            (
                "token := \"x\"; 'token' => 'x', c['token'] = 'x'",
                "token := \"#\"; 'token' => '#', c['token'] = '#'",
            ),
            // In quotes, to the same quote.
            ("password=\"correct horse, battery\" b", "password=\"#\" b"),
            ("password='it''s \\' a' b", "password='#' b"),
            (
                "password = \"\"\"a\nb \"c\" d\"\"\" e",
                "password = \"\"\"#\"\"\" e",
            ),
            (
                "key = 1\nprivate_key=\"a\nb\"\nc",
                "key = 1\nprivate_key=\"#\"\nc",
            ),
            ("password=\"a b\nc", "password=\"#\nc"),
            ("token = b'a b' c", "token = b'#' c"),
            // Headers and YAML.
            ("password: a b\r\nc: d", "password: #\r\nc: d"),
            (
                "X-Api-Key: x\nCookie: sid=a; b=c\nAuthorization: Token x",
                "X-Api-Key: #\nCookie: #\nAuthorization: #",
            ),
            (
                "curl -H \"X-Api-Key: x\" -H 'Cookie: a' `Cookie: a` b",
                "curl -H \"X-Api-Key: #\" -H 'Cookie: #' `Cookie: #` b",
            ),
            (
                "a:\n  private_key: |\n    b\n\n    c\n  d: e",
                "a:\n  private_key: |\n    #\n  d: e",
            ),
            ("passwords:\n- a\n- b\nc: d", "passwords:\n#\nc: d"),
            ("API key: x", "API key: #"),
            ("{token: 'x', a: 1}", "{token: '#', a: 1}"),
            // JSON among other things.
            (
                "got {\"password\" : \"a\\\"b\", \"c\": 1} back",
                "got {\"password\" : \"#\", \"c\": 1} back",
            ),
            ("{\"pin\":1234,\"a\":1}", "{\"pin\":#,\"a\":1}"),
            (
                "```json\n{\"tokens\": [\"]\", {}],\n\"a\": 1}",
                "```json\n{\"tokens\": #,\n\"a\": 1}",
            ),
            (
                r#"{\"pin\":\"a\\\"b\",\"c\":1}"#,
                r##"{\"pin\":\"#\",\"c\":1}"##,
            ),
            ("{\"secret\": {\"a\": ", "{\"secret\": #"),
            // Commands.
            ("mysql --password x --host a", "mysql --password # --host a"),
            (
                "mysql --password 'a b' --token=x",
                "mysql --password '#' --token=#",
            ),
            // After their schemes.
            ("Bearer\tabcdefgh, bearer  abcdefgh", "Bearer\t#, bearer  #"),
            ("token a1b2c3d4e5", "token #"),
            ("größe: ß, password: ß", "größe: ß, password: #"),
        ] {
            assert_eq!(clean(text), told, "{text}");
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        for text in [
            "note: buy milk",
            "notes = a = b",
            "The token expired yesterday; ask for a new one: it takes a minute",
            "Basic Authentication is what the page calls it",
            "token validation failed: see the log",
            "argument `pin`: invalid type",
            "password == other, token != null, token::Kind, auth:8080",
            "max_tokens: 5\nmax_tokens=5, \"total_tokens\": 7,",
            "has_password: true\npassword: null\ntoken=",
            "the pass was closed at 12:30: snow",
            "key: value, primary_key = 7",
            "see https://example.com/token/a:b and mailto:ann@example.com",
            "--password",
            "--no-auth x --verbose y",
            "a :: b := c",
            "author: ann\ndesign: new",
        ] {
            assert_eq!(clean(text), text);
        }
    }
}
