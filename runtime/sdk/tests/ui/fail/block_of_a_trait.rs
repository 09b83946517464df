use mcp_factory_sdk::prelude::*;

#[derive(Debug, Default)]
pub struct Notes;

/// Starts.
#[plugin(name = "notes")]
impl Clone for Notes {
    fn clone(&self) -> Self {
        Notes
    }
}

fn main() {}
