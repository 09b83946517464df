use mcp_factory_sdk::prelude::*;

#[derive(Debug, Default)]
pub struct Notes;

#[plugin(name = "notes", stateless)]
impl Notes {
    #[tool(scope = "read")]
    async fn add(&self, text: String) -> String {
        text
    }

    #[resource(uri = "notes://all", scope = "read")]
    async fn all(&self) -> String {
        String::new()
    }

    #[prompt(scope = "read")]
    async fn summarise(&self, day: String) -> String {
        day
    }
}

fn main() {}
