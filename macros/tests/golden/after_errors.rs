use mcp_factory_sdk::prelude::*;

#[derive(Debug, Default)]
pub struct Broken;

/// Has a tool without a scope.
#[plugin(name = "broken", stateless)]
impl Broken {
    /// Does something.
    #[tool]
    async fn act(
        &self,
        /// What with.
        #[arg(default = 1)]
        with: u32,
    ) -> u32 {
        with
    }
}
