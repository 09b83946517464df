use mcp_factory_sdk::prelude::*;

#[derive(Debug, Default)]
pub struct Notes;

impl Notes {
    /// Adds a note.
    #[tool(scope = "read")]
    async fn add(&self) -> String {
        String::new()
    }
}

/// The notes.
#[resource(uri = "notes://all", scope = "read")]
fn all() {}

/// Summarises.
#[prompt(scope = "read")]
fn summarise() {}

#[completion(prompt = "summarise", argument = "day")]
fn complete() {}

fn main() {}
