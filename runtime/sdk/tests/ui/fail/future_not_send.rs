use mcp_factory_sdk::prelude::*;

#[derive(Debug, Default)]
pub struct Notes;

/// Keeps notes.
#[plugin(name = "notes", stateless)]
impl Notes {
    /// Waits.
    #[tool(scope = "read")]
    async fn wait(&self) -> String {
        let local = std::rc::Rc::new(1);
        std::future::ready(()).await;
        local.to_string()
    }
}

fn main() {}
