use mcp_factory_sdk::prelude::*;

#[derive(Debug, Default)]
pub struct Notes;

/// Keeps notes.
#[plugin(name = "notes", stateless)]
impl Notes {
    /// A day.
    #[resource(uri = "notes://{year}/{day}", scope = "read")]
    async fn day(&self, day: String, month: String) -> String {
        day + &month
    }

    /// A page.
    #[resource(uri = "notes://page/{page}", scope = "read")]
    async fn page(&self, page: Option<String>) -> String {
        page.unwrap_or_default()
    }
}

fn main() {}
