//! What the words of a statement tell before the database has seen it: its verb, how many statements there
//! are, which parameters it names.
//!
//! For messages, for the difference between `execute` and `execute_ddl`, and for `guard = "strict"`.

use crate::{
    error::PostgresError,
    lexer::{Kind, Token, tokens},
};

/// The longest statement that is looked at, in bytes.
pub(crate) const LONGEST: usize = 256 << 10;

/// A statement, cut into words.
#[derive(Debug)]
pub(crate) struct Statement<'a> {
    sql: &'a str,
    tokens: Vec<Token<'a>>,
}

impl<'a> Statement<'a> {
    /// Reads one statement.
    ///
    /// # Errors
    /// When it is empty or too long, holds a NUL, does not end, or is more than one.
    pub(crate) fn read(sql: &'a str) -> Result<Self, PostgresError> {
        check_text(sql)?;
        let mut tokens =
            tokens(sql).map_err(|unfinished| PostgresError::Unfinished(unfinished.0))?;
        while tokens.last().is_some_and(|token| token.is_symbol(';')) {
            tokens.pop();
        }
        if tokens.is_empty() {
            return Err(PostgresError::Empty);
        }
        // The body of a function in the SQL standard's form is the one place where a semicolon is within.
        let has_body = tokens
            .windows(2)
            .any(|pair| pair[0].is("BEGIN") && pair[1].is("ATOMIC"));
        if !has_body && tokens.iter().any(|token| token.is_symbol(';')) {
            return Err(PostgresError::SeveralStatements);
        }
        Ok(Self { sql, tokens })
    }

    /// Its words.
    pub(crate) fn tokens(&self) -> &[Token<'a>] {
        &self.tokens
    }

    /// The statement without what follows its last word: no semicolon, no comment.
    pub(crate) fn trimmed(&self) -> &'a str {
        let end = self.tokens.last().map_or(0, |token| token.end);
        &self.sql[..end]
    }

    /// Its first keyword, in capitals; behind opening parentheses.
    pub(crate) fn root(&self) -> String {
        let first = self.tokens.iter().find(|token| !token.is_symbol('('));
        match first.map(|token| &token.kind) {
            Some(Kind::Word(word)) => word.to_ascii_uppercase(),
            _ => String::new(),
        }
    }

    /// Its verb: the root, or what a `WITH` introduces.
    pub(crate) fn verb(&self) -> String {
        let root = self.root();
        if root != "WITH" {
            return root;
        }
        let mut depth = 0_i32;
        let verbs = [
            "SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "VALUES", "TABLE",
        ];
        for token in &self.tokens {
            match token.kind {
                Kind::Symbol('(') => depth += 1,
                Kind::Symbol(')') => depth -= 1,
                Kind::Word(word) if depth == 0 => {
                    let word = word.to_ascii_uppercase();
                    if verbs.contains(&word.as_str()) {
                        return word;
                    }
                }
                _ => {}
            }
        }
        root
    }

    /// The largest `$n`; 0 without any.
    pub(crate) fn parameters(&self) -> u32 {
        let numbers = self.tokens.iter().map(|token| match token.kind {
            Kind::Parameter(number) => number,
            _ => 0,
        });
        numbers.max().unwrap_or_default()
    }

    /// Which of `$1` to `$count` does not occur.
    pub(crate) fn missing_parameter(&self, count: u32) -> Option<u32> {
        (1..=count).find(|number| {
            !self
                .tokens
                .iter()
                .any(|token| token.kind == Kind::Parameter(*number))
        })
    }
}

/// What can be sent at all.
///
/// # Errors
/// When it is too long or holds a NUL.
pub(crate) fn check_text(sql: &str) -> Result<(), PostgresError> {
    if sql.len() > LONGEST {
        return Err(PostgresError::TooLong { limit: LONGEST });
    }
    if sql.contains('\0') {
        return Err(PostgresError::Nul {
            what: "`sql`".into(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(sql: &str) -> Statement<'_> {
        Statement::read(sql).expect("one statement")
    }

    #[test]
    fn the_verb_is_found() {
        for (sql, root, verb) in [
            ("select 1", "SELECT", "SELECT"),
            ("/* DELETE */ ((SELECT 1))", "SELECT", "SELECT"),
            ("/* /* */ SELECT */ DROP TABLE x", "DROP", "DROP"),
            (
                "WITH a AS (DELETE FROM t RETURNING *) SELECT * FROM a",
                "WITH",
                "SELECT",
            ),
            (
                "with recursive a(select_) as (select 1) insert into t select 1",
                "WITH",
                "INSERT",
            ),
            ("\"select\"", "", ""),
        ] {
            let statement = read(sql);
            assert_eq!(
                (statement.root().as_str(), statement.verb().as_str()),
                (root, verb),
                "{sql}"
            );
        }
    }

    #[test]
    fn one_statement_is_one() {
        assert_eq!(read("select 1 ; ; -- x").trimmed(), "select 1");
        assert_eq!(read("select ';' -- ;").trimmed(), "select ';'");
        assert!(
            read("create function f() returns int begin atomic select 1; end").root() == "CREATE"
        );
        let error = |sql| Statement::read(sql).expect_err("refused").to_string();
        assert!(error("select 1; select 2").contains("one statement"));
        assert!(error(" ; -- nothing").contains("empty"));
        assert!(error("select 'a").contains("does not end"));
        assert!(error("select '\0'").contains("NUL"));
        assert!(error(&"x".repeat(LONGEST + 1)).contains("longer than"));
    }

    #[test]
    fn parameters_are_counted() {
        let statement = read("select $1, '$9', $3 -- $7");
        assert_eq!(statement.parameters(), 3);
        assert_eq!(statement.missing_parameter(3), Some(2));
        assert_eq!(read("select 1").parameters(), 0);
    }
}
