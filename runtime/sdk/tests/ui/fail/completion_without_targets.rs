use mcp_factory_sdk::prelude::*;

#[derive(Debug, Default)]
pub struct Notes;

/// Keeps notes.
#[plugin(name = "notes", stateless)]
impl Notes {
    #[completion(prompt = "summarise", argument = "day")]
    async fn complete_day(&self, value: String) -> Vec<String> {
        vec![value]
    }

    #[completion(resource = "notes://{day}", argument = "day")]
    async fn complete_day_again(&self, value: String) -> Vec<String> {
        vec![value]
    }
}

fn main() {}
