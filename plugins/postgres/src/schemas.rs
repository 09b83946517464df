//! `list_schemas`.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{catalogue::get, error::PostgresError, session::Database};

const QUERY: &str = "\
    SELECT n.nspname AS name, pg_catalog.pg_get_userbyid(n.nspowner)::text AS owner, \
      (SELECT count(*) FROM pg_catalog.pg_class c \
        WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f')) AS tables, \
      left(pg_catalog.obj_description(n.oid, 'pg_namespace'), 500) AS comment \
    FROM pg_catalog.pg_namespace n \
    WHERE pg_catalog.has_schema_privilege(n.oid, 'USAGE') \
      AND ($1 OR n.nspname !~ '^pg_' AND n.nspname <> 'information_schema') \
      AND (cardinality($2::text[]) = 0 OR n.nspname = ANY ($2)) \
      AND n.nspname !~ '^pg_(toast_)?temp_' \
    ORDER BY n.nspname LIMIT 1001";

/// The schemas that can be used.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Schemas {
    /// The schemas, by name.
    pub schemas: Vec<SchemaInfo>,
    /// Whether there are more than 1000.
    pub truncated: bool,
}

/// A schema.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SchemaInfo {
    /// Its name.
    pub name: String,
    /// The role that owns it.
    pub owner: String,
    /// How many tables and views it holds.
    pub tables: i64,
    /// What its owner says of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

impl Database {
    /// The schemas that this server shows.
    pub(crate) async fn schemas(&self, include_system: bool) -> Result<Schemas, PostgresError> {
        let rows = self
            .catalogue(QUERY, &[&include_system, &self.settings.schemas])
            .await?;
        let mut schemas = Vec::new();
        for row in &rows {
            schemas.push(SchemaInfo {
                name: get(row, "name")?,
                owner: get(row, "owner")?,
                tables: get(row, "tables")?,
                comment: get(row, "comment")?,
            });
        }
        let truncated = schemas.len() > 1000;
        schemas.truncate(1000);
        Ok(Schemas { schemas, truncated })
    }
}
