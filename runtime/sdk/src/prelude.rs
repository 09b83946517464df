//! The names a plugin uses on nearly every page: `use mcp_factory_sdk::prelude::*;`.

pub use crate::{
    Blocking, Context, Declares, Health, IntoOutput, NoConfig, Output, Plugin, Prompt, Resource,
    Secret, StartContext, StartError, ToolError, completion, plugin, prompt, resource, tool,
};
pub use schemars::JsonSchema;
pub use serde::{Deserialize, Serialize};
