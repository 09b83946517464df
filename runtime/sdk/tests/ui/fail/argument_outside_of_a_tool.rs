use mcp_factory_sdk::prelude::*;

#[derive(Debug, Default)]
pub struct Notes;

/// Keeps notes.
#[plugin(name = "notes", stateless)]
impl Notes {
    /// Summarises.
    #[prompt(scope = "read")]
    async fn summarise(
        &self,
        /// The day.
        #[arg(default = "today")]
        day: String,
    ) -> String {
        day
    }

    fn helper(&self, #[arg(default = 1)] copies: u32) -> u32 {
        copies
    }
}

fn main() {}
