//! The graph as it goes over the wire: the names of the fields are those of the reference server.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A thing that is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewEntity {
    /// Its name, unique.
    pub name: String,
    /// Such as person.
    pub entity_type: String,
    /// What is known about it, one fact each.
    pub observations: Vec<String>,
}

/// An entity as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Entity {
    /// Its name.
    pub name: String,
    /// Such as person.
    pub entity_type: String,
    /// What is known about it.
    pub observations: Vec<String>,
    /// How many were left out for their length.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observations_omitted: Option<usize>,
}

/// How one entity stands to another, in active voice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Relation {
    /// Where it starts.
    pub from: String,
    /// Where it leads.
    pub to: String,
    /// Such as `works_at`.
    pub relation_type: String,
}

/// Observations to add to an entity.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Addition {
    /// The entity, which must exist.
    pub entity_name: String,
    /// The observations.
    pub contents: Vec<String>,
}

/// Observations to take from an entity.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Deletion {
    /// The entity.
    pub entity_name: String,
    /// The observations, word for word.
    pub observations: Vec<String>,
}

/// A part of the graph, or all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Graph {
    /// Oldest first.
    pub entities: Vec<Entity>,
    /// Oldest first.
    pub relations: Vec<Relation>,
    /// There is more.
    pub truncated: bool,
    /// Pass it as `cursor` for what follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// What was made.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CreatedEntities {
    /// The entities that are new.
    pub entities: Vec<NewEntity>,
    /// Names that were taken; `add_observations` adds to those.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub existing: Vec<String>,
}

/// What was made.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CreatedRelations {
    /// The relations that are new.
    pub relations: Vec<Relation>,
}

/// What was added.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Additions {
    /// One for each entity, in the order of the call.
    pub results: Vec<Added>,
}

/// What was added to one entity.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Added {
    /// The entity.
    pub entity_name: String,
    /// The observations that are new.
    pub added_observations: Vec<String>,
}

/// What was deleted.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Deleted {
    /// Always true; a failure is an error.
    pub success: bool,
    /// How much was deleted.
    pub message: String,
}
