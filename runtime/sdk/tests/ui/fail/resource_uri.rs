use mcp_factory_sdk::prelude::*;

#[derive(Debug, Default)]
pub struct Notes;

/// Keeps notes.
#[plugin(name = "notes", stateless)]
impl Notes {
    /// A.
    #[resource(scope = "read")]
    async fn a(&self) -> String {
        String::new()
    }

    /// A.
    #[resource(uri = "today", scope = "read")]
    async fn b(&self) -> String {
        String::new()
    }

    /// A.
    #[resource(uri = "notes://a b", scope = "read")]
    async fn c(&self) -> String {
        String::new()
    }

    /// A.
    #[resource(uri = "notes://{day", scope = "read")]
    async fn d(&self) -> String {
        String::new()
    }

    /// A.
    #[resource(uri = "notes://{?day}", scope = "read")]
    async fn e(&self) -> String {
        String::new()
    }

    /// A.
    #[resource(uri = "notes://{day}{day}", scope = "read")]
    async fn f(&self) -> String {
        String::new()
    }

    /// A.
    #[resource(uri = "notes://h", mime_type = "text", scope = "read")]
    async fn g(&self) -> String {
        String::new()
    }

    /// A.
    #[resource(uri = "notes://{day}/{day}", scope = "read")]
    async fn i(&self, day: String) -> String {
        day
    }
}

fn main() {}
