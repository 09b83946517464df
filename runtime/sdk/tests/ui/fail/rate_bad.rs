use mcp_factory_sdk::prelude::*;

#[derive(Debug, Default)]
pub struct Notes;

/// Keeps notes.
#[plugin(name = "notes", stateless)]
impl Notes {
    /// Adds a note.
    #[tool(scope = "read", rate = "10")]
    async fn t0(&self) -> String {
        String::new()
    }

    /// Adds a note.
    #[tool(scope = "read", rate = "0/s")]
    async fn t1(&self) -> String {
        String::new()
    }

    /// Adds a note.
    #[tool(scope = "read", rate = "1/25h")]
    async fn t2(&self) -> String {
        String::new()
    }

    /// Adds a note.
    #[tool(scope = "read", rate = "")]
    async fn t3(&self) -> String {
        String::new()
    }

    /// Adds a note.
    #[tool(scope = "read", rate = 10)]
    async fn t4(&self) -> String {
        String::new()
    }

    /// Adds a note.
    #[tool(scope = "read", rate)]
    async fn t5(&self) -> String {
        String::new()
    }
}

fn main() {}
