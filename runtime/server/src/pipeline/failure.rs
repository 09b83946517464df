//! The ways in which a call can fail before, in or around a plugin.
//!
//! Not here: what any of them looks like on the wire (`mcp::respond`).

use std::time::Duration;

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
    /// The caller belongs to no tenant of this server.
    NoTenant,
    /// A second factor is missing, or cannot be asked for.
    Gated(ToolError),
    /// The caller calls this too often.
    RateLimited { retry_after: Duration },
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
    /// `visible` says of a scope whether the caller sees what demands it: a hint must not tell of the rest.
    pub(super) fn unknown_tool(
        name: &str,
        registry: &Registry,
        visible: impl Fn(Scope) -> bool,
    ) -> Self {
        Self::UnknownTool {
            name: shown(name),
            nearest: registry.nearest_tool(name, visible).map(str::to_owned),
        }
    }

    /// Ties the answer to the log.
    pub(super) fn error_id(&self) -> Option<&str> {
        match self {
            Self::Panicked { error_id } | Self::Internal { error_id } => Some(error_id),
            _ => None,
        }
    }

    /// The word for metrics, spans and the audit.
    pub(crate) const fn outcome(&self) -> &'static str {
        match self {
            Self::UnknownTool { .. }
            | Self::UnknownPrompt { .. }
            | Self::UnknownResource { .. } => "unknown",
            Self::Denied { .. } | Self::NoTenant => "denied",
            Self::Gated(_) => "gated",
            Self::RateLimited { .. } => "rate_limited",
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
