//! What is in the database: the list of tables, and one table in full. Our own statements; a name that a
//! caller sends is a value in them.

use mcp_factory_sdk::{BadCursor, CursorKey};
use rusqlite::{Connection, OptionalExtension, Row};
use schemars::JsonSchema;
use serde::Serialize;

use crate::database::Database;
use crate::error::SqliteError;

/// The tables and views of a database.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Tables {
    /// By name.
    pub tables: Vec<Listed>,
    /// There are more: pass `next_cursor` as `cursor`.
    pub truncated: bool,
    /// Where the list goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// One of them.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// `table`, `view` or `virtual`.
    #[serde(rename = "type")]
    pub kind: String,
    /// How many columns it has.
    pub columns: u32,
}

/// A table or view in full.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Description {
    /// Its name.
    pub name: String,
    /// `table`, `view` or `virtual`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Columns, in order.
    pub columns: Vec<TableColumn>,
    /// Foreign keys.
    pub foreign_keys: Vec<ForeignKey>,
    /// Indexes.
    pub indexes: Vec<Index>,
    /// The statement that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sql: Option<String>,
    /// Something was left out for its length.
    pub truncated: bool,
}

/// A column of a table.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TableColumn {
    /// Its name.
    pub name: String,
    /// Its declared type; may be empty.
    #[serde(rename = "type")]
    pub declared_type: String,
    /// Whether it refuses NULL.
    pub not_null: bool,
    /// Its default, as an expression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// Its place in the primary key, from 1; 0 when it is not in it.
    pub primary_key: u32,
    /// Whether it is computed from others.
    pub generated: bool,
}

/// A foreign key.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ForeignKey {
    /// The columns here.
    pub columns: Vec<String>,
    /// The table there.
    pub table: String,
    /// The columns there; empty when they are its primary key.
    pub references: Vec<String>,
    /// What happens here when the row there is deleted.
    pub on_delete: String,
}

/// An index.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// Its columns, in order; null stands for an expression.
    pub columns: Vec<Option<String>>,
    /// Whether it forbids equal entries.
    pub unique: bool,
    /// Whether it covers only rows that meet a condition.
    pub partial: bool,
}

/// The most columns, indexes and foreign keys of each kind that a description holds.
const MOST: usize = 300;

/// The most characters of a name, a default or a statement that it holds.
const LONGEST: usize = 16_384;

const VISIBLE: &str =
    "schema = 'main' AND type <> 'shadow' AND substr(lower(name), 1, 7) <> 'sqlite_'";

/// The last name that was shown, in a cursor of the list.
fn name_in(list: CursorKey, cursor: &str) -> Result<String, BadCursor> {
    String::from_utf8(list.decode(cursor)?).map_err(|_| BadCursor)
}

impl Database {
    /// A page of the tables and views.
    ///
    /// # Errors
    /// When the cursor is of another list.
    pub async fn tables(&self, limit: u32, after: Option<String>) -> Result<Tables, SqliteError> {
        let list = CursorKey::new("tables", &[]);
        let last_seen = after.map(|cursor| name_in(list, &cursor)).transpose()?;
        let sql = format!(
            "SELECT name, type, ncol FROM pragma_table_list
             WHERE {VISIBLE} AND (?1 IS NULL OR name > ?1) ORDER BY name LIMIT ?2"
        );
        let page = move |connection: &Connection| {
            let mut statement = connection.prepare(&sql)?;
            let rows = statement.query_map((last_seen, limit + 1), |row| {
                Ok(Listed {
                    name: row.get(0)?,
                    kind: row.get(1)?,
                    columns: row.get(2)?,
                })
            })?;
            rows.collect::<rusqlite::Result<Vec<Listed>>>()
        };
        let mut tables = self.readers.run(move |session| session.ours(page)).await?;
        let truncated = tables.len() > limit as usize;
        tables.truncate(limit as usize);
        let shown = tables.last().filter(|_| truncated);
        Ok(Tables {
            next_cursor: shown.map(|table| list.encode(table.name.as_bytes())),
            tables,
            truncated,
        })
    }

    /// The names that begin with `start`, for completion.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn names(&self, start: String) -> Result<Vec<String>, SqliteError> {
        let sql = format!(
            "SELECT name FROM pragma_table_list
             WHERE {VISIBLE} AND substr(lower(name), 1, length(?1)) = lower(?1) ORDER BY name LIMIT 100"
        );
        let list = move |connection: &Connection| {
            let mut statement = connection.prepare(&sql)?;
            let rows = statement.query_map([start], |row| row.get(0))?;
            rows.collect()
        };
        self.readers.run(move |session| session.ours(list)).await
    }

    /// A table or view in full.
    ///
    /// # Errors
    /// When there is none of that name.
    pub async fn describe(&self, name: String) -> Result<Description, SqliteError> {
        let wanted = name.clone();
        let found = self
            .readers
            .run(move |session| session.ours(|connection| describe(connection, &wanted)))
            .await?;
        found.ok_or(SqliteError::NoTable { name })
    }
}

fn describe(connection: &Connection, name: &str) -> rusqlite::Result<Option<Description>> {
    let sql = format!(
        "SELECT name, type FROM pragma_table_list WHERE {VISIBLE} AND lower(name) = lower(?1)"
    );
    let found: Option<(String, String)> = connection
        .query_row(&sql, [name], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((name, kind)) = found else {
        return Ok(None);
    };
    let mut truncated = false;
    let columns = all(
        connection,
        "SELECT name, type, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo(?1) WHERE hidden <> 1",
        &name,
        |row| {
            let hidden: u32 = row.get(5)?;
            Ok(TableColumn {
                name: row.get(0)?,
                declared_type: row.get::<_, Option<String>>(1)?.unwrap_or_default(),
                not_null: row.get(2)?,
                default: row.get::<_, Option<String>>(3)?.map(cut),
                primary_key: row.get(4)?,
                generated: hidden > 1,
            })
        },
        &mut truncated,
    )?;
    let sql = connection
        .query_row(
            "SELECT sql FROM sqlite_schema WHERE name = ?1 AND type IN ('table', 'view')",
            [&name],
            |row| row.get::<_, Option<String>>(0),
        )
        .optional()?
        .flatten();
    truncated |= sql
        .as_ref()
        .is_some_and(|sql| sql.chars().count() > LONGEST);
    Ok(Some(Description {
        foreign_keys: foreign_keys(connection, &name, &mut truncated)?,
        indexes: indexes(connection, &name, &mut truncated)?,
        columns,
        sql: sql.map(cut),
        name,
        kind,
        truncated,
    }))
}

fn foreign_keys(
    connection: &Connection,
    name: &str,
    truncated: &mut bool,
) -> rusqlite::Result<Vec<ForeignKey>> {
    let parts = all(
        connection,
        "SELECT id, \"from\", \"table\", \"to\", on_delete FROM pragma_foreign_key_list(?1) ORDER BY id, seq",
        name,
        |row| {
            let from: Option<String> = row.get(1)?;
            let to: Option<String> = row.get(3)?;
            Ok((row.get::<_, i64>(0)?, from, row.get(2)?, to, row.get(4)?))
        },
        truncated,
    )?;
    let mut keys: Vec<(i64, ForeignKey)> = Vec::new();
    for (id, from, table, to, on_delete) in parts {
        if keys.last().is_none_or(|(last, _)| *last != id) {
            let key = ForeignKey {
                columns: Vec::new(),
                table,
                references: Vec::new(),
                on_delete,
            };
            keys.push((id, key));
        }
        if let Some((_, key)) = keys.last_mut() {
            key.columns.extend(from);
            key.references.extend(to);
        }
    }
    Ok(keys.into_iter().map(|(_, key)| key).collect())
}

fn indexes(
    connection: &Connection,
    name: &str,
    truncated: &mut bool,
) -> rusqlite::Result<Vec<Index>> {
    let mut indexes = all(
        connection,
        "SELECT name, \"unique\", partial FROM pragma_index_list(?1) ORDER BY seq",
        name,
        |row| {
            Ok(Index {
                name: row.get(0)?,
                columns: Vec::new(),
                unique: row.get(1)?,
                partial: row.get(2)?,
            })
        },
        truncated,
    )?;
    for index in &mut indexes {
        let sql = "SELECT name FROM pragma_index_info(?1) ORDER BY seqno";
        index.columns = all(connection, sql, &index.name, |row| row.get(0), truncated)?;
    }
    Ok(indexes)
}

/// The rows of a statement about one name.
fn all<T>(
    connection: &Connection,
    sql: &str,
    name: &str,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    truncated: &mut bool,
) -> rusqlite::Result<Vec<T>> {
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([name], read)?;
    let mut found: Vec<T> = rows.take(MOST + 1).collect::<rusqlite::Result<_>>()?;
    *truncated |= found.len() > MOST;
    found.truncate(MOST);
    Ok(found)
}

fn cut(text: String) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
