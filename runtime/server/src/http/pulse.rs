//! When a connection has been silent for too long.
//!
//! hyper's own header timeout also runs between two requests, so it cannot tell
//! a slow sender from an idle keep-alive connection. This can: it notes what the
//! connection is doing, and the connection's task asks when that is overdue.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::rt::{Read, ReadBufCursor, Write};
use tokio::time::Instant;

use super::linger::Linger;
use crate::response_body::ResponseBody;

/// How long each silence may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// From the first byte of a request (or from the connection's start) to the end of its headers.
    pub(crate) header: Duration,
    /// Between two requests.
    pub(crate) idle: Duration,
    /// A write that the client does not take.
    pub(crate) write: Duration,
}

const FRESH: u8 = 0;
const HEADER: u8 = 1;
const BUSY: u8 = 2;
const IDLE: u8 = 3;
const NEVER: u64 = u64::MAX;

/// What one connection is doing, and until when. Only its own task writes here,
/// so the order of the stores does not matter.
#[derive(Debug)]
pub(super) struct Pulse {
    began: Instant,
    patience: Patience,
    phase: AtomicU8,
    read_by: AtomicU64,
    write_by: AtomicU64,
    /// A request was answered before all of it was read.
    cut_short: AtomicBool,
}

impl Pulse {
    pub(super) fn new(patience: Patience) -> Self {
        let pulse = Self {
            began: Instant::now(),
            patience,
            phase: AtomicU8::new(FRESH),
            read_by: AtomicU64::new(NEVER),
            write_by: AtomicU64::new(NEVER),
            cut_short: AtomicBool::new(false),
        };
        pulse.read_by.store(pulse.after(patience.header), Relaxed);
        pulse
    }

    /// A request's headers are read; its body has its own limits.
    pub(super) fn busy(&self) {
        self.phase.store(BUSY, Relaxed);
        self.read_by.store(NEVER, Relaxed);
    }

    /// The answer is given without reading the rest of the request.
    pub(super) fn cut_short(&self) {
        self.cut_short.store(true, Relaxed);
    }

    /// Whether the client may still be sending something that nobody will read.
    fn leaves_unread(&self) -> bool {
        self.phase.load(Relaxed) != IDLE || self.cut_short.load(Relaxed)
    }

    fn idle(&self) {
        self.phase.store(IDLE, Relaxed);
        self.read_by.store(self.after(self.patience.idle), Relaxed);
    }

    fn received(&self) {
        match self.phase.load(Relaxed) {
            FRESH => self.phase.store(HEADER, Relaxed),
            IDLE => {
                self.phase.store(HEADER, Relaxed);
                self.read_by
                    .store(self.after(self.patience.header), Relaxed);
            }
            _ => {}
        }
    }

    fn written(&self, blocked: bool) {
        if !blocked {
            self.write_by.store(NEVER, Relaxed);
        } else if self.write_by.load(Relaxed) == NEVER {
            self.write_by
                .store(self.after(self.patience.write), Relaxed);
        }
    }

    /// Whether no request is complete and no answer is on its way: nothing is lost by closing.
    pub(super) fn owes_nothing(&self) -> bool {
        self.phase.load(Relaxed) <= HEADER && self.write_by.load(Relaxed) == NEVER
    }

    /// When the present silence is overdue.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let by = self.read_by.load(Relaxed).min(self.write_by.load(Relaxed));
        (by != NEVER).then(|| self.began + Duration::from_millis(by))
    }

    /// Milliseconds since the beginning, `wait` from now.
    fn after(&self, wait: Duration) -> u64 {
        u64::try_from((self.began.elapsed() + wait).as_millis()).unwrap_or(NEVER)
    }
}

/// A connection's socket, reporting to its pulse.
#[derive(Debug)]
pub(super) struct Watched<T> {
    inner: T,
    pulse: Arc<Pulse>,
    linger: Option<Linger>,
}

impl<T> Watched<T> {
    pub(super) fn new(inner: T, pulse: Arc<Pulse>) -> Self {
        Self {
            inner,
            pulse,
            linger: None,
        }
    }
}

impl<T: Read + Unpin> Read for Watched<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.inner).poll_read(cx, buffer);
        if read.is_ready() {
            self.pulse.received();
        }
        read
    }
}

impl<T: Read + Write + Unpin> Write for Watched<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.pulse.written(written.is_pending());
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(cx, slices);
        self.pulse.written(written.is_pending());
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self {
            inner,
            pulse,
            linger,
        } = self.get_mut();
        if linger.is_none() {
            ready!(Pin::new(&mut *inner).poll_shutdown(cx))?;
            if !pulse.leaves_unread() {
                return Poll::Ready(Ok(()));
            }
        }
        linger
            .get_or_insert_with(Linger::new)
            .poll(cx, inner)
            .map(Ok)
    }
}

/// A response body; when it is done (or dropped) the connection is idle again.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) body: ResponseBody,
    pub(super) pulse: Arc<Pulse>,
}

impl Body for Answer {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.pulse.idle();
    }
}
