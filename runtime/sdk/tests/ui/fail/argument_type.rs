use mcp_factory_sdk::prelude::*;

#[derive(Debug, Default)]
pub struct Notes;

pub struct Colour;

/// Keeps notes.
#[plugin(name = "notes", stateless)]
impl Notes {
    /// Paints.
    #[tool(scope = "write")]
    async fn paint(
        &self,
        /// The colour.
        colour: Colour,
        /// More colours.
        more: Option<Vec<Colour>>,
    ) -> String {
        drop((colour, more));
        String::new()
    }
}

fn main() {}
