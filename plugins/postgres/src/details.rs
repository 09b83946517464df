//! `get_object_details`: all there is to know of one object, foreign keys with what they point at.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{catalogue::get, error::PostgresError, search::ObjectType, session::Database};

/// What is known of an object.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Details {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// What it is.
    #[serde(rename = "type")]
    pub object_type: String,
    /// What its owner says of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// About how many rows it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows_estimate: Option<i64>,
    /// What it takes on disk, indexes included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<i64>,
    /// The SQL that makes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
    /// Its columns, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<ColumnDetails>,
    /// The columns of its primary key.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub primary_key: Vec<String>,
    /// What its rows point at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub foreign_keys: Vec<ForeignKey>,
    /// Which rows elsewhere point at it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub referenced_by: Vec<ForeignKey>,
    /// Its unique, check and exclusion constraints.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub constraints: Vec<Named>,
    /// Its indexes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub indexes: Vec<Named>,
}

/// A column of a table.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ColumnDetails {
    /// Its name.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Whether it may be NULL.
    pub nullable: bool,
    /// Its default, or how it is generated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// What its owner says of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A foreign key.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ForeignKey {
    /// The table that points.
    pub table: String,
    /// Its columns.
    pub columns: Vec<String>,
    /// The table that is pointed at.
    pub references: String,
    /// Its columns.
    pub referenced_columns: Vec<String>,
    /// What happens to rows that point at one that is deleted.
    pub on_delete: String,
}

/// A name and a definition.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// The SQL of it.
    pub definition: String,
}

const RELATION: &str = "\
    SELECT c.oid, left(pg_catalog.obj_description(c.oid, 'pg_class'), 2000) AS comment, \
      CASE WHEN c.relkind IN ('r', 'p', 'm') AND c.reltuples >= 0 THEN c.reltuples::int8 END AS rows, \
      CASE WHEN c.relkind IN ('r', 'm', 'i') THEN pg_catalog.pg_total_relation_size(c.oid) END AS bytes, \
      left(CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(c.oid) \
                WHEN c.relkind IN ('i', 'I') THEN pg_catalog.pg_get_indexdef(c.oid) \
                WHEN c.relkind = 'S' THEN (SELECT format('AS %s START %s INCREMENT %s MINVALUE %s MAXVALUE %s%s', \
                    pg_catalog.format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, \
                    CASE WHEN s.seqcycle THEN ' CYCLE' ELSE '' END) \
                  FROM pg_catalog.pg_sequence s WHERE s.seqrelid = c.oid) END, 20000) AS definition \
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    WHERE n.nspname = $1 AND c.relname = $2";

const COLUMNS: &str = "\
    SELECT a.attname::text AS name, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type, \
      NOT a.attnotnull AS nullable, \
      left(CASE WHEN a.attidentity <> '' THEN 'GENERATED AS IDENTITY' \
                WHEN a.attgenerated <> '' THEN 'GENERATED: ' || pg_catalog.pg_get_expr(d.adbin, d.adrelid) \
                ELSE pg_catalog.pg_get_expr(d.adbin, d.adrelid) END, 500) AS \"default\", \
      left(pg_catalog.col_description(a.attrelid, a.attnum), 500) AS comment \
    FROM pg_catalog.pg_attribute a \
    LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
    WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";

const CONSTRAINTS: &str = "\
    SELECT o.conname::text AS name, o.contype::text AS kind, \
      left(pg_catalog.pg_get_constraintdef(o.oid), 1000) AS definition, \
      o.conrelid::pg_catalog.regclass::text AS from_table, o.confrelid::pg_catalog.regclass::text AS to_table, \
      ARRAY(SELECT a.attname::text FROM unnest(o.conkey) WITH ORDINALITY k(number, place) \
        JOIN pg_catalog.pg_attribute a ON a.attrelid = o.conrelid AND a.attnum = k.number ORDER BY k.place) AS from_columns, \
      ARRAY(SELECT a.attname::text FROM unnest(o.confkey) WITH ORDINALITY k(number, place) \
        JOIN pg_catalog.pg_attribute a ON a.attrelid = o.confrelid AND a.attnum = k.number ORDER BY k.place) AS to_columns, \
      CASE o.confdeltype WHEN 'r' THEN 'restrict' WHEN 'c' THEN 'cascade' WHEN 'n' THEN 'set null' \
        WHEN 'd' THEN 'set default' ELSE 'no action' END AS on_delete, \
      o.conrelid = $1 AS own \
    FROM pg_catalog.pg_constraint o WHERE o.conrelid = $1 OR (o.confrelid = $1 AND o.contype = 'f') \
    ORDER BY o.conname LIMIT 500";

const INDEXES: &str = "\
    SELECT c.relname::text AS name, left(pg_catalog.pg_get_indexdef(i.indexrelid), 1000) \
      || CASE WHEN i.indisvalid THEN '' ELSE ' -- not valid' END AS definition \
    FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
    WHERE i.indrelid = $1 ORDER BY c.relname LIMIT 200";

const FUNCTION: &str = "\
    SELECT left(pg_catalog.obj_description(p.oid, 'pg_proc'), 2000) AS comment, \
      left(CASE WHEN p.prokind IN ('f', 'p') THEN pg_catalog.pg_get_functiondef(p.oid) \
        ELSE format('%s(%s) RETURNS %s', p.proname, pg_catalog.pg_get_function_arguments(p.oid), \
          pg_catalog.pg_get_function_result(p.oid)) END, 20000) AS definition \
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace \
    WHERE n.nspname = $1 AND p.proname = $2 ORDER BY p.oid LIMIT 20";

const EXTENSION: &str = "\
    SELECT left(pg_catalog.obj_description(e.oid, 'pg_extension'), 2000) AS comment, \
      'version ' || e.extversion AS definition, n.nspname::text AS schema \
    FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace \
    WHERE e.extname = $1";

impl Database {
    /// All there is to know of an object.
    ///
    /// # Errors
    /// When there is none of that name and type, or its schema is not shown.
    pub(crate) async fn details(
        &self,
        schema: &str,
        name: &str,
        object_type: ObjectType,
    ) -> Result<Details, PostgresError> {
        let missing = || PostgresError::NoSuchObject {
            what: object_type.as_str(),
            name: format!("{schema}.{name}"),
        };
        let mut details = Details {
            schema: schema.to_owned(),
            name: name.to_owned(),
            object_type: object_type.as_str().to_owned(),
            ..Details::default()
        };
        match object_type {
            ObjectType::Extension => {
                let rows = self.catalogue(EXTENSION, &[&name]).await?;
                let row = rows.first().ok_or_else(missing)?;
                details.schema = get(row, "schema")?;
                details.comment = get(row, "comment")?;
                details.definition = get(row, "definition")?;
            }
            ObjectType::Function => {
                self.shows(schema)?;
                let rows = self.catalogue(FUNCTION, &[&schema, &name]).await?;
                details.comment = get(rows.first().ok_or_else(missing)?, "comment")?;
                let each: Result<Vec<String>, _> =
                    rows.iter().map(|row| get(row, "definition")).collect();
                details.definition = Some(each?.join("\n\n"));
            }
            ObjectType::Column => {
                return Err(PostgresError::NoSuchObject {
                    what: "object of its own for the column",
                    name: name.to_owned(),
                });
            }
            _ => {
                self.shows(schema)?;
                let sql = format!("{RELATION} AND c.relkind IN ({})", object_type.relkinds());
                let rows = self.catalogue(&sql, &[&schema, &name]).await?;
                let row = rows.first().ok_or_else(missing)?;
                details.comment = get(row, "comment")?;
                details.rows_estimate = get(row, "rows")?;
                details.size_bytes = get(row, "bytes")?;
                details.definition = get(row, "definition")?;
                let oid: u32 = get(row, "oid")?;
                self.add_parts(&mut details, oid).await?;
            }
        }
        Ok(details)
    }

    /// What a client reads under the URI of a table: a table, a view or a materialized view.
    pub(crate) async fn relation(
        &self,
        schema: &str,
        name: &str,
    ) -> Result<Details, PostgresError> {
        for object_type in [ObjectType::Table, ObjectType::View, ObjectType::Matview] {
            match self.details(schema, name, object_type).await {
                Err(PostgresError::NoSuchObject { .. }) => {}
                other => return other,
            }
        }
        Err(PostgresError::NoSuchObject {
            what: "table or view",
            name: format!("{schema}.{name}"),
        })
    }

    async fn add_parts(&self, details: &mut Details, oid: u32) -> Result<(), PostgresError> {
        for row in &self.catalogue(COLUMNS, &[&oid]).await? {
            details.columns.push(ColumnDetails {
                name: get(row, "name")?,
                type_name: get(row, "type")?,
                nullable: get(row, "nullable")?,
                default: get(row, "default")?,
                comment: get(row, "comment")?,
            });
        }
        for row in &self.catalogue(CONSTRAINTS, &[&oid]).await? {
            let kind: String = get(row, "kind")?;
            let own: bool = get(row, "own")?;
            match kind.as_str() {
                "p" => details.primary_key = get(row, "from_columns")?,
                "f" => {
                    let key = ForeignKey {
                        table: get(row, "from_table")?,
                        columns: get(row, "from_columns")?,
                        references: get(row, "to_table")?,
                        referenced_columns: get(row, "to_columns")?,
                        on_delete: get(row, "on_delete")?,
                    };
                    // A table that points at itself is both.
                    if key.table == key.references {
                        details.referenced_by.push(key.clone());
                    }
                    if own {
                        details.foreign_keys.push(key);
                    } else {
                        details.referenced_by.push(key);
                    }
                }
                _ => details.constraints.push(Named {
                    name: get(row, "name")?,
                    definition: get(row, "definition")?,
                }),
            }
        }
        for row in &self.catalogue(INDEXES, &[&oid]).await? {
            details.indexes.push(Named {
                name: get(row, "name")?,
                definition: get(row, "definition")?,
            });
        }
        Ok(())
    }
}
