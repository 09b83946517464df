//! The peer: a server as the documentation of `rmcp` writes it, on axum or on stdio.
//!
//! usage: `plain-rmcp [stdio]`

use std::{env, io, sync::Arc};

use axum::{Router, serve::ListenerExt as _};
use mcp_factory_bench::{listen::listen, tools::Tools};
use rmcp::{
    ServiceExt as _,
    transport::{
        stdio,
        streamable_http_server::{
            StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
        },
    },
};

async fn http() -> io::Result<()> {
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true);
    let service = StreamableHttpService::new(
        || Ok(Tools::default()),
        Arc::new(NeverSessionManager::default()),
        config,
    );
    let listener = listen().await?.tap_io(|stream| {
        stream.set_nodelay(true).ok();
    });
    axum::serve(listener, Router::new().nest_service("/mcp", service)).await
}

#[tokio::main]
async fn main() -> io::Result<()> {
    if env::args().nth(1).as_deref() == Some("stdio") {
        let service = Tools::default()
            .serve(stdio())
            .await
            .map_err(io::Error::other)?;
        service.waiting().await.map_err(io::Error::other)?;
        return Ok(());
    }
    http().await
}
