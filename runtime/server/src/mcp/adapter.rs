//! The seam: what the transports call, in front of `rmcp`.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use mcp_factory_sdk::Principal;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Shared, http::HttpProtocol, stdio::serve_stdio};
use crate::protocol::{Incoming, Protocol, ResponseBody};

/// The protocol as the transports know it.
pub(crate) struct McpProtocol {
    shared: Arc<Shared>,
    http: HttpProtocol,
    local: Principal,
}

impl McpProtocol {
    /// Serves stdio as `local`, and HTTP with at most `session_limit` legacy sessions.
    pub(crate) fn new(shared: Arc<Shared>, local: Principal, session_limit: usize) -> Self {
        let http = HttpProtocol::new(&shared, session_limit);
        Self {
            shared,
            http,
            local,
        }
    }
}

impl Protocol for McpProtocol {
    async fn handle(&self, request: http::Request<Full<Bytes>>) -> http::Response<ResponseBody> {
        self.http.handle(request).await
    }

    async fn connect(
        &self,
        inbound: mpsc::Receiver<Incoming>,
        outbound: mpsc::Sender<Bytes>,
        cancel: CancellationToken,
    ) {
        serve_stdio(&self.shared, self.local.clone(), inbound, outbound, cancel).await;
    }
}
