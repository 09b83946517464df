//! Says things back: the smallest plugin there is, to try a server with and to copy from.

use mcp_factory_sdk::prelude::*;

/// The plugin. It keeps nothing between calls.
#[derive(Debug, Default)]
pub struct Echo;

/// Says things back, to see that a server answers.
#[plugin(name = "echo", stateless)]
impl Echo {
    /// Returns the text unchanged.
    #[tool(scope = "read", title = "Echo", read_only)]
    async fn echo(
        &self,
        /// The text to return.
        text: String,
    ) -> String {
        text
    }

    /// Returns the text in capital letters.
    #[tool(scope = "read", title = "Echo in capitals", read_only)]
    async fn echo_upper(
        &self,
        /// The text to return.
        text: String,
    ) -> String {
        text.to_uppercase()
    }
}
