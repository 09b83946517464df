use mcp_factory_sdk::prelude::*;

#[derive(Debug, Default)]
pub struct Notes;

/// Keeps notes.
#[plugin(name = "notes", stateless)]
impl Notes {
    /// Adds a note.
    #[tool(scope = "read", timeout = "5")]
    async fn t0(&self) -> String {
        String::new()
    }

    /// Adds a note.
    #[tool(scope = "read", timeout = "5 seconds")]
    async fn t1(&self) -> String {
        String::new()
    }

    /// Adds a note.
    #[tool(scope = "read", timeout = "0s")]
    async fn t2(&self) -> String {
        String::new()
    }
}

fn main() {}
