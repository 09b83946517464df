use mcp_factory_sdk::prelude::*;

#[derive(Debug, Default)]
pub struct Notes;

/// Keeps notes.
#[plugin(name = "notes", stateless)]
impl Notes {
    /// Adds a note.
    #[tool(scope = "read", input_schema = schema)]
    async fn a(&self, one: String, two: String) -> String {
        one + &two
    }

    /// Adds a note.
    #[tool(scope = "read", input_schema = schema)]
    async fn b(&self, #[arg(default)] all: serde_json::Value) -> String {
        all.to_string()
    }
}

fn schema() -> serde_json::Value {
    serde_json::Value::Null
}

fn main() {}
