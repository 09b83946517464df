use mcp_factory_sdk::prelude::*;

#[derive(Debug, Default)]
pub struct Notes;

/// Keeps notes.
#[plugin(name = "notes", stateless)]
impl Notes {
    /// Adds a note.
    #[tool(scope = "read")]
    async fn add(
        &self,
        /// Copies.
        #[arg(minimum = 5, maximum = 1)]
        copies: u32,
        /// Pages.
        #[arg(default = 0, minimum = 1)]
        pages: u32,
        /// A label.
        #[arg(default = "long", max_length = 3)]
        label: String,
        /// A mark.
        #[arg(default = 3)]
        mark: Option<u32>,
        /// A number.
        #[arg(minimum = 1)]
        #[arg(maximum = 2)]
        number: u32,
    ) -> String {
        format!("{copies} {pages} {label} {mark:?} {number}")
    }
}

fn main() {}
