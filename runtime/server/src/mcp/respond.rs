//! Every failure, in the protocol's form. The one place where codes and words for clients are chosen.
//!
//! What the model can mend becomes a tool result with `isError`; what the client or its operator must
//! mend becomes a JSON-RPC error. Nothing here tells a client a cause that only the log may know.

use mcp_factory_sdk::{Capability, ToolError, ToolErrorKind};
use rmcp::model::{CallToolResult, ClientCapabilities, ContentBlock, ErrorCode, ErrorData};
use serde_json::json;

use crate::{
    pipeline::CallFailure,
    protocol::{DENIED, OVERLOADED, RATE_LIMITED},
};

/// Which revision's words the client understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Era {
    /// Up to 2025-11-25.
    Legacy,
    /// From 2026-07-28 on.
    Modern,
}

/// The answer to a failed tool call.
pub(super) fn tool_failure(failure: CallFailure, era: Era) -> Result<CallToolResult, ErrorData> {
    match failure {
        CallFailure::Tool(error)
            if !matches!(error.kind(), ToolErrorKind::MissingCapability(_))
                || era == Era::Legacy =>
        {
            let mut result = CallToolResult::error(vec![ContentBlock::text(error.to_string())]);
            result.structured_content = error.data().cloned();
            Ok(result)
        }
        CallFailure::Gated(error) => Ok(CallToolResult::error(vec![ContentBlock::text(
            error.to_string(),
        )])),
        CallFailure::Internal { error_id } => Ok(CallToolResult::error(vec![ContentBlock::text(
            internal_message(&error_id),
        )])),
        other => Err(failure_data(other, era)),
    }
}

/// The answer to a failed call of any other kind, and to a tool call that never reached its tool.
pub(super) fn failure_data(failure: CallFailure, era: Era) -> ErrorData {
    match failure {
        CallFailure::UnknownTool { name, nearest } => {
            let hint = nearest
                .map(|near| format!("; did you mean `{near}`?"))
                .unwrap_or_default();
            ErrorData::invalid_params(format!("unknown tool: `{name}`{hint}"), None)
        }
        CallFailure::UnknownPrompt { name } => {
            ErrorData::invalid_params(format!("unknown prompt: `{name}`"), None)
        }
        CallFailure::UnknownResource { uri } => resource_not_found(&uri, era),
        CallFailure::Denied { required } => ErrorData::new(
            ErrorCode(DENIED),
            format!("the scope `{required}` is required"),
            Some(json!({ "requiredScope": required.as_str() })),
        ),
        CallFailure::NoTenant => ErrorData::new(
            ErrorCode(DENIED),
            "the caller belongs to no tenant of this server",
            None,
        ),
        CallFailure::RateLimited { retry_after } => {
            let seconds = retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0);
            let seconds = seconds.max(1);
            ErrorData::new(
                ErrorCode(RATE_LIMITED),
                format!("too many calls of this: try again in {seconds} s"),
                Some(json!({ "retryAfterSeconds": seconds })),
            )
        }
        CallFailure::Overloaded => ErrorData::new(
            ErrorCode(OVERLOADED),
            "too many calls are running; try again in a moment",
            None,
        ),
        CallFailure::Cancelled => ErrorData::invalid_request("the request was cancelled", None),
        CallFailure::Panicked { error_id } | CallFailure::Internal { error_id } => {
            ErrorData::internal_error(
                internal_message(&error_id),
                Some(json!({ "errorId": error_id })),
            )
        }
        CallFailure::Tool(error) | CallFailure::Gated(error) => tool_error_data(&error, era),
    }
}

fn tool_error_data(error: &ToolError, era: Era) -> ErrorData {
    let message = error.to_string();
    let data = error.data().cloned();
    match error.kind() {
        ToolErrorKind::MissingCapability(capability) if era == Era::Modern => {
            missing_capability(capability, message)
        }
        ToolErrorKind::Unavailable | ToolErrorKind::TimedOut => {
            ErrorData::internal_error(message, data)
        }
        _ => ErrorData::invalid_params(message, data),
    }
}

fn missing_capability(capability: Capability, message: String) -> ErrorData {
    let required = match capability {
        Capability::Elicitation => json!({ "elicitation": {} }),
        Capability::Sampling => json!({ "sampling": {} }),
        Capability::Roots => json!({ "roots": {} }),
    };
    let capabilities: ClientCapabilities = serde_json::from_value(required).unwrap_or_default();
    let mut data = ErrorData::missing_required_client_capability(capabilities);
    data.message = message.into();
    data
}

fn resource_not_found(uri: &str, era: Era) -> ErrorData {
    let (message, data) = (
        format!("unknown resource: `{uri}`"),
        Some(json!({ "uri": uri })),
    );
    match era {
        Era::Legacy => ErrorData::resource_not_found(message, data),
        Era::Modern => ErrorData::invalid_params(message, data),
    }
}

fn internal_message(error_id: &str) -> String {
    format!("internal error; the server's log says more under error id {error_id}")
}
