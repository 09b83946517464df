use mcp_factory_sdk::prelude::*;

#[derive(Debug, Default)]
pub struct Notes;

/// Keeps notes.
#[plugin(name = "notes", stateless)]
impl Notes {
    /// Adds a note.
    #[tool(scope = "read")]
    async fn add(&self) -> String {
        String::new()
    }

    /// Adds another note.
    #[tool(scope = "read", name = "add")]
    async fn add_another(&self) -> String {
        String::new()
    }

    /// The notes.
    #[resource(uri = "notes://all", scope = "read")]
    async fn all(&self) -> String {
        String::new()
    }

    /// The notes again.
    #[resource(uri = "notes://all", name = "again", scope = "read")]
    async fn all_again(&self) -> String {
        String::new()
    }

    /// Summarises.
    #[prompt(scope = "read", name = "sum")]
    async fn summarise(&self) -> String {
        String::new()
    }

    /// Adds up.
    #[prompt(scope = "read")]
    async fn sum(&self) -> String {
        String::new()
    }

    /// Finds a note.
    #[tool(scope = "read")]
    async fn find(
        &self,
        /// The text.
        text: String,
        /// The day.
        #[arg(name = "text")]
        day: String,
    ) -> String {
        text + &day
    }
}

fn main() {}
