//! One HTTP/1.1 connection, on hyper.

use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::CONNECTION;
use http_body::{Body, Frame, SizeHint};
use hyper::server::conn::http1::{self, Connection};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::time::Instant;

use super::incoming::Incoming;
use super::peer::Peer;
use super::pulse::Pulse;
use super::service::Service;
use super::silence::Silence;
use super::socket::Transport;
use super::watch::{Conversation, watch};
use super::watched::{Observer, Watched, Written};
use crate::lifecycle::Lifecycle;
use crate::protocol::Protocol;
use crate::response_body::ResponseBody;

/// Bytes of a request line and its headers, at most; 431 beyond it.
const MAX_HEADER_BYTES: usize = 32 << 10;
/// Bytes that wait in each direction, at most, to a piece. A connection keeps as much room as it once needed.
const MAX_BUFFER_BYTES: usize = MAX_HEADER_BYTES + (2 << 10);

/// What the requests of one connection share. One of these is counted up and down for each request, and
/// nothing that other connections count too: their threads would wait for each other's caches.
struct Line<P> {
    service: Arc<Service<P>>,
    peer: Peer,
    pulse: Pulse,
}

/// Serves the connection that began then, until it is over.
pub(super) async fn serve<P: Protocol>(
    socket: impl Transport,
    began: Instant,
    peer: IpAddr,
    service: Arc<Service<P>>,
    lifecycle: &Lifecycle,
) {
    let line = Arc::new(Line {
        peer: Peer::new(peer),
        pulse: Pulse::new(began, service.patience()),
        service,
    });
    let respond = {
        let line = Arc::clone(&line);
        move |request: http::Request<hyper::body::Incoming>| {
            line.pulse.busy();
            let line = Arc::clone(&line);
            async move {
                let request = request.map(Incoming::Http1);
                let response = line.service.respond(request, &line.peer).await;
                if response.headers().contains_key(CONNECTION) {
                    line.pulse.cut_short();
                }
                Ok::<_, Infallible>(response.map(|body| Answer { body, line }))
            }
        }
    };
    let tells_what_is_heard = socket.tells_what_is_heard();
    // `MAX_HEADERS` is hyper's own limit; to state it makes hyper clear room for as many at each request.
    let talk = move |socket| {
        http1::Builder::new()
            .header_read_timeout(None)
            // `Watched` looks for the end of what the client sends, where it can; a half-closed connection is closed.
            .half_close(tells_what_is_heard)
            // Head and body in one buffer: cheaper for all but the largest answers, and those go in pieces.
            .writev(false)
            .max_header_size(MAX_HEADER_BYTES)
            .max_buf_size(MAX_BUFFER_BYTES)
            .serve_connection(TokioIo::new(socket), service_fn(respond.clone()))
    };
    let speaker = Speaker {
        state: State::Talking(talk(Watched::new(socket, Arc::clone(&line)))),
        talk,
        line,
        drained: false,
    };
    watch(speaker, lifecycle).await;
}

/// A connection, and how hyper begins to talk on it.
struct Speaker<F, C: Connected, P> {
    state: State<C>,
    talk: F,
    line: Arc<Line<P>>,
    drained: bool,
}

enum State<C: Connected> {
    Talking(C),
    /// Without hyper, which keeps some twenty KiB at hand for the next request, whenever that comes.
    Resting(C::Socket),
    Over,
}

/// hyper's connection; its type is long, and all that is needed of it is this.
trait Connected: Future<Output = hyper::Result<()>> + Unpin {
    type Socket;

    fn shut_down(self: Pin<&mut Self>);

    /// What it runs on, and what it read of that and did not use.
    fn into_socket(self) -> (Self::Socket, Bytes);
}

impl<I, B, S> Connected for Connection<TokioIo<I>, S>
where
    S: hyper::service::HttpService<hyper::body::Incoming, ResBody = B>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    TokioIo<I>: hyper::rt::Read + hyper::rt::Write + Unpin,
    B: Body + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    Self: Unpin,
{
    type Socket = I;

    fn shut_down(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }

    fn into_socket(self) -> (I, Bytes) {
        let parts = self.into_parts();
        (parts.io.into_inner(), parts.read_buf)
    }
}

impl<F, C, T, P> Speaker<F, C, P>
where
    F: Fn(Watched<T, Line<P>>) -> C,
    C: Connected<Socket = Watched<T, Line<P>>>,
    T: Transport,
{
    /// Lets hyper go until the client is heard again.
    fn rest(&mut self) {
        if let State::Talking(connection) = std::mem::replace(&mut self.state, State::Over) {
            let (mut socket, unused) = connection.into_socket();
            self.state = if unused.is_empty() && socket.socket().tells_what_is_heard() {
                State::Resting(socket)
            } else {
                socket.put_back(unused);
                State::Talking((self.talk)(socket))
            };
        }
    }

    /// Whether the client is heard again; false when it has left.
    fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        let State::Resting(socket) = &self.state else {
            return Poll::Ready(true);
        };
        let heard = ready!(socket.socket().poll_heard(cx));
        if let State::Resting(socket) = std::mem::replace(&mut self.state, State::Over)
            && heard
        {
            self.state = State::Talking((self.talk)(socket));
        }
        Poll::Ready(heard)
    }
}

impl<F, C, T, P> Conversation for Speaker<F, C, P>
where
    F: Fn(Watched<T, Line<P>>) -> C,
    C: Connected<Socket = Watched<T, Line<P>>>,
    T: Transport,
{
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        ready!(self.poll_rest(cx));
        let State::Talking(connection) = &mut self.state else {
            return Poll::Ready(());
        };
        // An error here is the client's: it left, or it sent what is no HTTP.
        if Pin::new(connection).poll(cx).is_ready()
            || (self.drained && self.line.pulse.owes_nothing())
        {
            return Poll::Ready(());
        }
        Poll::Pending
    }

    fn drain(&mut self) {
        self.drained = true;
        match &mut self.state {
            State::Talking(connection) => Pin::new(connection).shut_down(),
            resting => *resting = State::Over,
        }
    }

    fn is_new(&self) -> bool {
        self.line.pulse.is_new()
    }

    fn overdue(&mut self) -> bool {
        let rests = !self.drained && self.line.pulse.rest();
        if rests {
            self.rest();
        }
        !rests
    }

    fn silence(&self) -> &Silence {
        self.line.pulse.silence()
    }
}

impl<P> Observer for Line<P> {
    fn received(&self, bytes: &[u8]) {
        self.pulse.received(bytes);
    }

    fn written(&self, written: Written) {
        self.pulse.written(written);
    }

    fn leaves_unread(&self) -> bool {
        self.pulse.leaves_unread()
    }

    fn is_working(&self) -> bool {
        self.pulse.is_busy()
    }
}

/// A response body; when it is done (or dropped) the connection is idle again.
struct Answer<P> {
    body: ResponseBody,
    line: Arc<Line<P>>,
}

impl<P> Body for Answer<P> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<P> Drop for Answer<P> {
    fn drop(&mut self) {
        self.line.pulse.idle();
    }
}
