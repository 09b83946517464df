//! `guard = "strict"`: refuses, with a reason, what the read-only transaction would refuse or undo anyway.
//!
//! Defence in depth and good messages, never the boundary. It reads words, not a tree: a function's name is
//! seen wherever the grammar allows it (`ROWS FROM`, an operator's argument, a default), nothing is refused
//! because a parser does not know it, and no statement is too deep.

use crate::{
    denied::{DENIED, PREFIXES},
    error::PostgresError,
    lexer::{Kind, Token},
    statement::Statement,
};

/// How a statement for a reading tool may begin.
const ROOTS: [&str; 6] = ["SELECT", "WITH", "VALUES", "TABLE", "SHOW", "EXPLAIN"];
/// What makes a part of a query write.
const WRITES: [&str; 4] = ["INSERT", "UPDATE", "DELETE", "MERGE"];

/// Whether a reading tool runs it.
///
/// # Errors
/// What is refused, and what to use instead.
pub(crate) fn check_query(statement: &Statement<'_>) -> Result<(), PostgresError> {
    let root = statement.root();
    if !ROOTS.contains(&root.as_str()) {
        return Err(PostgresError::NotAQuery { root });
    }
    let tokens = statement.tokens();
    if root == "EXPLAIN" {
        let explained = explained(tokens);
        if !ROOTS.contains(&explained.as_str()) {
            return Err(PostgresError::NotAQuery { root: explained });
        }
    }
    if let Some(verb) = writing_part(statement) {
        return Err(PostgresError::Writes { verb });
    }
    for (index, token) in tokens.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|index| tokens.get(index));
        // INTO is reserved: anywhere else it is a name, quoted, after a period or after AS.
        let is_name = before.is_some_and(|token| token.is("AS") || token.is_symbol('.'));
        if token.is("INTO") && !is_name {
            return Err(PostgresError::Writes {
                verb: "SELECT INTO".to_owned(),
            });
        }
    }
    check_functions(statement)
}

/// The verb of a part that writes: `WITH x AS (DELETE …`.
pub(crate) fn writing_part(statement: &Statement<'_>) -> Option<String> {
    let pairs = statement.tokens().windows(2);
    pairs
        .filter(|pair| pair[0].is_symbol('('))
        .filter_map(|pair| word(&pair[1]))
        .find(|word| WRITES.contains(&word.as_str()))
}

/// The first keyword of what an EXPLAIN explains, in capitals. Its options are words, or stand in parentheses.
fn explained(tokens: &[Token<'_>]) -> String {
    let mut rest = tokens
        .iter()
        .skip_while(|token| !token.is("EXPLAIN"))
        .skip(1)
        .peekable();
    let first_word = tokens
        .iter()
        .skip_while(|token| !token.is("EXPLAIN"))
        .skip(1);
    let first_word = first_word
        .skip_while(|token| token.is_symbol('('))
        .find_map(word);
    let is_option = |word: &str| matches!(word, "ANALYZE" | "ANALYSE" | "VERBOSE");
    match first_word {
        Some(word) if ROOTS.contains(&word.as_str()) => return word,
        _ => {}
    }
    if rest.peek().is_some_and(|token| token.is_symbol('(')) {
        let mut depth = 0_usize;
        for token in rest.by_ref() {
            match token.kind {
                Kind::Symbol('(') => depth += 1,
                Kind::Symbol(')') => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    rest.filter(|token| !token.is_symbol('('))
        .map(|token| word(token).unwrap_or_default())
        .find(|word| !is_option(word))
        .unwrap_or_default()
}

fn word(token: &Token<'_>) -> Option<String> {
    match token.kind {
        Kind::Word(word) => Some(word.to_ascii_uppercase()),
        _ => None,
    }
}

/// Whether it calls only functions that stay within the query.
///
/// # Errors
/// Which function is refused.
pub(crate) fn check_functions(statement: &Statement<'_>) -> Result<(), PostgresError> {
    let tokens = statement.tokens();
    for (index, token) in tokens.iter().enumerate() {
        let name = match &token.kind {
            Kind::Unicode => return Err(PostgresError::UnicodeName),
            Kind::Word(word) => word.to_ascii_lowercase(),
            Kind::Quoted(name) => name.clone(),
            _ => continue,
        };
        let called = tokens
            .get(index + 1)
            .is_some_and(|next| next.is_symbol('('));
        let denied = DENIED.binary_search(&name.as_str()).is_ok()
            || PREFIXES.iter().any(|prefix| name.starts_with(prefix));
        if called && denied {
            return Err(PostgresError::DeniedFunction { name });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(sql: &str) -> Option<String> {
        let statement = Statement::read(sql).expect("one statement");
        check_query(&statement).err().map(|error| error.to_string())
    }

    #[test]
    fn the_list_can_be_searched() {
        assert!(DENIED.is_sorted());
    }

    #[test]
    fn what_writes_or_reaches_out_is_refused_with_a_reason() {
        for (sql, words) in [
            ("DELETE FROM t", "`DELETE`"),
            ("WITH a AS (DELETE FROM t RETURNING 1) SELECT 1", "`DELETE`"),
            (
                "WITH a AS ( /* x */ insert into t values (1)) SELECT 1",
                "`INSERT`",
            ),
            ("SELECT 1 INTO t", "`SELECT INTO`"),
            ("SELECT pg_read_file('x')", "`pg_read_file`"),
            (
                "SELECT * FROM ROWS FROM (pg_catalog.PG_SLEEP (1))",
                "`pg_sleep`",
            ),
            ("SELECT \"pg_sleep\"(1)", "`pg_sleep`"),
            ("SELECT U&\"pg\\005fsleep\"(1)", "U&"),
            ("SELECT lo_creat(-1)", "`lo_creat`"),
            ("SELECT dblink_exec('x')", "`dblink_exec`"),
            (
                "SELECT * FROM ts_stat('SELECT pg_terminate_backend(1)::text::tsvector')",
                "`ts_stat`",
            ),
            ("SELECT ts_rewrite(a, 'SELECT b, c') FROM t", "`ts_rewrite`"),
            ("SELECT * FROM crosstab2('SELECT 1')", "`crosstab2`"),
            (
                "SELECT * FROM connectby('t', 'a', 'b', 'c', 0)",
                "`connectby`",
            ),
            (
                "SELECT brin_desummarize_range('i', 0)",
                "`brin_desummarize_range`",
            ),
            (
                "SELECT gin_clean_pending_list('i')",
                "`gin_clean_pending_list`",
            ),
            ("COPY t TO PROGRAM 'x'", "`COPY`"),
            ("(((DROP TABLE t)))", "`DROP`"),
            ("EXPLAIN ANALYZE CREATE TABLE t AS SELECT 1", "`CREATE`"),
            ("EXPLAIN (ANALYZE, FORMAT JSON) DELETE FROM t", "`DELETE`"),
            ("EXPLAIN EXECUTE x", "`EXECUTE`"),
            ("EXPLAIN (ANALYZE", "is not a query"),
        ] {
            let error = refused(sql).unwrap_or_else(|| panic!("{sql} is not refused"));
            assert!(error.contains(words), "{sql}: {error}");
        }
    }

    #[test]
    fn names_that_only_look_like_it_are_fine() {
        for sql in [
            "SELECT pg_sleep FROM t",
            "SELECT 'DELETE FROM t', 1 AS into",
            "SELECT t.update, lower(t.\"delete\") FROM t",
            "SELECT * FROM t WHERE a IN ('insert')",
            "TABLE t",
            "((SELECT 1) UNION (SELECT 2))",
            "EXPLAIN SELECT 1",
            "EXPLAIN (SELECT 1)",
            "EXPLAIN ANALYSE VERBOSE (SELECT 1)",
            "EXPLAIN (COSTS off) WITH a AS (SELECT 1) TABLE a",
            "SHOW server_version",
            "SELECT * FROM t FOR UPDATE",
            "SELECT set_byte('\\x00'::bytea, 0, 1)",
        ] {
            assert_eq!(refused(sql), None, "{sql}");
        }
    }
}
