//! A call as a line of JSON.

use std::net::IpAddr;

use serde::Serialize;
use serde_json::Value;

use super::call::Entry;
use crate::{
    Timestamp,
    line::{Text, line},
};

#[derive(Serialize)]
struct Line<'a> {
    time: Timestamp,
    event: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<Text<'a>>,
    principal: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<Text<'a>>,
    transport: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    plugin: Option<&'a str>,
    tool: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arguments: Option<&'a Value>,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cached: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_us: Option<u128>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'a Value>,
}

/// The line of a call.
pub(super) fn entry(entry: &Entry) -> Vec<u8> {
    let call = &entry.call;
    line(&Line {
        time: entry.time,
        event: entry.event(),
        trace_id: call.trace_id(),
        request: entry.request.as_ref(),
        session: call.session.as_deref().map(Text),
        principal: Text(call.principal.id()),
        tenant: call.principal.tenant().map(Text),
        transport: call.transport,
        address: call.address,
        plugin: call.plugin.as_deref(),
        tool: Text(&call.tool),
        scope: call.scope.as_ref().map(mcp_factory_sdk::Scope::as_str),
        arguments: entry.arguments.as_ref(),
        outcome: call.outcome,
        cached: call.cached.then_some(true),
        duration_us: call.duration.map(|time| time.as_micros()),
        error_id: call.error_id.as_deref(),
        error: entry.error.as_deref(),
        result: entry.result.as_ref(),
    })
}
