use mcp_factory_sdk::prelude::*;

#[derive(Debug, Default)]
pub struct Notes;

#[derive(Default, Deserialize, JsonSchema)]
pub enum Colour {
    #[default]
    Red,
}

/// Keeps notes.
#[plugin(name = "notes", stateless)]
impl Notes {
    /// Paints.
    #[tool(scope = "write")]
    async fn paint(
        &self,
        /// The colour.
        #[arg(default)]
        colour: Colour,
    ) -> bool {
        matches!(colour, Colour::Red)
    }
}

fn main() {}
