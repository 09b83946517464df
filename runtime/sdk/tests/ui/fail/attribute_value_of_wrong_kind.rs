use mcp_factory_sdk::prelude::*;

#[derive(Debug, Default)]
pub struct Notes;

/// Keeps notes.
#[plugin(name = "notes", stateless)]
impl Notes {
    /// Adds a note.
    #[tool(scope = "read", title = 3, read_only = "yes", timeout, input_schema = "schema")]
    async fn add(
        &self,
        /// All of it.
        all: serde_json::Value,
    ) -> String {
        all.to_string()
    }

    /// Adds two.
    #[tool = "read"]
    async fn add_two(&self) -> String {
        String::new()
    }

    /// Adds three.
    #[tool(scope = "read" title = "Add", title = "")]
    async fn add_three(&self) -> String {
        String::new()
    }
}

fn main() {}
