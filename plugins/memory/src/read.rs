//! Looking at the graph, page by page: entities first, then relations, each oldest first.

use rusqlite::{Statement, ToSql, Transaction, named_params};

use crate::cursor::{self, Position};
use crate::error::MemoryError;
use crate::graph::{Entity, Graph, Relation};
use crate::store::Store;

/// Which part of the graph is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// All of it.
    All,
    /// Entities whose name, type or observations hold the text, in any letter case, and their relations.
    Holding(String),
    /// The entities of these names, and their relations.
    Named(Vec<String>),
}

/// The most entities and relations of one answer.
pub const LARGEST_PAGE: u32 = 5000;

impl Store {
    /// A page of the selected part.
    ///
    /// # Errors
    /// When the cursor is of another selection, or the graph cannot be used.
    pub async fn graph(
        &self,
        owner: String,
        selection: Selection,
        limit: u32,
        cursor: Option<String>,
    ) -> Result<Graph, MemoryError> {
        let selected = cursor::key(&selection);
        let start = match cursor {
            Some(cursor) => Position::decode(selected, &cursor)?,
            None => Position::default(),
        };
        self.read(move |transaction, limits| {
            let mut page = Page {
                graph: Graph::default(),
                room: limits.bytes,
                left: limit.min(LARGEST_PAGE),
                reached: start,
            };
            let more = page.entities(transaction, &owner, &selection)?
                || page.relations(transaction, &owner, &selection)?;
            page.graph.truncated |= more;
            page.graph.next_cursor = more.then(|| page.reached.encode(selected));
            Ok(page.graph)
        })
        .await
    }
}

struct Page {
    graph: Graph,
    /// Bytes that may still be filled.
    room: usize,
    /// Entities and relations that may still be added.
    left: u32,
    reached: Position,
}

/// What a text adds to an answer beside itself: quotes, commas and what must be escaped.
fn weight(text: &str) -> usize {
    let escapes = text.bytes().filter(|byte| matches!(byte, b'"' | b'\\'));
    let controls = text.bytes().filter(|byte| *byte < 0x20);
    text.len() + 3 + escapes.count() + 5 * controls.count()
}

const ENTITY: usize = 60;
const RELATION: usize = 50;

impl Page {
    /// Adds entities; whether there are more.
    fn entities(
        &mut self,
        transaction: &Transaction<'_>,
        owner: &str,
        selection: &Selection,
    ) -> Result<bool, MemoryError> {
        let sql = format!(
            "SELECT id, name, type FROM entity WHERE owner = :owner AND id > :last AND {} ORDER BY id",
            chosen(selection)
        );
        let mut statement = transaction.prepare(&sql)?;
        let last = self.reached.entity;
        bind(&mut statement, owner, last, selection)?;
        let mut observations =
            transaction.prepare("SELECT content FROM observation WHERE entity = ?1 ORDER BY id")?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            let (id, name, entity_type): (i64, String, String) =
                (row.get(0)?, row.get(1)?, row.get(2)?);
            let mut needed = ENTITY + weight(&name) + weight(&entity_type);
            let first = self.graph.entities.is_empty();
            if self.left == 0 || (needed > self.room && !first) {
                return Ok(true);
            }
            let mut kept = Vec::new();
            let mut omitted = 0;
            let mut contents = observations.query([id])?;
            while let Some(row) = contents.next()? {
                let content: String = row.get(0)?;
                if needed + weight(&content) <= self.room && omitted == 0 {
                    needed += weight(&content);
                    kept.push(content);
                } else if first {
                    omitted += 1;
                } else {
                    return Ok(true);
                }
            }
            self.graph.truncated |= omitted > 0;
            self.graph.entities.push(Entity {
                name,
                entity_type,
                observations: kept,
                observations_omitted: (omitted > 0).then_some(omitted),
            });
            self.room = self.room.saturating_sub(needed);
            self.left -= 1;
            self.reached.entity = id;
        }
        Ok(false)
    }

    /// Adds relations; whether there are more.
    fn relations(
        &mut self,
        transaction: &Transaction<'_>,
        owner: &str,
        selection: &Selection,
    ) -> Result<bool, MemoryError> {
        let touching = match selection {
            Selection::All => String::new(),
            _ => "AND (source IN (SELECT name FROM chosen) OR target IN (SELECT name FROM chosen))"
                .to_owned(),
        };
        let sql = format!(
            "WITH chosen AS MATERIALIZED (SELECT name FROM entity WHERE owner = :owner AND {})
             SELECT id, source, target, type FROM relation WHERE owner = :owner AND id > :last {touching} ORDER BY id",
            chosen(selection)
        );
        let mut statement = transaction.prepare(&sql)?;
        bind(&mut statement, owner, self.reached.relation, selection)?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            let relation = Relation {
                from: row.get(1)?,
                to: row.get(2)?,
                relation_type: row.get(3)?,
            };
            let needed = RELATION
                + weight(&relation.from)
                + weight(&relation.to)
                + weight(&relation.relation_type);
            let nothing = self.graph.entities.is_empty() && self.graph.relations.is_empty();
            if self.left == 0 || (needed > self.room && !nothing) {
                return Ok(true);
            }
            self.graph.relations.push(relation);
            self.room = self.room.saturating_sub(needed);
            self.left -= 1;
            self.reached.relation = row.get(0)?;
        }
        Ok(false)
    }
}

/// The condition on entities. What it compares with is `:what`.
fn chosen(selection: &Selection) -> &'static str {
    match selection {
        Selection::All => "true",
        Selection::Named(_) => "name IN (SELECT value FROM json_each(:what))",
        Selection::Holding(_) => {
            "(holds(name, :what) OR holds(type, :what) OR EXISTS (
                SELECT 1 FROM observation WHERE entity = entity.id AND holds(content, :what)))"
        }
    }
}

fn bind(
    statement: &mut Statement<'_>,
    owner: &str,
    last: i64,
    selection: &Selection,
) -> Result<(), MemoryError> {
    let what = match selection {
        Selection::All => String::new(),
        Selection::Holding(text) => text.to_lowercase(),
        Selection::Named(names) => serde_json::Value::from(names.as_slice()).to_string(),
    };
    let values: &[(&str, &dyn ToSql)] =
        named_params! { ":owner": owner, ":last": last, ":what": what };
    for (name, value) in values {
        if let Some(index) = statement.parameter_index(name)? {
            statement.raw_bind_parameter(index, value)?;
        }
    }
    Ok(())
}
