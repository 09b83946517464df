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
        #[arg(default = "one")]
        copies: u32,
        /// The text.
        #[arg(default = 5)]
        text: String,
    ) -> String {
        text + &copies.to_string()
    }
}

fn main() {}
