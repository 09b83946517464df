use mcp_factory_sdk::prelude::*;

#[derive(Debug, Default)]
pub struct Notes;

/// Keeps notes.
#[plugin(name = "notes", stateless)]
impl Notes {
    /// Adds a note.
    #[tool(scope = "read", read_only, destructive)]
    async fn add(&self) -> String {
        String::new()
    }
}

fn main() {}
