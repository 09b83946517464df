use mcp_factory_sdk::prelude::*;

#[derive(Debug, Default)]
pub struct Notes;

/// Keeps notes.
#[plugin(name = "notes", stateless)]
impl Notes {
    /// Adds a note.
    #[tool(scope = "read")]
    async fn add(
        &self,
        /// Copies.
        #[arg(minimum = -1)]
        copies: u32,
        /// The text.
        #[arg(maximum = 5)]
        text: String,
        /// The weight.
        #[arg(max_length = 5)]
        weight: f64,
    ) -> String {
        format!("{copies} {text} {weight}")
    }
}

fn main() {}
