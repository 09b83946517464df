//! Taking from the graph. What is not there is no error: deleting twice is deleting.

use crate::error::MemoryError;
use crate::graph::{Deleted, Deletion, Relation};
use crate::store::Store;

impl Store {
    /// Deletes entities with their observations, and every relation that names them.
    ///
    /// # Errors
    /// When the graph is read-only or cannot be used.
    pub async fn delete_entities(
        &self,
        owner: String,
        names: Vec<String>,
    ) -> Result<Deleted, MemoryError> {
        self.change(move |transaction, _| {
            let mut entity =
                transaction.prepare("DELETE FROM entity WHERE owner = ?1 AND name = ?2")?;
            let mut starting =
                transaction.prepare("DELETE FROM relation WHERE owner = ?1 AND source = ?2")?;
            let mut ending =
                transaction.prepare("DELETE FROM relation WHERE owner = ?1 AND target = ?2")?;
            let (mut entities, mut relations) = (0, 0);
            for name in &names {
                entities += entity.execute((&owner, name))?;
                relations += starting.execute((&owner, name))? + ending.execute((&owner, name))?;
            }
            Ok(deleted(&format!(
                "{} and {}",
                counted(entities, "entity", "entities"),
                counted(relations, "relation", "relations")
            )))
        })
        .await
    }

    /// Deletes observations.
    ///
    /// # Errors
    /// When the graph is read-only or cannot be used.
    pub async fn delete_observations(
        &self,
        owner: String,
        deletions: Vec<Deletion>,
    ) -> Result<Deleted, MemoryError> {
        self.change(move |transaction, _| {
            let mut statement = transaction.prepare(
                "DELETE FROM observation WHERE content = ?3
                 AND entity = (SELECT id FROM entity WHERE owner = ?1 AND name = ?2)",
            )?;
            let mut count = 0;
            for deletion in &deletions {
                for content in &deletion.observations {
                    count += statement.execute((&owner, &deletion.entity_name, content))?;
                }
            }
            Ok(deleted(&counted(count, "observation", "observations")))
        })
        .await
    }

    /// Deletes relations.
    ///
    /// # Errors
    /// When the graph is read-only or cannot be used.
    pub async fn delete_relations(
        &self,
        owner: String,
        relations: Vec<Relation>,
    ) -> Result<Deleted, MemoryError> {
        self.change(move |transaction, _| {
            let mut statement = transaction.prepare(
                "DELETE FROM relation WHERE owner = ?1 AND source = ?2 AND target = ?3 AND type = ?4",
            )?;
            let mut count = 0;
            for relation in &relations {
                let Relation {
                    from,
                    to,
                    relation_type,
                } = relation;
                count += statement.execute((&owner, from, to, relation_type))?;
            }
            Ok(deleted(&counted(count, "relation", "relations")))
        })
        .await
    }
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn deleted(what: &str) -> Deleted {
    Deleted {
        success: true,
        message: format!("{what} deleted"),
    }
}
