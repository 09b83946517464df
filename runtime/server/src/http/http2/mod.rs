//! One HTTP/2 connection, on `h2`: hyper's own layer over it keeps the timers away that are needed here.
//!
//! In the room: the connection, its bounds and its end (this file), one request and its answer (`stream`),
//! and where in its frames a client is (`frames`). All requests of a connection run in its task, so that
//! they end with it.

mod frames;
mod stream;

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use h2::server::{Builder, Connection, Handshake, SendResponse};
use h2::{Ping, PingPong, Reason, RecvStream};
use http::Request;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use self::frames::Frames;
use self::stream::{Outcome, answer};
use super::connection::Shared;
use super::peer::Peer;
use super::silence::{Patience, Silence};
use super::socket::Transport;
use super::watch::{Conversation, watch};
use super::watched::{Observer, Watched, Written};
use crate::protocol::Protocol;

/// Bytes of the preface.
const PREFACE: usize = super::socket::PREFACE.len();
/// Requests at once on one connection; the client waits with more, or is refused.
const MAX_STREAMS: u32 = 100;
/// Of those, the ones that need no place among all: no number of other clients keeps them out.
const OWN_STREAMS: usize = 4;
/// Bytes of a request's headers, counted as HTTP/2 counts them; 431 beyond it.
const MAX_HEADER_BYTES: u32 = 32 << 10;
/// Bytes that a client may send before they are read: of one request, and of all of a connection.
const STREAM_WINDOW: u32 = 128 << 10;
const CONNECTION_WINDOW: u32 = 256 << 10;
/// Bytes of an answer that wait for the socket.
const SEND_BUFFER: usize = 64 << 10;
/// Requests that the client took back before anybody looked at them.
const MAX_PENDING_RESETS: usize = 20;
/// Requests that had to be reset because the client broke the rules.
const MAX_ERROR_RESETS: usize = 128;
/// Requests that the client took back while they ran, less those that it took the answer of.
const MAX_ABANDONED: usize = 100;
/// How long a client may take to notice that the connection ends.
const FAREWELL: Duration = Duration::from_millis(500);

/// What the connection's socket reports to.
#[derive(Debug)]
struct Line {
    patience: Patience,
    silence: Silence,
    frames: Mutex<Frames>,
    /// The client owes the rest of something that it began to send.
    within: AtomicBool,
    /// Something came since the connection last looked.
    heard: AtomicBool,
}

/// Serves the connection that began then, until it is over.
pub(super) async fn serve<P: Protocol>(
    socket: impl Transport,
    began: Instant,
    peer: IpAddr,
    shared: Arc<Shared<P>>,
) {
    let patience = shared.service.patience();
    let line = Arc::new(Line {
        patience,
        silence: Silence::new(began, patience.header),
        frames: Mutex::new(Frames::new()),
        within: AtomicBool::new(true),
        heard: AtomicBool::new(false),
    });
    let handshake = Builder::new()
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEADER_BYTES)
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buffer_size(SEND_BUFFER)
        .max_pending_accept_reset_streams(MAX_PENDING_RESETS)
        .max_local_error_reset_streams(Some(MAX_ERROR_RESETS))
        .handshake(Watched::new(socket, Arc::clone(&line)));
    let own = Semaphore::new(OWN_STREAMS);
    let peer = Peer::new(peer);
    let speaker = Speaker {
        state: State::Greeting(handshake),
        streams: FuturesUnordered::new(),
        answer: |request, respond| answer(&shared, &own, &peer, request, respond),
        line,
        mood: Mood::New,
        abandoned: 0,
        drained: false,
    };
    watch(speaker, &shared.lifecycle).await;
}

enum State<T> {
    Greeting(Handshake<T, Bytes>),
    Serving(Connection<T, Bytes>, Option<PingPong>),
}

/// What the connection waits for, when no part of a frame is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    New,
    /// For a request.
    Idle,
    /// For something to happen to the requests that run. A client that says nothing for as long as it may
    /// let a write wait is asked whether it is still there,
    Busy,
    /// and has as long to say so as for the head of a request.
    Asking,
    /// For the client to take note of the end.
    Parting,
}

struct Speaker<T, A, F> {
    state: State<T>,
    streams: FuturesUnordered<F>,
    answer: A,
    line: Arc<Line>,
    mood: Mood,
    abandoned: usize,
    drained: bool,
}

impl<T, A, F> Speaker<T, A, F>
where
    T: AsyncRead + AsyncWrite + Unpin,
    A: FnMut(Request<RecvStream>, SendResponse<Bytes>) -> F,
    F: Future<Output = Outcome>,
{
    /// Goes on until nothing moves any more.
    fn advance(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let connection = match &mut self.state {
                State::Greeting(_) if self.drained => return Poll::Ready(()),
                State::Greeting(handshake) => match Pin::new(handshake).poll(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Err(_)) => return Poll::Ready(()),
                    Poll::Ready(Ok(mut connection)) => {
                        let pings = connection.ping_pong();
                        self.state = State::Serving(connection, pings);
                        continue;
                    }
                },
                State::Serving(connection, _) => connection,
            };
            loop {
                match connection.poll_accept(cx) {
                    Poll::Pending => break,
                    Poll::Ready(Some(Ok((request, respond)))) => {
                        self.streams.push((self.answer)(request, respond));
                    }
                    // It is over, or the client broke the rules and was told so.
                    Poll::Ready(_) => return Poll::Ready(()),
                }
            }
            let mut moved = false;
            while let Poll::Ready(Some(outcome)) = self.streams.poll_next_unpin(cx) {
                moved = true;
                match outcome {
                    Outcome::Answered => self.abandoned = self.abandoned.saturating_sub(1),
                    Outcome::Abandoned => self.abandoned += 1,
                }
            }
            if self.abandoned > MAX_ABANDONED && self.mood != Mood::Parting {
                self.abandoned = 0;
                self.part(Reason::ENHANCE_YOUR_CALM);
            } else if !moved {
                return Poll::Pending;
            }
        }
    }

    /// Notes what the connection waits for now.
    fn look_around(&mut self) {
        if let State::Serving(_, Some(pings)) = &mut self.state {
            // That it came was noticed by the bytes of it.
            let mut cx = Context::from_waker(std::task::Waker::noop());
            while pings.poll_pong(&mut cx).is_ready() {}
        }
        let silence = &self.line.silence;
        let heard = self.line.heard.swap(false, Relaxed);
        match self.mood {
            Mood::Parting => {}
            Mood::Idle if self.streams.is_empty() => {}
            _ if self.streams.is_empty() => {
                self.mood = Mood::Idle;
                silence.quiet_within(if self.drained {
                    FAREWELL
                } else {
                    self.line.patience.idle
                });
            }
            Mood::Busy | Mood::Asking if !heard => {}
            _ => {
                self.mood = Mood::Busy;
                silence.quiet_within(self.line.patience.write);
            }
        }
    }

    /// Says that this was the last of it, without waiting for an answer to that.
    fn part(&mut self, reason: Reason) {
        if let State::Serving(connection, _) = &mut self.state {
            connection.abrupt_shutdown(reason);
        }
        self.mood = Mood::Parting;
        self.line.silence.quiet_within(FAREWELL);
    }
}

impl<T, A, F> Conversation for Speaker<T, A, F>
where
    T: AsyncRead + AsyncWrite + Unpin,
    A: FnMut(Request<RecvStream>, SendResponse<Bytes>) -> F,
    F: Future<Output = Outcome>,
{
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let over = self.advance(cx);
        if over.is_pending() && matches!(self.state, State::Serving(..)) {
            self.look_around();
        }
        over
    }

    /// The first of two words: no more requests, please; those on their way are still answered. With what
    /// the client says to that, `h2` goes on by itself.
    fn drain(&mut self) {
        self.drained = true;
        if let State::Serving(connection, _) = &mut self.state {
            connection.graceful_shutdown();
        }
        if self.mood == Mood::Idle {
            self.line.silence.quiet_within(FAREWELL);
        }
    }

    fn overdue(&mut self) -> bool {
        if self.line.silence.is_owed() {
            return true;
        }
        match (self.mood, &mut self.state) {
            (Mood::Idle, _) if !self.drained => self.drain(),
            (Mood::Idle, _) => self.part(Reason::NO_ERROR),
            (Mood::Busy, State::Serving(_, Some(pings))) => {
                if pings.send_ping(Ping::opaque()).is_err() {
                    return true;
                }
                self.mood = Mood::Asking;
                self.line.silence.quiet_within(self.line.patience.header);
            }
            _ => return true,
        }
        false
    }

    fn silence(&self) -> &Silence {
        &self.line.silence
    }
}

impl Observer for Line {
    fn received(&self, bytes: &[u8]) {
        let mut frames = self.frames.lock().unwrap_or_else(PoisonError::into_inner);
        let finished = frames.follow(bytes);
        let within = frames.is_within();
        let was_within = self.within.swap(within, Relaxed);
        self.heard.store(true, Relaxed);
        if !within {
            self.silence.read_whenever();
        } else if finished || !was_within {
            self.silence.read_within(self.patience.header);
        }
    }

    fn written(&self, written: Written) {
        self.silence.written(written, self.patience);
    }

    /// The client may always be on the way with a frame.
    fn leaves_unread(&self) -> bool {
        true
    }
}
