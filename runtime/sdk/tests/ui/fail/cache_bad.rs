use mcp_factory_sdk::prelude::*;

#[derive(Debug, Default)]
pub struct Notes;

/// Keeps notes.
#[plugin(name = "notes", stateless)]
impl Notes {
    /// Says it without a unit.
    #[tool(scope = "read", read_only, cache = "60")]
    async fn t0(&self) -> String {
        String::new()
    }

    /// Keeps it for too long.
    #[tool(scope = "read", read_only, cache = "25h")]
    async fn t1(&self) -> String {
        String::new()
    }

    /// Keeps it for no time.
    #[tool(scope = "read", read_only, cache = "0s")]
    async fn t2(&self) -> String {
        String::new()
    }

    /// Is given a number.
    #[tool(scope = "read", read_only, cache = 60)]
    async fn t3(&self) -> String {
        String::new()
    }

    /// Changes something.
    #[tool(scope = "write", cache = "60s")]
    async fn t4(&self) -> String {
        String::new()
    }

    /// Stands behind a gate.
    #[tool(scope = "read", read_only, gate = "shell", cache = "60s")]
    async fn t5(&self) -> String {
        String::new()
    }

    /// The notes of today.
    #[resource(uri = "notes://today", scope = "read", cache)]
    async fn r0(&self) -> String {
        String::new()
    }
}

fn main() {}
