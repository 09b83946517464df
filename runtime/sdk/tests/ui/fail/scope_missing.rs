use mcp_factory_sdk::prelude::*;

#[derive(Debug, Default)]
pub struct Notes;

/// Keeps notes.
#[plugin(name = "notes", stateless)]
impl Notes {
    /// Adds a note.
    #[tool]
    async fn add(&self) -> String {
        String::new()
    }

    /// The notes.
    #[resource(uri = "notes://all")]
    async fn all(&self) -> String {
        String::new()
    }

    /// Summarises.
    #[prompt(title = "Summarise")]
    async fn summarise(&self) -> String {
        String::new()
    }
}

fn main() {}
