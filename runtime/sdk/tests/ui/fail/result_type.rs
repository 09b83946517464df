use mcp_factory_sdk::prelude::*;

#[derive(Debug, Default)]
pub struct Notes;

pub struct Colour;
pub struct Trouble;
type Answer<T> = Result<T, ToolError>;

/// Keeps notes.
#[plugin(name = "notes", stateless)]
impl Notes {
    /// Mixes.
    #[tool(scope = "write")]
    async fn mix(&self) -> Result<Colour, ToolError> {
        Ok(Colour)
    }

    /// Stirs.
    #[tool(scope = "write")]
    async fn stir(&self) -> Result<String, Trouble> {
        Err(Trouble)
    }

    /// Rinses.
    #[tool(scope = "write")]
    async fn rinse(&self) -> Answer<String> {
        Ok(String::new())
    }

    /// The palette.
    #[resource(uri = "palette://all", scope = "read")]
    async fn palette(&self) -> Colour {
        Colour
    }

    /// Names a colour.
    #[prompt(scope = "read")]
    async fn name(
        &self,
        /// A hint.
        hint: Colour,
    ) -> u8 {
        drop(hint);
        1
    }

    #[completion(prompt = "name", argument = "hint")]
    async fn complete(&self, value: String) -> String {
        value
    }
}

fn main() {}
