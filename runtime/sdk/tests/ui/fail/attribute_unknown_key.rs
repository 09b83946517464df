use mcp_factory_sdk::prelude::*;

#[derive(Debug, Default)]
pub struct Notes;

/// Keeps notes.
#[plugin(name = "notes", stateles)]
impl Notes {
    /// Adds a note.
    #[tool(scope = "read", readonly, timout = "5s", banana = 3)]
    async fn add(
        &self,
        /// The text.
        #[arg(maximun = 3)]
        copies: u32,
    ) -> u32 {
        copies
    }
}

fn main() {}
