use mcp_factory_sdk::prelude::*;

#[derive(Debug, Default)]
pub struct Notes;

/// Keeps notes.
#[plugin(name = "notes", stateless)]
impl Notes {
    /// A.
    #[tool(scope = "Write")]
    async fn a(&self) -> String {
        String::new()
    }

    /// B.
    #[tool(scope = "a:b:c")]
    async fn b(&self) -> String {
        String::new()
    }

    /// C.
    #[tool(scope = write)]
    async fn c(&self) -> String {
        String::new()
    }
}

fn main() {}
