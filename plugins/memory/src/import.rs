//! Taking over the file of another memory server: a JSON object a line, entities and relations.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};
use serde::Deserialize;

use crate::config::{ConfigError, Limits};
use crate::error::MemoryError;
use crate::graph::{NewEntity, Relation};
use crate::write::{entities_fit, put_entity, put_relation, relations_fit};

/// The longest line, in bytes.
const LONGEST_LINE: u64 = 16 << 20;

/// A line of such a file. What it has beside these is left out.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Line {
    Entity {
        name: String,
        #[serde(rename = "entityType")]
        entity_type: String,
        #[serde(default)]
        observations: Vec<String>,
    },
    Relation {
        from: String,
        to: String,
        #[serde(rename = "relationType")]
        relation_type: String,
    },
}

/// Imports the file, unless it was imported before: what was deleted since then stays deleted. All of it or
/// nothing.
pub(crate) fn once(
    connection: &mut Connection,
    source: &Path,
    limits: &Limits,
) -> Result<(), ConfigError> {
    let unreadable = |error: std::io::Error| ConfigError::ImportUnreadable {
        path: source.to_owned(),
        reason: error.to_string(),
    };
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let known = source.to_string_lossy();
    let done = transaction
        .prepare("SELECT 1 FROM imported WHERE path = ?1")?
        .exists([&known])?;
    if done {
        return Ok(());
    }
    let mut reader = BufReader::new(File::open(source).map_err(unreadable)?);
    let mut number = 0;
    let mut line = String::new();
    loop {
        line.clear();
        number += 1;
        let wrong = |reason: String| ConfigError::ImportLine {
            path: source.to_owned(),
            line: number,
            reason,
        };
        let mut limited = reader.by_ref().take(LONGEST_LINE);
        let length = limited.read_line(&mut line);
        let length = length.map_err(|error| wrong(error.to_string()))?;
        if length == 0 {
            break;
        }
        if line.trim().is_empty() {
            continue;
        }
        if length as u64 == LONGEST_LINE {
            return Err(wrong(format!("it is longer than {LONGEST_LINE} bytes")));
        }
        let told = |error: MemoryError| wrong(error.to_string());
        match serde_json::from_str(&line) {
            Err(error) => return Err(wrong(format!("it is no entity and no relation: {error}"))),
            Ok(Line::Entity {
                name,
                entity_type,
                observations,
            }) => {
                let entity = NewEntity {
                    name,
                    entity_type,
                    observations,
                };
                put_entity(&transaction, limits, "", entity).map_err(told)?;
            }
            Ok(Line::Relation {
                from,
                to,
                relation_type,
            }) => {
                let relation = Relation {
                    from,
                    to,
                    relation_type,
                };
                put_relation(&transaction, "", &relation).map_err(told)?;
            }
        }
    }
    let whole = |error: MemoryError| ConfigError::ImportUnreadable {
        path: source.to_owned(),
        reason: error.to_string(),
    };
    entities_fit(&transaction, limits, "").map_err(whole)?;
    relations_fit(&transaction, limits, "").map_err(whole)?;
    transaction.execute(
        "INSERT INTO imported VALUES (?1, datetime('now'))",
        [&known],
    )?;
    transaction.commit()?;
    Ok(())
}
