//! The words of a statement, as PostgreSQL's own scanner cuts them.
//!
//! In the room: comments (which nest), the five forms of quotes, identifiers, parameters. Not here: grammar.
//! What is read out of the words is for messages and for defence in depth; the database is the judge.

/// A word of a statement and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) kind: Kind<'a>,
    /// Where it starts, in bytes.
    pub(crate) start: usize,
    /// Where it ends, in bytes.
    pub(crate) end: usize,
}

/// What a word is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind<'a> {
    /// A keyword or a bare name.
    Word(&'a str),
    /// A name in double quotes, without them.
    Quoted(String),
    /// A name of the form `U&"…"`, whose letters may be written as numbers.
    Unicode,
    /// A string, of whichever form.
    Text,
    /// A number.
    Number,
    /// `$1`.
    Parameter(u32),
    /// A character of punctuation, or the first of an operator.
    Symbol(char),
}

/// A statement that ends within a quote or a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unfinished(pub(crate) &'static str);

impl Token<'_> {
    /// Whether it is this keyword, which must be given in capitals.
    pub(crate) fn is(&self, keyword: &str) -> bool {
        matches!(self.kind, Kind::Word(word) if word.eq_ignore_ascii_case(keyword))
    }

    /// Whether it is this character.
    pub(crate) fn is_symbol(&self, symbol: char) -> bool {
        self.kind == Kind::Symbol(symbol)
    }
}

/// Cuts a statement into words, without its spaces and comments.
pub(crate) fn tokens(sql: &str) -> Result<Vec<Token<'_>>, Unfinished> {
    let mut scanner = Scanner { sql, at: 0 };
    let mut found = Vec::new();
    loop {
        scanner.skip_blanks()?;
        let start = scanner.at;
        let Some(kind) = scanner.next()? else {
            return Ok(found);
        };
        found.push(Token {
            kind,
            start,
            end: scanner.at,
        });
    }
}

struct Scanner<'a> {
    sql: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    fn rest(&self) -> &'a str {
        &self.sql[self.at..]
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.sql.as_bytes().get(self.at + ahead).copied()
    }

    /// Moves on to the first byte that `wanted` says no to.
    fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.bytes().take_while(|byte| wanted(*byte)).count();
        self.at += length;
        &rest[..length]
    }

    fn skip_blanks(&mut self) -> Result<(), Unfinished> {
        loop {
            self.take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c));
            if self.rest().starts_with("--") {
                self.take_while(|byte| !matches!(byte, b'\n' | b'\r'));
            } else if self.rest().starts_with("/*") {
                self.skip_comment()?;
            } else {
                return Ok(());
            }
        }
    }

    fn skip_comment(&mut self) -> Result<(), Unfinished> {
        let mut depth = 0_usize;
        loop {
            if self.rest().starts_with("/*") {
                depth += 1;
                self.at += 2;
            } else if self.rest().starts_with("*/") {
                depth -= 1;
                self.at += 2;
                if depth == 0 {
                    return Ok(());
                }
            } else {
                self.byte(0).ok_or(Unfinished("a comment"))?;
                self.at += 1;
                // Inside a comment every byte is skipped, so this may rest in the middle of a character.
                while !self.sql.is_char_boundary(self.at) {
                    self.at += 1;
                }
            }
        }
    }

    fn next(&mut self) -> Result<Option<Kind<'a>>, Unfinished> {
        let Some(first) = self.byte(0) else {
            return Ok(None);
        };
        let second = self.byte(1);
        let kind = match (first, second) {
            (b'\'', _) => self.text(1, false)?,
            (b'e' | b'E', Some(b'\'')) => self.text(2, true)?,
            (b'b' | b'B' | b'x' | b'X' | b'n' | b'N', Some(b'\'')) => self.text(2, false)?,
            (b'u' | b'U', Some(b'&')) if self.byte(2) == Some(b'\'') => self.text(3, false)?,
            (b'u' | b'U', Some(b'&')) if self.byte(2) == Some(b'"') => {
                self.at += 3;
                self.quoted()?;
                Kind::Unicode
            }
            (b'"', _) => {
                self.at += 1;
                Kind::Quoted(self.quoted()?)
            }
            (b'$', _) => self.dollar()?,
            (b'0'..=b'9', _) | (b'.', Some(b'0'..=b'9')) => {
                self.number();
                Kind::Number
            }
            _ if starts_word(first) => Kind::Word(self.take_while(continues_word)),
            _ => {
                self.at += 1;
                Kind::Symbol(char::from(first))
            }
        };
        Ok(Some(kind))
    }

    /// A string whose opening quote ends `opening` bytes from here.
    fn text(&mut self, opening: usize, escapes: bool) -> Result<Kind<'a>, Unfinished> {
        self.at += opening;
        loop {
            match self.byte(0).ok_or(Unfinished("a string"))? {
                b'\'' if self.byte(1) == Some(b'\'') => self.at += 2,
                b'\'' => {
                    self.at += 1;
                    if !self.continues() {
                        return Ok(Kind::Text);
                    }
                }
                b'\\' if escapes => {
                    self.at += 1;
                    self.step().ok_or(Unfinished("a string"))?;
                }
                _ => {
                    self.step();
                }
            }
        }
    }

    /// Whether a string goes on after its quote: behind a line break, in a quote of the same form. Then the
    /// scanner stands within it.
    fn continues(&mut self) -> bool {
        let end = self.at;
        loop {
            self.take_while(|byte| byte.is_ascii_whitespace() || byte == 0x0b);
            if !self.rest().starts_with("--") {
                break;
            }
            self.take_while(|byte| !matches!(byte, b'\n' | b'\r'));
        }
        let between = &self.sql[end..self.at];
        if self.byte(0) == Some(b'\'') && between.contains(['\n', '\r']) {
            self.at += 1;
            return true;
        }
        self.at = end;
        false
    }

    /// One character further.
    fn step(&mut self) -> Option<char> {
        let next = self.rest().chars().next()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// What stands between double quotes, of which the first is behind.
    fn quoted(&mut self) -> Result<String, Unfinished> {
        let mut name = String::new();
        loop {
            match self.step().ok_or(Unfinished("a quoted name"))? {
                '"' if self.byte(0) == Some(b'"') => {
                    self.at += 1;
                    name.push('"');
                }
                '"' => return Ok(name),
                other => name.push(other),
            }
        }
    }

    /// `$1`, `$tag$ … $tag$`, or a lone dollar.
    fn dollar(&mut self) -> Result<Kind<'a>, Unfinished> {
        self.at += 1;
        if self.byte(0).is_some_and(|byte| byte.is_ascii_digit()) {
            let digits = self.take_while(|byte| byte.is_ascii_digit());
            return Ok(Kind::Parameter(digits.parse().unwrap_or(u32::MAX)));
        }
        let before = self.at;
        if self.byte(0).is_some_and(starts_word) {
            self.take_while(|byte| continues_word(byte) && byte != b'$');
        }
        if self.byte(0) != Some(b'$') {
            self.at = before;
            return Ok(Kind::Symbol('$'));
        }
        self.at += 1;
        let tag = &self.sql[before - 1..self.at];
        let length = self
            .rest()
            .find(tag)
            .ok_or(Unfinished("a dollar-quoted string"))?;
        self.at += length + tag.len();
        Ok(Kind::Text)
    }

    fn number(&mut self) {
        self.take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_'));
        // The sign of an exponent belongs to the number.
        let taken = self.sql.as_bytes()[self.at - 1];
        if matches!(taken, b'e' | b'E') && matches!(self.byte(0), Some(b'+' | b'-')) {
            self.at += 1;
            self.take_while(|byte| byte.is_ascii_digit());
        }
    }
}

const fn starts_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

const fn continues_word(byte: u8) -> bool {
    starts_word(byte) || byte.is_ascii_digit() || byte == b'$'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(sql: &str) -> Vec<String> {
        let tokens = tokens(sql).expect("it ends");
        tokens
            .iter()
            .map(|token| sql[token.start..token.end].to_owned())
            .collect()
    }

    #[test]
    fn it_is_cut_as_postgresql_cuts_it() {
        for (sql, expected) in [
            ("SELECT a.b", &["SELECT", "a", ".", "b"][..]),
            ("/* a /* b */ c */ x -- y\nz", &["x", "z"]),
            ("'a''b' E'\\'' ';'", &["'a''b'", "E'\\''", "';'"]),
            ("'a\\' b", &["'a\\'", "b"]),
            ("$$a;b$$ $t$ $$ $t$ $1", &["$$a;b$$", "$t$ $$ $t$", "$1"]),
            ("\"a\"\"b\" U&\"c\"", &["\"a\"\"b\"", "U&\"c\""]),
            ("1.5e-3-x", &["1.5e-3", "-", "x"]),
            ("a$b$c", &["a$b$c"]),
            ("größe('ä')", &["größe", "(", "'ä'", ")"]),
            ("e x'1f' b'0'", &["e", "x'1f'", "b'0'"]),
            ("E'a' -- c\n'b\\'', f", &["E'a' -- c\n'b\\''", ",", "f"]),
            ("'a' 'b'", &["'a'", "'b'"]),
            ("a--b", &["a"]),
            ("/* ü /* ñ */ */1", &["1"]),
        ] {
            assert_eq!(words(sql), expected, "{sql}");
        }
    }

    #[test]
    fn what_does_not_end_is_said() {
        for (sql, what) in [
            ("'a", "a string"),
            ("E'a\\'", "a string"),
            ("E'a\\", "a string"),
            ("/* /* */", "a comment"),
            ("\"a", "a quoted name"),
            ("$x$ $$", "a dollar-quoted string"),
        ] {
            assert_eq!(tokens(sql), Err(Unfinished(what)), "{sql}");
        }
    }

    proptest::proptest! {
        #[test]
        fn anything_is_cut_in_order_and_between_characters(sql in "[-'\"$*/;a-eéñ💥0-9.&uUE\\\\ \n]{0,40}") {
            let mut end = 0;
            for token in tokens(&sql).unwrap_or_default() {
                assert!(token.start >= end && token.end > token.start, "{sql}");
                assert!(sql.get(token.start..token.end).is_some(), "{sql}");
                end = token.end;
            }
        }
    }

    #[test]
    fn names_are_without_their_quotes() {
        let found = tokens("\"pg\"\"x\" $2 $99999999999").expect("it ends");
        assert_eq!(found[0].kind, Kind::Quoted("pg\"x".into()));
        assert_eq!(found[1].kind, Kind::Parameter(2));
        assert_eq!(found[2].kind, Kind::Parameter(u32::MAX));
    }
}
