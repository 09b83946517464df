use mcp_factory_sdk::prelude::*;

#[derive(Debug, Default)]
pub struct Notes;

/// Keeps notes.
#[plugin(name = "notes", stateless)]
impl Notes {
    /// Adds a note.
    #[tool(scope = "read", gate = "Shell")]
    async fn t0(&self) -> String {
        String::new()
    }

    /// Adds a note.
    #[tool(scope = "read", gate = "ops:shell")]
    async fn t1(&self) -> String {
        String::new()
    }

    /// Adds a note.
    #[tool(scope = "read", gate = "")]
    async fn t2(&self) -> String {
        String::new()
    }

    /// Adds a note.
    #[tool(scope = "read", gate = shell)]
    async fn t3(&self) -> String {
        String::new()
    }

    /// Adds a note.
    #[tool(scope = "read", gate)]
    async fn t4(&self) -> String {
        String::new()
    }
}

fn main() {}
