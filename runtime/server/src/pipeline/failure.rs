//! The ways in which a call can fail before, in or around a plugin.
//!
//! Not here: what any of them looks like on the wire (`mcp::respond`).

use mcp_factory_sdk::{Denied, Scope, ToolError};

use crate::registry::Registry;

/// Why a call has no result.
#[derive(Debug)]
pub(crate) enum CallFailure {
    /// There is no such tool.
    UnknownTool {
        name: String,
        nearest: Option<String>,
    },
    /// There is no such prompt.
    UnknownPrompt { name: String },
    /// There is no such resource.
    UnknownResource { uri: String },
    /// The caller lacks a scope.
    Denied { required: Scope },
    /// Too many calls are running.
    Overloaded,
    /// The client took it back; nobody waits for an answer.
    Cancelled,
    /// The plugin panicked. The id is in the log beside the panic.
    Panicked { error_id: String },
    /// The plugin failed in a way that only the log may know. The id is in the log beside it.
    Internal { error_id: String },
    /// The plugin says why, or what it still needs.
    Tool(ToolError),
}

impl CallFailure {
    pub(super) fn unknown_tool(name: &str, registry: &Registry) -> Self {
        Self::UnknownTool {
            name: shown(name),
            nearest: registry.nearest_tool(name).map(str::to_owned),
        }
    }

    /// The word for metrics and spans.
    pub(crate) const fn outcome(&self) -> &'static str {
        match self {
            Self::UnknownTool { .. }
            | Self::UnknownPrompt { .. }
            | Self::UnknownResource { .. } => "unknown",
            Self::Denied { .. } => "denied",
            Self::Overloaded => "overloaded",
            Self::Cancelled => "cancelled",
            Self::Panicked { .. } => "panicked",
            Self::Internal { .. } | Self::Tool(_) => "error",
        }
    }
}

impl From<Denied> for CallFailure {
    fn from(denied: Denied) -> Self {
        Self::Denied {
            required: denied.required,
        }
    }
}

/// A name from a request, cut to what is worth echoing.
pub(super) fn shown(name: &str) -> String {
    name.chars().take(128).collect()
}
