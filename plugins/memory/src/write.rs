//! Adding to the graph. What is there already is left as it is.

use rusqlite::{OptionalExtension, Transaction, params};

use crate::config::Limits;
use crate::error::MemoryError;
use crate::graph::{
    Added, Addition, Additions, CreatedEntities, CreatedRelations, NewEntity, Relation,
};
use crate::store::Store;

/// The longest name of an entity, a type or a relation, in characters.
const LONGEST_NAME: usize = 500;

impl Store {
    /// Makes entities. One whose name is taken is not made.
    ///
    /// # Errors
    /// When a limit would be passed; then nothing is made.
    pub async fn create_entities(
        &self,
        owner: String,
        entities: Vec<NewEntity>,
    ) -> Result<CreatedEntities, MemoryError> {
        self.change(move |transaction, limits| {
            let mut created = CreatedEntities {
                entities: Vec::new(),
                existing: Vec::new(),
            };
            for entity in entities {
                let name = entity.name.clone();
                match put_entity(transaction, limits, &owner, entity)? {
                    Some(entity) => created.entities.push(entity),
                    None => created.existing.push(name),
                }
            }
            entities_fit(transaction, limits, &owner)?;
            Ok(created)
        })
        .await
    }

    /// Makes relations. One that is there already is not made again.
    ///
    /// # Errors
    /// When a limit would be passed; then nothing is made.
    pub async fn create_relations(
        &self,
        owner: String,
        relations: Vec<Relation>,
    ) -> Result<CreatedRelations, MemoryError> {
        self.change(move |transaction, limits| {
            let mut created = Vec::new();
            for relation in relations {
                if put_relation(transaction, &owner, &relation)? {
                    created.push(relation);
                }
            }
            relations_fit(transaction, limits, &owner)?;
            Ok(CreatedRelations { relations: created })
        })
        .await
    }

    /// Adds observations to entities.
    ///
    /// # Errors
    /// When one of the entities does not exist, or a limit would be passed; then nothing is added.
    pub async fn add_observations(
        &self,
        owner: String,
        additions: Vec<Addition>,
    ) -> Result<Additions, MemoryError> {
        self.change(move |transaction, limits| {
            let mut results = Vec::new();
            for addition in additions {
                let name = addition.entity_name;
                let id: Option<i64> = transaction
                    .prepare("SELECT id FROM entity WHERE owner = ?1 AND name = ?2")?
                    .query_row((&owner, &name), |row| row.get(0))
                    .optional()?;
                let Some(id) = id else {
                    return Err(MemoryError::NoEntity { name });
                };
                results.push(Added {
                    added_observations: observe(transaction, limits, id, &name, addition.contents)?,
                    entity_name: name,
                });
            }
            Ok(Additions { results })
        })
        .await
    }
}

/// The entity as it was made; `None` when its name is taken.
pub(crate) fn put_entity(
    transaction: &Transaction<'_>,
    limits: &Limits,
    owner: &str,
    mut entity: NewEntity,
) -> Result<Option<NewEntity>, MemoryError> {
    named("the name of an entity", &entity.name)?;
    named("the type of an entity", &entity.entity_type)?;
    let made = transaction
        .prepare(
            "INSERT INTO entity (owner, name, type) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        )?
        .execute((owner, &entity.name, &entity.entity_type))?;
    if made == 0 {
        return Ok(None);
    }
    let id = transaction.last_insert_rowid();
    let observations = std::mem::take(&mut entity.observations);
    entity.observations = observe(transaction, limits, id, &entity.name, observations)?;
    Ok(Some(entity))
}

/// The observations that are new to the entity.
fn observe(
    transaction: &Transaction<'_>,
    limits: &Limits,
    entity: i64,
    name: &str,
    contents: Vec<String>,
) -> Result<Vec<String>, MemoryError> {
    let mut insert = transaction.prepare(
        "INSERT INTO observation (entity, content) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
    )?;
    let mut added = Vec::new();
    for content in contents {
        fits("an observation", &content, limits.observation_chars)?;
        if insert.execute(params![entity, content])? == 1 {
            added.push(content);
        }
    }
    let sql = "SELECT count(*) FROM observation WHERE entity = ?1";
    let count: u32 = transaction
        .prepare(sql)?
        .query_row([entity], |row| row.get(0))?;
    if u64::from(count) > limits.observations {
        return Err(MemoryError::TooManyObservations {
            name: name.chars().take(80).collect(),
            limit: limits.observations,
        });
    }
    Ok(added)
}

/// Whether the relation is new.
pub(crate) fn put_relation(
    transaction: &Transaction<'_>,
    owner: &str,
    relation: &Relation,
) -> Result<bool, MemoryError> {
    named("`from` of a relation", &relation.from)?;
    named("`to` of a relation", &relation.to)?;
    named("the type of a relation", &relation.relation_type)?;
    let made = transaction
        .prepare(
            "INSERT INTO relation (owner, source, target, type) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
        )?
        .execute((owner, &relation.from, &relation.to, &relation.relation_type))?;
    Ok(made == 1)
}

pub(crate) fn entities_fit(
    transaction: &Transaction<'_>,
    limits: &Limits,
    owner: &str,
) -> Result<(), MemoryError> {
    let count: u32 = transaction
        .prepare("SELECT count(*) FROM entity WHERE owner = ?1")?
        .query_row([owner], |row| row.get(0))?;
    if u64::from(count) > limits.entities {
        return Err(MemoryError::Full {
            what: "entities",
            limit: limits.entities,
        });
    }
    Ok(())
}

pub(crate) fn relations_fit(
    transaction: &Transaction<'_>,
    limits: &Limits,
    owner: &str,
) -> Result<(), MemoryError> {
    let count: u32 = transaction
        .prepare("SELECT count(*) FROM relation WHERE owner = ?1")?
        .query_row([owner], |row| row.get(0))?;
    if u64::from(count) > limits.relations {
        return Err(MemoryError::Full {
            what: "relations",
            limit: limits.relations,
        });
    }
    Ok(())
}

fn named(what: &'static str, name: &str) -> Result<(), MemoryError> {
    if name.is_empty() {
        return Err(MemoryError::Empty { what });
    }
    fits(what, name, LONGEST_NAME)
}

fn fits(what: &'static str, text: &str, limit: usize) -> Result<(), MemoryError> {
    let length = text.chars().count();
    if length > limit {
        return Err(MemoryError::TooLong {
            what,
            length,
            limit,
        });
    }
    Ok(())
}
