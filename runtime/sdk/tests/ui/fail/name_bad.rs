use mcp_factory_sdk::prelude::*;

#[derive(Debug, Default)]
pub struct Notes;

/// Keeps notes.
#[plugin(name = "My Notes", stateless)]
impl Notes {
    /// Adds a note.
    #[tool(scope = "read", name = "add note")]
    async fn add(&self) -> String {
        String::new()
    }

    /// Adds a note.
    #[tool(scope = "read")]
    async fn größe(&self) -> String {
        String::new()
    }
}

fn main() {}
