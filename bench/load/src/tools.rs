//! The tools of the peer on `rmcp`, written as its users write them.

use rmcp::{
    ServerHandler,
    handler::server::{router::tool::ToolRouter, wrapper::Parameters},
    model::{ServerCapabilities, ServerConfig},
    tool, tool_handler, tool_router,
};
use schemars::JsonSchema;
use serde::Deserialize;

/// Of `echo`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct EchoArguments {
    /// The text to return.
    text: String,
}

/// Of `read_text_file`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct FileArguments {
    /// The file.
    path: String,
}

/// The server.
#[derive(Debug, Clone)]
pub struct Tools {
    tool_router: ToolRouter<Self>,
}

impl Default for Tools {
    fn default() -> Self {
        Self {
            tool_router: Self::tool_router(),
        }
    }
}

#[tool_router]
impl Tools {
    #[tool(description = "Returns the text unchanged.")]
    async fn echo(&self, Parameters(EchoArguments { text }): Parameters<EchoArguments>) -> String {
        text
    }

    #[tool(description = "Reads a text file.")]
    async fn read_text_file(
        &self,
        Parameters(FileArguments { path }): Parameters<FileArguments>,
    ) -> Result<String, String> {
        std::fs::read_to_string(path).map_err(|error| error.to_string())
    }
}

#[tool_handler(router = self.tool_router)]
impl ServerHandler for Tools {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }
}
