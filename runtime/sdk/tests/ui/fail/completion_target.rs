use mcp_factory_sdk::prelude::*;

#[derive(Debug, Default)]
pub struct Notes;

/// Keeps notes.
#[plugin(name = "notes", stateless)]
impl Notes {
    /// A day.
    #[resource(uri = "notes://{day}", scope = "read")]
    async fn day(&self, day: String) -> String {
        day
    }

    /// Summarises.
    #[prompt(scope = "read")]
    async fn summarise(
        &self,
        /// The day.
        day: String,
    ) -> String {
        day
    }

    #[completion(prompt = "sumarise", argument = "day")]
    async fn a(&self, value: String) -> Vec<String> {
        vec![value]
    }

    #[completion(prompt = "summarise", argument = "dya")]
    async fn b(&self, value: String) -> Vec<String> {
        vec![value]
    }

    #[completion(resource = "notes://{month}", argument = "month")]
    async fn c(&self, value: String) -> Vec<String> {
        vec![value]
    }

    #[completion(argument = "day")]
    async fn d(&self, value: String) -> Vec<String> {
        vec![value]
    }

    #[completion(prompt = "summarise")]
    async fn e(&self, value: String) -> Vec<String> {
        vec![value]
    }

    #[completion(prompt = "summarise", argument = "day")]
    async fn g(&self, value: String) -> Vec<String> {
        vec![value]
    }

    #[completion(prompt = "summarise", argument = "day")]
    async fn h(&self, value: String) -> Vec<String> {
        vec![value]
    }

    #[completion(prompt = "summarise", resource = "notes://{day}", argument = "day")]
    async fn f(&self, value: String) -> Vec<String> {
        vec![value]
    }
}

fn main() {}
