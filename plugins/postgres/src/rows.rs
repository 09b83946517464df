//! Rows on their way into an answer: so many, and so many bytes.

use std::fmt;

use futures_util::{TryStreamExt, pin_mut};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use tokio_postgres::{Portal, Row, RowStream};

use crate::{
    columns::Column,
    csv,
    error::PostgresError,
    session::Scope,
    shape::Shape,
    value::{self, Raw},
};

/// The most rows that are asked for at a time.
const BATCH: usize = 100;

/// How an answer shows its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "a schema reads better as a plain list")]
pub enum Format {
    Rows,
    Csv,
}

/// What one answer may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) rows: usize,
    pub(crate) bytes: usize,
}

/// Rows as JSON text: an array of arrays, in the order of the columns.
#[derive(Clone)]
pub struct JsonRows(Box<RawValue>);

impl fmt::Debug for JsonRows {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "JsonRows({} bytes)", self.0.get().len())
    }
}

impl Serialize for JsonRows {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl JsonSchema for JsonRows {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Rows".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "array", "items": { "type": "array" } })
    }

    fn inline_schema() -> bool {
        true
    }
}

/// Gathers rows.
#[derive(Debug)]
pub(crate) struct Sink<'a> {
    shapes: &'a [Shape],
    format: Format,
    limits: Limits,
    text: String,
    /// A row that is being written.
    row: String,
    /// How many rows there are.
    pub(crate) count: usize,
    /// Whether there were more.
    pub(crate) truncated: bool,
}

impl<'a> Sink<'a> {
    pub(crate) fn new(
        columns: &[Column],
        shapes: &'a [Shape],
        format: Format,
        limits: Limits,
    ) -> Self {
        let text = match format {
            Format::Rows => "[".to_owned(),
            Format::Csv => csv::header(columns.iter().map(|column| column.name.as_str())),
        };
        Self {
            shapes,
            format,
            limits,
            text,
            row: String::new(),
            count: 0,
            truncated: false,
        }
    }

    /// Takes all that fits from a portal.
    pub(crate) async fn fill(
        &mut self,
        scope: &Scope<'_>,
        portal: &Portal,
    ) -> Result<(), PostgresError> {
        // One more than may be shown tells whether there are more.
        let mut wanted = self.limits.rows + 1;
        while wanted > 0 && !self.truncated {
            let batch = wanted.min(BATCH);
            let size = i32::try_from(batch).unwrap_or(i32::MAX);
            let rows = scope.transaction.query_portal_raw(portal, size).await;
            let rows = rows.map_err(|error| scope.fault(&error, "", 0))?;
            let got = self.drain(scope, rows).await?.0;
            if got < batch {
                break;
            }
            wanted -= got;
        }
        Ok(())
    }

    /// Reads a stream to its end and keeps what fits. Returns how many rows came, and how many were affected.
    pub(crate) async fn drain(
        &mut self,
        scope: &Scope<'_>,
        rows: RowStream,
    ) -> Result<(usize, u64), PostgresError> {
        pin_mut!(rows);
        let mut got = 0;
        while let Some(row) = rows
            .try_next()
            .await
            .map_err(|error| scope.fault(&error, "", 0))?
        {
            got += 1;
            if !self.truncated {
                self.push(&row)?;
            }
        }
        Ok((got, rows.rows_affected().unwrap_or_default()))
    }

    fn push(&mut self, row: &Row) -> Result<(), PostgresError> {
        if self.count == self.limits.rows {
            self.truncated = true;
            return Ok(());
        }
        self.row.clear();
        match self.format {
            Format::Rows => self.row.push_str(if self.count > 0 { ",[" } else { "[" }),
            Format::Csv => {}
        }
        for (index, shape) in self.shapes.iter().enumerate() {
            if index > 0 {
                self.row.push(',');
            }
            let value = row.try_get::<_, Option<Raw<'_>>>(index);
            let value = value.map_err(|error| PostgresError::Protocol(error.to_string()))?;
            let from = self.row.len();
            match value {
                None => self.row.push_str("null"),
                Some(Raw(bytes)) => value::write(&mut self.row, shape, bytes).map_err(|_| {
                    PostgresError::Protocol(format!("a value is not of the form of {shape:?}"))
                })?,
            }
            if self.format == Format::Csv {
                let json = self.row.split_off(from);
                csv::field(&mut self.row, &json);
            }
            if self.row.len() > self.limits.bytes {
                break;
            }
        }
        self.row.push(match self.format {
            Format::Rows => ']',
            Format::Csv => '\n',
        });
        if self.text.len() + self.row.len() > self.limits.bytes {
            if self.count == 0 {
                return Err(PostgresError::RowTooLarge {
                    limit: self.limits.bytes,
                });
            }
            self.truncated = true;
            return Ok(());
        }
        self.text.push_str(&self.row);
        self.count += 1;
        Ok(())
    }

    /// The rows as JSON, or else as CSV.
    pub(crate) fn finish(mut self) -> Result<(Option<JsonRows>, Option<String>), PostgresError> {
        match self.format {
            Format::Rows => {
                self.text.push(']');
                let rows = RawValue::from_string(self.text)
                    .map_err(|error| PostgresError::Protocol(error.to_string()))?;
                Ok((Some(JsonRows(rows)), None))
            }
            Format::Csv => Ok((None, Some(self.text))),
        }
    }
}
