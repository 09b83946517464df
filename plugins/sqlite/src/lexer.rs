//! The least of SQL's grammar: where strings, quoted names and comments begin and end, so that the parameters
//! and the end of a statement are found. What a statement may do is not decided here, but by the guard.

/// A piece of a statement, with the byte it begins at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) at: usize,
    pub(crate) text: &'a str,
    pub(crate) kind: Kind,
}

/// What a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A keyword, a name or a number, unquoted.
    Word,
    /// `?`, `?1`, `:name`, `@name` or `$name`.
    Parameter,
    /// A string, a quoted name.
    Quoted,
    /// A semicolon.
    End,
    /// Any other character.
    Other,
}

/// The pieces of `sql`, without blanks and comments.
pub(crate) fn tokens(sql: &str) -> Vec<Token<'_>> {
    let bytes = sql.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &sql[at..];
        let (length, kind) = match bytes[at] {
            byte if byte.is_ascii_whitespace() => (1, None),
            b'-' if rest.starts_with("--") => (rest.find('\n').unwrap_or(rest.len()), None),
            b'/' if rest.starts_with("/*") => {
                let end = rest[2..].find("*/").map_or(rest.len(), |end| end + 4);
                (end, None)
            }
            quote @ (b'\'' | b'"' | b'`') => (quoted_length(rest, quote), Some(Kind::Quoted)),
            b'[' => (
                rest.find(']').map_or(rest.len(), |end| end + 1),
                Some(Kind::Quoted),
            ),
            b';' => (1, Some(Kind::End)),
            b'?' => (1 + word_length(&rest[1..]), Some(Kind::Parameter)),
            b':' | b'@' | b'$' if word_length(&rest[1..]) > 0 => {
                (1 + word_length(&rest[1..]), Some(Kind::Parameter))
            }
            _ if word_length(rest) > 0 => (word_length(rest), Some(Kind::Word)),
            _ => (1, Some(Kind::Other)),
        };
        if let Some(kind) = kind {
            let text = &sql[at..at + length];
            found.push(Token { at, text, kind });
        }
        at += length;
    }
    found
}

/// How far a string or a quoted name goes; a doubled quote stands for itself.
fn quoted_length(text: &str, quote: u8) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        if bytes[at] == quote {
            if bytes.get(at + 1) != Some(&quote) {
                return at + 1;
            }
            at += 1;
        }
        at += 1;
    }
    bytes.len()
}

/// How many bytes of a name or number `text` begins with. All that is not ASCII is part of a name.
fn word_length(text: &str) -> usize {
    text.bytes()
        .enumerate()
        .take_while(|(index, byte)| {
            byte.is_ascii_alphanumeric()
                || *byte == b'_'
                || !byte.is_ascii()
                || (*byte == b'$' && *index > 0)
        })
        .count()
}

/// Where a second statement begins, if there is one.
pub(crate) fn second_statement(sql: &str) -> Option<usize> {
    let tokens = tokens(sql);
    let end = tokens.iter().position(|token| token.kind == Kind::End)?;
    let mut more = tokens[end..].iter().filter(|token| token.kind != Kind::End);
    // A semicolon first, and then one statement, is two as well.
    more.next().map(|token| token.at)
}

/// Whether there is nothing but blanks, comments and semicolons.
pub(crate) fn is_empty(sql: &str) -> bool {
    tokens(sql).iter().all(|token| token.kind == Kind::End)
}

/// The verb of the statement: the first of its kind outside of parentheses, in capitals.
pub(crate) fn verb(sql: &str) -> Option<String> {
    let mut depth = 0_i32;
    for token in tokens(sql) {
        match (token.kind, token.text) {
            (Kind::Other, "(") => depth += 1,
            (Kind::Other, ")") => depth -= 1,
            (Kind::Word, word) if depth == 0 => {
                let word = word.to_ascii_uppercase();
                // After WITH come names, AS, RECURSIVE and so on until the statement itself.
                if VERBS.contains(&word.as_str()) {
                    return Some(word);
                }
            }
            _ => {}
        }
    }
    None
}

const VERBS: &[&str] = &[
    "ALTER",
    "ANALYZE",
    "ATTACH",
    "BEGIN",
    "COMMIT",
    "CREATE",
    "DELETE",
    "DETACH",
    "DROP",
    "END",
    "EXPLAIN",
    "INSERT",
    "PRAGMA",
    "REINDEX",
    "RELEASE",
    "REPLACE",
    "ROLLBACK",
    "SAVEPOINT",
    "SELECT",
    "UPDATE",
    "VACUUM",
    "VALUES",
];

/// A name as it stands in a statement, whatever is in it.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(sql: &str) -> Vec<&str> {
        let tokens = tokens(sql);
        let parameters = tokens.iter().filter(|token| token.kind == Kind::Parameter);
        parameters.map(|token| token.text).collect()
    }

    #[test]
    fn parameters_are_found_where_sqlite_finds_them() {
        let sql = "select ':no', \":no\", [:no], `:no`, 'it''s :no' -- :no
            /* ?no */ , :a, @b, $c, ?, ?12, x->>'$.no', a::b";
        assert_eq!(parameters(sql), [":a", "@b", "$c", "?", "?12", ":b"]);
        assert_eq!(parameters("select :größe, a$b"), [":größe"]);
    }

    #[test]
    fn a_second_statement_is_found() {
        for sql in [
            "select 1",
            "select 1;",
            "select 1 ; ; -- end",
            "select ';x'",
            "select 1 /* ; x */",
        ] {
            assert_eq!(second_statement(sql), None, "{sql}");
        }
        assert_eq!(second_statement("select 1; x"), Some(10));
        assert_eq!(second_statement("; select 1"), Some(2));
        assert!(is_empty(" ; -- nothing") && is_empty("/* x") && !is_empty("x"));
    }

    #[test]
    fn the_verb_is_outside_of_parentheses() {
        for (sql, expected) in [
            ("select 1", "SELECT"),
            ("with a as (delete from x) select 1", "SELECT"),
            ("WITH a(select1) AS (SELECT 1) DELETE FROM t", "DELETE"),
            (
                "/* select */ insert into t select replace(a, b, c)",
                "INSERT",
            ),
            ("values (1)", "VALUES"),
        ] {
            assert_eq!(verb(sql).as_deref(), Some(expected), "{sql}");
        }
        assert_eq!(verb("foo"), None);
    }

    #[test]
    fn every_cut_of_a_statement_is_read() {
        let sql = "select 'é', \"b\", [c], `d` -- x\n /* y */ from t where a = :b;";
        for end in (0..=sql.len()).filter(|end| sql.is_char_boundary(*end)) {
            assert!(tokens(&sql[..end]).len() < 40);
        }
    }

    #[test]
    fn names_are_quoted() {
        assert_eq!(quoted("a\"b"), "\"a\"\"b\"");
    }
}
