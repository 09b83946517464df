use mcp_factory_sdk::prelude::*;

#[derive(Debug, Default)]
pub struct Notes;

pub struct Diary;

/// Keeps notes.
#[plugin(name = "notes", stateless)]
impl Diary {
    /// Adds a note.
    #[tool(scope = "read")]
    async fn add(&self) -> String {
        String::new()
    }
}

fn main() {}
