//! One HTTP connection from its first byte to its last.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use http::header::CONNECTION;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::pulse::{Answer, Pulse, Watched};
use super::service::Service;
use crate::lifecycle::Lifecycle;
use crate::protocol::Protocol;

/// Bytes of a request line and its headers, at most; 431 beyond it.
const MAX_HEADER_BYTES: usize = 32 << 10;
/// Number of headers, at most; 431 beyond it.
const MAX_HEADERS: usize = 100;

/// Serves the connection until it is closed, silent for too long, or the server stops.
pub(super) async fn serve<P: Protocol>(
    stream: TcpStream,
    peer: IpAddr,
    service: Arc<Service<P>>,
    lifecycle: Lifecycle,
) {
    let pulse = Arc::new(Pulse::new(service.patience()));
    let respond = {
        let pulse = Arc::clone(&pulse);
        service_fn(move |request| {
            pulse.busy();
            let (service, pulse) = (Arc::clone(&service), Arc::clone(&pulse));
            async move {
                let response = service.respond(request, peer).await;
                if response.headers().contains_key(CONNECTION) {
                    pulse.cut_short();
                }
                Ok::<_, Infallible>(response.map(|body| Answer { body, pulse }))
            }
        })
    };
    let io = Watched::new(TokioIo::new(stream), Arc::clone(&pulse));
    let connection = http1::Builder::new()
        .header_read_timeout(None)
        .max_headers(MAX_HEADERS)
        .max_header_size(MAX_HEADER_BYTES)
        .max_buf_size(64 << 10)
        .serve_connection(io, respond);

    let mut connection = pin!(connection);
    let mut draining = pin!(lifecycle.draining());
    let mut stopping = pin!(lifecycle.stopping());
    let mut silence = pin!(tokio::time::sleep(Duration::ZERO));
    let (mut watching, mut drained) = (false, false);
    poll_fn(|cx| {
        // Registered once: a spawned task is always woken by the same waker.
        if !watching || lifecycle.is_draining() {
            watching = true;
            if stopping.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            if !drained && draining.as_mut().poll(cx).is_ready() {
                drained = true;
                connection.as_mut().graceful_shutdown();
            }
        }
        // An error here is the client's: it left, or it sent what is no HTTP.
        if connection.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        if drained && pulse.owes_nothing() {
            return Poll::Ready(());
        }
        while let Some(deadline) = pulse.deadline() {
            if deadline <= Instant::now() {
                return Poll::Ready(());
            }
            // Later deadlines only move the timer once it has fired.
            if deadline < silence.deadline() || silence.is_elapsed() {
                silence.as_mut().reset(deadline);
            }
            if silence.as_mut().poll(cx).is_pending() {
                break;
            }
        }
        Poll::Pending
    })
    .await;
}
