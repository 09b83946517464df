use mcp_factory_sdk::prelude::*;

#[derive(Debug, Default)]
pub struct Notes;

#[derive(Serialize, JsonSchema)]
pub struct Added {
    /// How many there are now.
    count: u32,
}

/// Keeps notes.
#[plugin(name = "notes", stateless)]
impl Notes {
    /// Adds a note.
    ///
    /// It is kept until it is removed.
    #[tool(scope = "notes:write", title = "Add note", name = "add_note", destructive = false, timeout = "5s")]
    async fn add(
        &self,
        /// The text.
        #[arg(min_length = 1, max_length = 4_000)]
        text: String,
        cx: &Context,
        /// How many copies.
        #[arg(default = 1, minimum = 1, maximum = 10, name = "nCopies")]
        copies: u32,
        /// Labels.
        #[arg(max_length = 8)]
        labels: Option<Vec<String>>,
    ) -> Result<Added, ToolError> {
        if cx.is_cancelled() || labels.is_some_and(|labels| labels.contains(&text)) {
            return Err(ToolError::new("no"));
        }
        Ok(Added { count: copies })
    }

    /// Counts the notes, slowly.
    #[tool(scope = "read", read_only, cache = "60s")]
    fn count(&self, cx: &Context) -> u64 {
        u64::from(cx.is_cancelled())
    }

    /// Looks into the notes, and waits only when it has to.
    #[tool(scope = "read", read_only)]
    async fn look(&self, blocking: &Blocking) -> Result<String, ToolError> {
        blocking.run(String::new).await
    }

    /// Takes what its own schema allows.
    #[tool(scope = "admin", input_schema = any_object, open_world, idempotent, gate = "shell", rate = "1/30s")]
    #[cfg(not(windows))]
    async fn raw(&self, arguments: serde_json::Value) -> String {
        arguments.to_string()
    }
}

fn any_object() -> serde_json::Value {
    serde_json::json!({ "type": "object" })
}
