//! One connection from its first byte to its last: who speaks what.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::service::Service;
use super::socket::Socket;
use super::tls::{self, Tls};
use super::watch::FIRST_REQUEST;
use super::{http1, http2};
use crate::lifecycle::Lifecycle;
use crate::protocol::Protocol;

/// Number of headers of a request, at most; 431 beyond it.
pub(super) const MAX_HEADERS: usize = 100;
/// Requests over HTTP/2 at once beyond the first few of each connection, for each connection that may be open.
const STREAMS: usize = 4;

/// What all connections share.
pub(super) struct Shared<P> {
    pub(super) service: Arc<Service<P>>,
    pub(super) lifecycle: Lifecycle,
    /// Places of requests over HTTP/2 beyond the first few of their connection. Each of those may hold headers
    /// and a piece of a body before anybody knows who sends it, and one connection has a hundred.
    pub(super) streams: Semaphore,
    tls: Option<Tls>,
}

impl<P> Shared<P> {
    pub(super) const fn tls(&self) -> Option<&Tls> {
        self.tls.as_ref()
    }
}

impl<P: Protocol> Shared<P> {
    pub(super) fn new(service: Arc<Service<P>>, tls: Option<Tls>, lifecycle: Lifecycle) -> Self {
        let streams = Semaphore::new(service.limits().connections.saturating_mul(STREAMS));
        Self {
            service,
            lifecycle,
            streams,
            tls,
        }
    }
}

/// Serves the connection until it is closed, silent for too long, or the server stops.
pub(super) async fn serve<P: Protocol>(stream: TcpStream, peer: IpAddr, shared: Arc<Shared<P>>) {
    let opened = tokio::select! {
        () = patience_ends(&shared.lifecycle) => return,
        opened = open(stream, &shared) => opened,
    };
    match opened {
        Ok((socket, began, false)) => {
            let service = Arc::clone(&shared.service);
            http1::serve(socket, began, peer, service, &shared.lifecycle).await;
        }
        // Boxed: it is large, and most connections are of the other kind.
        Ok((socket, began, true)) => Box::pin(http2::serve(socket, began, peer, shared)).await,
        Err(error) => tracing::debug!(%peer, %error, "a connection came to nothing"),
    }
}

/// Ready a moment after the server began to drain.
async fn patience_ends(lifecycle: &Lifecycle) {
    lifecycle.draining().await;
    tokio::time::sleep(FIRST_REQUEST).await;
}

/// Finds out what the client speaks: the socket, since when its first request is due, and whether that comes
/// as HTTP/2.
async fn open<P: Protocol>(
    stream: TcpStream,
    shared: &Shared<P>,
) -> io::Result<(Socket, Instant, bool)> {
    let patience = shared.service.patience().header;
    if let Some(tls) = &shared.tls {
        // Boxed for the same reason.
        let stream = Box::pin(tls.greet(stream, patience)).await?;
        let is_http2 = tls::speaks_http2(&stream);
        return Ok((Socket::sealed(stream), Instant::now(), is_http2));
    }
    let began = Instant::now();
    let mut socket = Socket::plain(stream);
    let is_http2 = tokio::time::timeout_at(began + patience, socket.begins_with_http2()).await??;
    Ok((socket, began, is_http2))
}
