//! The seam: what the transports call, in front of `rmcp`.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use http_body_util::Full;
use mcp_factory_sdk::Principal;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{
    Shared,
    fast::FastLane,
    http::{HttpProtocol, is_modern},
    stdio::serve_stdio,
};
use crate::{
    frame::Frame,
    header_names::SESSION_ID,
    pipeline::Origin,
    protocol::{Answer, BoxedBody, Incoming, Lacking, Protocol},
};

/// The protocol as the transports know it.
pub(crate) struct McpProtocol {
    shared: Arc<Shared>,
    /// Made by the first request over HTTP that the fast lane does not answer: on stdio there is none.
    http: OnceLock<HttpProtocol>,
    session_limit: usize,
    fast_lane: Option<Arc<FastLane>>,
    local: Principal,
}

impl McpProtocol {
    /// Serves stdio as `local`, and HTTP with at most `session_limit` legacy sessions.
    pub(crate) fn new(shared: Arc<Shared>, local: Principal, session_limit: usize) -> Self {
        let fast_lane = shared.fast_lane.then(|| Arc::new(FastLane::new(&shared)));
        Self {
            shared,
            http: OnceLock::new(),
            session_limit,
            fast_lane,
            local,
        }
    }

    fn http(&self) -> &HttpProtocol {
        let make = || HttpProtocol::new(&self.shared, self.session_limit);
        self.http.get_or_init(make)
    }

    /// How many legacy sessions there are.
    pub(crate) fn sessions(&self) -> usize {
        self.http.get().map_or(0, HttpProtocol::sessions)
    }

    /// How many sessions are awake.
    #[cfg(test)]
    pub(crate) async fn awake(&self) -> usize {
        self.http().awake().await
    }
}

/// The session that a request names, in the era that has sessions.
fn session(headers: &HeaderMap) -> Option<&HeaderValue> {
    headers.get(SESSION_ID).filter(|_| !is_modern(headers))
}

impl Protocol for McpProtocol {
    async fn handle(&self, mut request: http::Request<Full<Bytes>>) -> http::Response<BoxedBody> {
        if let Some(id) = session(request.headers())
            && let Some(origin) = request.extensions().get::<Arc<Origin>>()
        {
            let origin = self.shared.pipeline.in_session(origin, id.as_bytes());
            request.extensions_mut().insert(origin);
        }
        self.http().handle(request).await
    }

    async fn answer(
        &self,
        headers: &HeaderMap,
        frame: &Frame,
        principal: &Arc<Principal>,
        origin: &Arc<Origin>,
    ) -> Option<Answer> {
        let lane = self.fast_lane.as_ref()?;
        match session(headers) {
            None => lane.answer(headers, frame, principal, origin).await,
            Some(id) => {
                let visit = self.http.get()?.enter(id, Some(principal))?;
                let origin = self.shared.pipeline.in_session(origin, id.as_bytes());
                lane.answer_in_session(visit, headers, frame, principal, &origin)
                    .await
            }
        }
    }

    fn serves(&self, principal: &Principal) -> bool {
        self.shared.pipeline.serves(principal)
    }

    fn lacks(
        &self,
        principal: &Arc<Principal>,
        origin: &Arc<Origin>,
        frame: &Frame,
    ) -> Option<Lacking> {
        self.shared.pipeline.lacks(principal, origin, frame)
    }

    fn demanded(&self, method: &str, name: &str) -> Option<&'static str> {
        let pipeline = &self.shared.pipeline;
        let scope = pipeline.registry().scope_of(method, name)?;
        // What is hidden is not told of to somebody who is nobody yet.
        (!pipeline.hides()).then(|| scope.as_str())
    }

    async fn connect(
        &self,
        inbound: mpsc::Receiver<Incoming>,
        outbound: mpsc::Sender<Bytes>,
        cancel: CancellationToken,
    ) {
        let (fast, local) = (self.fast_lane.clone(), self.local.clone());
        serve_stdio(&self.shared, fast, local, inbound, outbound, cancel).await;
    }
}
