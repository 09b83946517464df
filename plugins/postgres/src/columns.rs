//! The columns of a statement: their names and types, how each is got, and the statement that gets them.

use schemars::JsonSchema;
use serde::Serialize;
use tokio_postgres::{Statement, error::SqlState, types::Type};

use crate::{
    error::PostgresError,
    session::Scope,
    shape::{self, Shape, Way},
};

/// A column of a result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its PostgreSQL type.
    #[serde(rename = "type")]
    pub type_name: String,
}

/// A statement that can be run and read.
pub(crate) struct Readable {
    pub(crate) statement: Statement,
    pub(crate) columns: Vec<Column>,
    pub(crate) shapes: Vec<Shape>,
}

/// Prepares what the columns of `statement` need to be read.
///
/// Where all of them are understood in binary, that is the statement itself. Else it is wrapped, and the
/// server turns the others into text or JSON. `sql` has been read by the server on its own, so it is one
/// complete statement and cannot reach out of its parentheses.
pub(crate) async fn readable(
    scope: &Scope<'_>,
    statement: Statement,
    sql: &str,
) -> Result<Readable, PostgresError> {
    if statement.columns().is_empty() {
        return Err(PostgresError::NoColumns);
    }
    let (columns, ways) = describe(&statement);
    let odd = ways.iter().position(|way| !matches!(way, Way::Binary(_)));
    let statement = match odd {
        None => statement,
        Some(odd) => {
            let wrapped = wrap(sql, &ways);
            let types: Vec<Type> = statement.params().to_vec();
            let prepared = scope.transaction.prepare_typed(&wrapped, &types).await;
            prepared.map_err(|error| match error.code() {
                // SHOW and the like cannot stand in parentheses.
                Some(code) if is_refusal(code) => unreadable(&columns[odd]),
                // A limit, or the end of the connection. The place would be one in what is ours.
                _ => scope.fault(&error, "", 0),
            })?
        }
    };
    Ok(Readable {
        statement,
        columns,
        shapes: ways.into_iter().map(Way::shape).collect(),
    })
}

/// What a statement returns, when it cannot be wrapped since it changes something.
///
/// # Errors
/// Which column would have to be cast.
pub(crate) fn readable_as_is(
    statement: &Statement,
) -> Result<(Vec<Column>, Vec<Shape>), PostgresError> {
    let (columns, ways) = describe(statement);
    if let Some(odd) = ways.iter().position(|way| !matches!(way, Way::Binary(_))) {
        return Err(unreadable(&columns[odd]));
    }
    Ok((columns, ways.into_iter().map(Way::shape).collect()))
}

fn describe(statement: &Statement) -> (Vec<Column>, Vec<Way>) {
    let each = statement.columns().iter().map(|column| {
        let shown = Column {
            name: column.name().to_owned(),
            type_name: shape::name(column.type_()),
        };
        (shown, Way::of(column.type_()))
    });
    each.unzip()
}

/// Whether the server says that what it read cannot be, rather than that it could not go on.
fn is_refusal(code: &SqlState) -> bool {
    ["42", "0A"]
        .iter()
        .any(|class| code.code().starts_with(class))
}

fn unreadable(column: &Column) -> PostgresError {
    PostgresError::UnreadableColumn {
        column: column.name.clone(),
        type_name: column.type_name.clone(),
    }
}

/// `SELECT c1, c2::text FROM (…) AS q(c1, c2)`.
fn wrap(sql: &str, ways: &[Way]) -> String {
    let names: Vec<String> = (1..=ways.len())
        .map(|number| format!("c{number}"))
        .collect();
    let selected: Vec<String> = names
        .iter()
        .zip(ways)
        .map(|(name, way)| match way {
            Way::Binary(_) => name.clone(),
            Way::Text => format!("{name}::pg_catalog.text"),
            Way::Json => format!("pg_catalog.to_json({name})"),
        })
        .collect();
    // The line breaks end a comment at the end of the statement.
    format!(
        "SELECT {} FROM (\n{}\n) AS mcp_result({})",
        selected.join(", "),
        sql.trim_end().trim_end_matches(';'),
        names.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_no_refusal() {
        for refusal in [
            SqlState::SYNTAX_ERROR,
            SqlState::CANNOT_COERCE,
            SqlState::FEATURE_NOT_SUPPORTED,
        ] {
            assert!(is_refusal(&refusal), "{refusal:?}");
        }
        for limit in [
            SqlState::QUERY_CANCELED,
            SqlState::LOCK_NOT_AVAILABLE,
            SqlState::IN_FAILED_SQL_TRANSACTION,
            SqlState::ADMIN_SHUTDOWN,
            SqlState::OUT_OF_MEMORY,
        ] {
            assert!(!is_refusal(&limit), "{limit:?}");
        }
    }

    #[test]
    fn only_what_is_odd_is_converted() {
        let ways = [Way::Binary(Shape::Int4), Way::Text, Way::Json];
        assert_eq!(
            wrap("SELECT a, b, c -- all", &ways),
            "SELECT c1, c2::pg_catalog.text, pg_catalog.to_json(c3) FROM (\nSELECT a, b, c -- all\n) AS mcp_result(c1, c2, c3)"
        );
    }
}
