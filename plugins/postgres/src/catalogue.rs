//! Our own questions to the server's catalogues, in the same transactions as everybody's.

use tokio_postgres::{
    Row,
    types::{FromSql, ToSql},
};

use crate::{
    error::PostgresError,
    session::{Access, Database, Session},
};

const NAMES: &str = "\
    SELECT DISTINCT c.relname::text AS name FROM pg_catalog.pg_class c \
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND pg_catalog.starts_with(c.relname::text, $2) \
      AND CASE WHEN $1::text IS NOT NULL THEN n.nspname = $1 \
        WHEN cardinality($3::text[]) > 0 THEN n.nspname = ANY ($3) \
        ELSE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' END \
    ORDER BY 1 LIMIT 100";

impl Database {
    /// The rows of one of our statements, each of which limits itself.
    pub(crate) async fn catalogue(
        &self,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, PostgresError> {
        let mut session = self.session().await?;
        let rows = self.in_time(rows(&mut session, sql, params)).await;
        session.conclude(rows).await
    }

    /// Whether a connection can be had and used.
    pub(crate) async fn ready(&self) -> Result<(), PostgresError> {
        let mut session = self.session().await?;
        let begun = self
            .in_time(async { session.begin(Access::Read).await.map(drop) })
            .await;
        session.conclude(begun).await
    }

    /// The tables and views whose names begin so, at most 100.
    pub(crate) async fn names_of_tables(
        &self,
        schema: Option<String>,
        beginning: &str,
    ) -> Result<Vec<String>, PostgresError> {
        if let Some(schema) = &schema {
            self.shows(schema)?;
        }
        let rows = self
            .catalogue(NAMES, &[&schema, &beginning, &self.settings.schemas])
            .await?;
        rows.iter().map(|row| get(row, "name")).collect()
    }

    /// Whether what is in a schema may be shown.
    pub(crate) fn shows(&self, schema: &str) -> Result<(), PostgresError> {
        let schemas = &self.settings.schemas;
        if schemas.is_empty() || schemas.iter().any(|shown| shown == schema) {
            return Ok(());
        }
        Err(PostgresError::HiddenSchema(schema.to_owned()))
    }
}

async fn rows(
    session: &mut Session,
    sql: &str,
    params: &[&(dyn ToSql + Sync)],
) -> Result<Vec<Row>, PostgresError> {
    let (scope, statement) = session.begin_with(Access::Read, sql, 0).await?;
    let rows = scope.transaction.query(&statement, params).await;
    rows.map_err(|error| scope.fault(&error, "", 0))
}

/// A value of a row.
pub(crate) fn get<'a, T: FromSql<'a>>(row: &'a Row, column: &str) -> Result<T, PostgresError> {
    row.try_get(column)
        .map_err(|error| PostgresError::Protocol(error.to_string()))
}
