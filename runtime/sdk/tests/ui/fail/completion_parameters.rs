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
        day: String,
        /// The mood.
        mood: String,
    ) -> String {
        day + &mood
    }

    #[completion(prompt = "summarise", argument = "day")]
    async fn a(&self) -> Vec<String> {
        Vec::new()
    }

    #[completion(prompt = "summarise", argument = "day")]
    async fn b(&self, value: u8) -> Vec<String> {
        vec![value.to_string()]
    }

    #[completion(prompt = "summarise", argument = "day")]
    async fn c(&self, value: String, mood: String, moon: Option<String>) -> Vec<String> {
        vec![value, mood, moon.unwrap_or_default()]
    }
}

fn main() {}
