//! `search_objects`: names in the catalogue by pattern, in pages.

use mcp_factory_sdk::{BadCursor, CursorKey};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;

use crate::{catalogue::get, error::PostgresError, session::Database};

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "a schema reads better as a plain list")]
pub enum ObjectType {
    Table,
    View,
    Matview,
    Column,
    Index,
    Function,
    Sequence,
    Extension,
}

/// How much is told of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "a schema reads better as a plain list")]
pub enum Detail {
    Names,
    Summary,
    Full,
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct SearchRequest {
    /// A LIKE pattern; letter case is ignored.
    pub pattern: String,
    /// What is looked for.
    pub object_type: ObjectType,
    /// Only here.
    pub schema: Option<String>,
    /// How much is told.
    pub detail: Detail,
    /// How many a page has.
    pub limit: u32,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

/// What was found.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Found {
    /// The objects, by schema and name.
    pub objects: Vec<Object>,
    /// Whether there are more.
    pub truncated: bool,
    /// Pass it as `cursor` for the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// An object of the database.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Object {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// The table of a column or index; the arguments of a function.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub of: String,
    /// What its owner says of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// About how many rows it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<i64>,
    /// What it takes on disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<i64>,
    /// Its type, columns or definition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
}

impl ObjectType {
    /// Its name on the wire.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::View => "view",
            Self::Matview => "matview",
            Self::Column => "column",
            Self::Index => "index",
            Self::Function => "function",
            Self::Sequence => "sequence",
            Self::Extension => "extension",
        }
    }

    /// The letters of `pg_class.relkind`.
    pub(crate) const fn relkinds(self) -> &'static str {
        match self {
            Self::Table => "'r', 'p', 'f'",
            Self::View => "'v'",
            Self::Matview => "'m'",
            Self::Index => "'i', 'I'",
            Self::Sequence => "'S'",
            _ => "",
        }
    }

    /// `schema`, `name`, `of`, `comment`, `rows`, `bytes`, `definition` of all; $3 tells how much is wanted.
    fn source(self) -> String {
        match self {
            Self::Table | Self::View | Self::Matview | Self::Sequence => format!(
                "SELECT n.nspname AS schema, c.relname AS name, '' AS of, \
                   CASE WHEN $3 > 0 THEN pg_catalog.obj_description(c.oid, 'pg_class') END AS comment, \
                   CASE WHEN $3 > 0 AND c.relkind IN ('r', 'p', 'm') AND c.reltuples >= 0 THEN c.reltuples::int8 END AS rows, \
                   CASE WHEN $3 > 0 AND c.relkind IN ('r', 'm') THEN pg_catalog.pg_total_relation_size(c.oid) END AS bytes, \
                   CASE WHEN $3 > 1 AND c.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(c.oid) \
                        WHEN $3 > 1 THEN (SELECT string_agg(pg_catalog.quote_ident(a.attname) || ' ' \
                              || pg_catalog.format_type(a.atttypid, a.atttypmod) \
                              || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END, ', ' ORDER BY a.attnum) \
                            FROM pg_catalog.pg_attribute a \
                            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) END AS definition \
                 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                 WHERE c.relkind IN ({})",
                self.relkinds()
            ),
            Self::Column => "SELECT n.nspname AS schema, a.attname AS name, c.relname::text AS of, \
                   CASE WHEN $3 > 0 THEN pg_catalog.col_description(c.oid, a.attnum) END AS comment, \
                   NULL::int8 AS rows, NULL::int8 AS bytes, \
                   CASE WHEN $3 > 0 THEN pg_catalog.format_type(a.atttypid, a.atttypmod) \
                     || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END END AS definition \
                 FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
                 JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                 WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND a.attnum > 0 AND NOT a.attisdropped"
                .to_owned(),
            Self::Index => "SELECT n.nspname AS schema, c.relname AS name, t.relname::text AS of, \
                   CASE WHEN $3 > 0 THEN pg_catalog.obj_description(c.oid, 'pg_class') END AS comment, \
                   NULL::int8 AS rows, \
                   CASE WHEN $3 > 0 THEN pg_catalog.pg_relation_size(c.oid) END AS bytes, \
                   CASE WHEN $3 > 0 THEN pg_catalog.pg_get_indexdef(c.oid) END AS definition \
                 FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
                 JOIN pg_catalog.pg_class t ON t.oid = i.indrelid \
                 JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE true"
                .to_owned(),
            Self::Function => "SELECT n.nspname AS schema, p.proname AS name, \
                   pg_catalog.pg_get_function_identity_arguments(p.oid) AS of, \
                   CASE WHEN $3 > 0 THEN pg_catalog.obj_description(p.oid, 'pg_proc') END AS comment, \
                   NULL::int8 AS rows, NULL::int8 AS bytes, \
                   CASE WHEN $3 > 1 AND p.prokind IN ('f', 'p') THEN pg_catalog.pg_get_functiondef(p.oid) \
                        WHEN $3 > 0 THEN 'RETURNS ' || pg_catalog.pg_get_function_result(p.oid) END AS definition \
                 FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE true"
                .to_owned(),
            Self::Extension => "SELECT n.nspname AS schema, e.extname AS name, '' AS of, \
                   CASE WHEN $3 > 0 THEN pg_catalog.obj_description(e.oid, 'pg_extension') END AS comment, \
                   NULL::int8 AS rows, NULL::int8 AS bytes, \
                   CASE WHEN $3 > 0 THEN 'version ' || e.extversion END AS definition \
                 FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE true"
                .to_owned(),
        }
    }
}

impl Database {
    /// Finds objects by name.
    ///
    /// # Errors
    /// For a cursor of another call, or a schema that is not shown.
    pub(crate) async fn search(&self, request: &SearchRequest) -> Result<Found, PostgresError> {
        if let Some(schema) = &request.schema {
            self.shows(schema)?;
        }
        let schema = request.schema.clone().unwrap_or_default();
        let level = request.detail as i32;
        let object_type = request.object_type.as_str();
        let list = CursorKey::new(
            "search_objects",
            &[&request.pattern, object_type, &schema, &level.to_string()],
        );
        let [after_schema, after_name, after_of] = match &request.cursor {
            Some(cursor) => last_shown(list, cursor)?,
            None => Default::default(),
        };
        // Where an extension puts its objects says nothing of whom it is for.
        let system = if request.object_type == ObjectType::Extension {
            "true"
        } else {
            "schema !~ '^pg_' AND schema <> 'information_schema'"
        };
        let sql = format!(
            "SELECT schema::text, name::text, of::text, left(comment, 500) AS comment, rows, bytes, \
               left(definition, 4000) AS definition \
             FROM ({}) AS o \
             WHERE name::text ILIKE $1 \
               AND CASE WHEN $2 <> '' THEN schema = $2 WHEN cardinality($8::text[]) > 0 THEN schema = ANY ($8) ELSE {system} END \
               AND (NOT $4 OR (schema::text COLLATE \"C\", name::text COLLATE \"C\", of::text COLLATE \"C\") > ($5, $6, $7)) \
             ORDER BY schema::text COLLATE \"C\", name::text COLLATE \"C\", of::text COLLATE \"C\" LIMIT $9",
            request.object_type.source()
        );
        let rows = self
            .catalogue(
                &sql,
                &[
                    &request.pattern,
                    &schema,
                    &level,
                    &request.cursor.is_some(),
                    &after_schema,
                    &after_name,
                    &after_of,
                    &self.settings.schemas,
                    &(i64::from(request.limit) + 1),
                ],
            )
            .await?;
        self.page(&rows, request.limit as usize, list)
    }

    /// As many rows as fit, and where the next page begins.
    fn page(&self, rows: &[Row], limit: usize, list: CursorKey) -> Result<Found, PostgresError> {
        let mut objects: Vec<Object> = Vec::new();
        let mut bytes = 0;
        for row in rows.iter().take(limit) {
            let object = object(row)?;
            bytes += object.size();
            if bytes > self.settings.max_bytes && !objects.is_empty() {
                break;
            }
            objects.push(object);
        }
        let truncated = objects.len() < rows.len();
        let next_cursor = objects
            .last()
            .filter(|_| truncated)
            .map(|last| cursor_after(list, [&last.schema, &last.name, &last.of]));
        Ok(Found {
            objects,
            truncated,
            next_cursor,
        })
    }
}

/// Where a list goes on after an object, which its schema, its name and what it belongs to name.
fn cursor_after(list: CursorKey, object: [&str; 3]) -> String {
    list.encode(serde_json::json!(object).to_string().as_bytes())
}

/// What [`cursor_after`] was given.
fn last_shown(list: CursorKey, cursor: &str) -> Result<[String; 3], BadCursor> {
    serde_json::from_slice(&list.decode(cursor)?).map_err(|_| BadCursor)
}

impl Object {
    /// About what it takes in an answer.
    fn size(&self) -> usize {
        let text = |text: &Option<String>| text.as_ref().map_or(0, |text| text.len() * 2);
        100 + self.schema.len()
            + self.name.len()
            + self.of.len()
            + text(&self.comment)
            + text(&self.definition)
    }
}

fn object(row: &Row) -> Result<Object, PostgresError> {
    Ok(Object {
        schema: get(row, "schema")?,
        name: get(row, "name")?,
        of: get(row, "of")?,
        comment: get(row, "comment")?,
        rows: get(row, "rows")?,
        bytes: get(row, "bytes")?,
        definition: get(row, "definition")?,
    })
}
