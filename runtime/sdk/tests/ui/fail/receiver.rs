use mcp_factory_sdk::prelude::*;

#[derive(Debug, Default)]
pub struct Notes;

/// Keeps notes.
#[plugin(name = "notes", stateless)]
impl Notes {
    /// A.
    #[tool(scope = "read")]
    async fn a(&mut self) -> String {
        String::new()
    }

    /// B.
    #[tool(scope = "read")]
    async fn b(self) -> String {
        String::new()
    }

    /// C.
    #[tool(scope = "read")]
    async fn c() -> String {
        String::new()
    }

    /// D.
    #[resource(uri = "notes://d", scope = "read")]
    async fn d(self: std::sync::Arc<Self>) -> String {
        String::new()
    }
}

fn main() {}
