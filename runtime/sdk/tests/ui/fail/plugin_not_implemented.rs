use mcp_factory_sdk::prelude::*;

#[derive(Debug, Default)]
pub struct Notes;

/// Keeps notes.
#[plugin(name = "notes")]
impl Notes {
    /// Adds a note.
    #[tool(scope = "read")]
    async fn add(&self) -> String {
        String::new()
    }

    /// Adds a note.
    #[tool(scope = "read")]
    async fn more(&self) -> String {
        String::new()
    }
}

fn main() {}
