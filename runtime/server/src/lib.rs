//! What a server built by `mcp-factory` links.
//!
//! A request takes five hops, the same on stdio and HTTP: transport (`stdio`, `http`: limits and
//! framing) → who it is from → protocol (`mcp`, the only place that names `rmcp`) → `pipeline`
//! (authorize, admit, deadline, cancel, panic guard) → the tool. A generated `main.rs` names the
//! [`Mount`]s and calls [`Server::run`]; nothing else here is public.

#![forbid(unsafe_code)]

mod cli;
mod config;
mod describe;
#[cfg(test)]
mod double;
mod executor;
mod features;
mod frame;
mod header_names;
mod held;
mod http;
mod identity;
mod lifecycle;
mod logging;
mod management;
mod mcp;
mod metrics;
mod mount;
mod pipeline;
mod protocol;
mod registry;
mod response_body;
mod runtime;
mod server;
mod startup;
mod stdio;
mod trace;

pub use mount::{Mount, assert_unique, mount};

/// What the rows of tools that a manifest declares are written with.
pub mod declared {
    pub use mcp_factory_sdk::{
        DeclaredParameter, DeclaredTool, Hints, ParameterKind, Rate, Scope, ToolDefinition,
    };
}
pub use server::Server;
