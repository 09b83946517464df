use mcp_factory_sdk::prelude::*;

#[derive(Debug, Default)]
pub struct Notes;

/// Keeps notes.
#[plugin(name = "notes")]
impl<T> Many<T> {
    /// Adds a note.
    #[tool(scope = "read")]
    async fn add(&self) -> String {
        String::new()
    }
}

pub struct Many<T>(T);

fn main() {}
