//! A knowledge graph that survives restarts, kept in SQLite transactions.
//!
//! The tools have the names, parameters and results of the reference memory server, so that a client moves
//! over unchanged. This file is the plugin's face; the work is done by [`Store`], which knows no protocol.

#![forbid(unsafe_code)]

mod config;
mod cursor;
mod delete;
mod error;
mod graph;
mod import;
mod read;
mod schema;
mod store;
mod write;

use mcp_factory_sdk::{Event, prelude::*};

pub use config::{Config, ConfigError, Graphs, Mode};
pub use error::MemoryError;
pub use graph::{
    Added, Addition, Additions, CreatedEntities, CreatedRelations, Deleted, Deletion, Entity,
    Graph, NewEntity, Relation,
};
pub use read::{LARGEST_PAGE, Selection};
pub use store::Store;

/// The plugin: the open file.
#[derive(Debug)]
pub struct Memory {
    store: Store,
}

impl Plugin for Memory {
    type Config = Config;

    async fn start(config: Config, context: &StartContext) -> Result<Self, StartError> {
        let opened = tokio::task::spawn_blocking(move || Store::open(&config)).await?;
        let store = opened.map_err(|error| match error {
            ConfigError::NoPath => StartError::new(format!(
                "{error}; for example with --set 'plugins.{}.path=\"/srv/memory.db\"'",
                context.mount()
            )),
            error => error.into(),
        })?;
        Ok(Self { store })
    }

    async fn stop(&self) {
        self.store.close().await;
    }

    async fn health(&self) -> Health {
        let (used, size) = self.store.usage();
        // When all connections work, the graph works; a look of our own would only wait.
        let trouble = if used == size {
            None
        } else {
            self.store.probe().await.err()
        };
        let health = match trouble {
            None => Health::ok(),
            Some(error) => Health::failing(error.to_string()),
        };
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let (used, size) = (used as f64, size as f64);
        health
            .gauge("connections_in_use", used)
            .gauge("connections_max", size)
    }
}

/// Every failure of the domain is written for the model, with its cause for the log.
fn told(error: MemoryError) -> ToolError {
    let message = error.to_string();
    match error {
        MemoryError::Storage(cause) => ToolError::unavailable(message).because(cause),
        MemoryError::Lost(cause) => ToolError::internal(cause),
        MemoryError::Busy | MemoryError::Stopping => ToolError::unavailable(message),
        MemoryError::TimedOut => ToolError::timed_out(message),
        MemoryError::NoEntity { .. } => ToolError::not_found(message),
        MemoryError::BadCursor(_) | MemoryError::Empty { .. } | MemoryError::TooLong { .. } => {
            ToolError::invalid_arguments(message)
        }
        _ => ToolError::new(message),
    }
}

const URI: &str = "memory://knowledge-graph";

impl Memory {
    fn owner(&self, cx: &Context) -> String {
        self.store.owner(cx.principal().key())
    }

    async fn page(
        &self,
        cx: &Context,
        selection: Selection,
        limit: u32,
        cursor: Option<String>,
    ) -> Result<Graph, ToolError> {
        let owner = self.owner(cx);
        let page = self.store.graph(owner, selection, limit, cursor).await;
        page.map_err(told)
    }
}

/// Tells those who subscribed to the graph.
fn changed(cx: &Context) {
    cx.publish(Event::ResourceUpdated(URI.to_owned()));
}

/// A memory: entities, what is known about them, and how they stand to each other.
#[plugin(name = "memory")]
impl Memory {
    /// Makes entities. One whose name is taken is left as it is.
    #[tool(scope = "write", title = "Create entities", destructive = false)]
    async fn create_entities(
        &self,
        cx: &Context,
        /// The entities.
        #[arg(max_length = 1000)]
        entities: Vec<NewEntity>,
    ) -> Result<CreatedEntities, ToolError> {
        let created = self.store.create_entities(self.owner(cx), entities).await;
        let created = created.map_err(told)?;
        changed(cx);
        Ok(created)
    }

    /// Makes relations between entities, in active voice. One that exists is not made again.
    #[tool(scope = "write", title = "Create relations", destructive = false)]
    async fn create_relations(
        &self,
        cx: &Context,
        /// The relations.
        #[arg(max_length = 1000)]
        relations: Vec<Relation>,
    ) -> Result<CreatedRelations, ToolError> {
        let created = self.store.create_relations(self.owner(cx), relations).await;
        let created = created.map_err(told)?;
        changed(cx);
        Ok(created)
    }

    /// Adds observations to entities that exist.
    #[tool(scope = "write", title = "Add observations", destructive = false)]
    async fn add_observations(
        &self,
        cx: &Context,
        /// The observations, by entity.
        #[arg(max_length = 1000)]
        observations: Vec<Addition>,
    ) -> Result<Additions, ToolError> {
        let owner = self.owner(cx);
        let added = self.store.add_observations(owner, observations).await;
        let added = added.map_err(told)?;
        changed(cx);
        Ok(added)
    }

    /// Deletes entities, their observations and their relations.
    #[tool(scope = "write", title = "Delete entities", destructive, idempotent)]
    async fn delete_entities(
        &self,
        cx: &Context,
        /// Their names.
        #[arg(name = "entityNames", max_length = 1000)]
        entity_names: Vec<String>,
    ) -> Result<Deleted, ToolError> {
        let owner = self.owner(cx);
        let deleted = self.store.delete_entities(owner, entity_names).await;
        let deleted = deleted.map_err(told)?;
        changed(cx);
        Ok(deleted)
    }

    /// Deletes observations of entities, given word for word.
    #[tool(
        scope = "write",
        title = "Delete observations",
        destructive,
        idempotent
    )]
    async fn delete_observations(
        &self,
        cx: &Context,
        /// The observations, by entity.
        #[arg(max_length = 1000)]
        deletions: Vec<Deletion>,
    ) -> Result<Deleted, ToolError> {
        let owner = self.owner(cx);
        let deleted = self.store.delete_observations(owner, deletions).await;
        let deleted = deleted.map_err(told)?;
        changed(cx);
        Ok(deleted)
    }

    /// Deletes relations.
    #[tool(scope = "write", title = "Delete relations", destructive, idempotent)]
    async fn delete_relations(
        &self,
        cx: &Context,
        /// The relations.
        #[arg(max_length = 1000)]
        relations: Vec<Relation>,
    ) -> Result<Deleted, ToolError> {
        let owner = self.owner(cx);
        let deleted = self.store.delete_relations(owner, relations).await;
        let deleted = deleted.map_err(told)?;
        changed(cx);
        Ok(deleted)
    }

    /// Reads the graph: entities, then relations. A large one comes in pages.
    #[tool(scope = "read", title = "Read graph", read_only)]
    async fn read_graph(
        &self,
        cx: &Context,
        /// How many entities and relations a page has.
        #[arg(default = LARGEST_PAGE, minimum = 1, maximum = 5000)]
        limit: u32,
        /// `next_cursor` of the page before.
        cursor: Option<String>,
    ) -> Result<Graph, ToolError> {
        self.page(cx, Selection::All, limit, cursor).await
    }

    /// Finds entities by a text in their name, type or observations, with the relations that touch them.
    #[tool(scope = "read", title = "Search nodes", read_only)]
    async fn search_nodes(
        &self,
        cx: &Context,
        /// The text; letter case does not matter.
        #[arg(max_length = 1000)]
        query: String,
        /// How many entities and relations a page has.
        #[arg(default = LARGEST_PAGE, minimum = 1, maximum = 5000)]
        limit: u32,
        /// `next_cursor` of the page before.
        cursor: Option<String>,
    ) -> Result<Graph, ToolError> {
        self.page(cx, Selection::Holding(query), limit, cursor)
            .await
    }

    /// Opens entities by name, with the relations that touch them.
    #[tool(scope = "read", title = "Open nodes", read_only)]
    async fn open_nodes(
        &self,
        cx: &Context,
        /// Their names.
        #[arg(max_length = 1000)]
        names: Vec<String>,
        /// `next_cursor` of the page before.
        cursor: Option<String>,
    ) -> Result<Graph, ToolError> {
        self.page(cx, Selection::Named(names), LARGEST_PAGE, cursor)
            .await
    }

    /// The graph, or its first page where it is large.
    #[resource(
        uri = "memory://knowledge-graph",
        scope = "read",
        name = "knowledge-graph",
        title = "Knowledge graph",
        mime_type = "application/json"
    )]
    async fn knowledge_graph(&self, cx: &Context) -> Result<String, ToolError> {
        let page = self.page(cx, Selection::All, LARGEST_PAGE, None).await?;
        Ok(serde_json::to_string_pretty(&page)?)
    }
}
