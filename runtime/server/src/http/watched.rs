//! A connection's socket, reporting to whoever watches over the connection.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::linger::Linger;
use super::socket::Transport;

/// Who is told what comes and goes.
pub(super) trait Observer {
    /// These bytes came; none at the end of the input, or of a connection that broke.
    fn received(&self, bytes: &[u8]);

    /// What became of a write.
    fn written(&self, written: Written);

    /// Whether the client may still be sending something that nobody will read.
    fn leaves_unread(&self) -> bool;

    /// Whether somebody works for the client and nobody reads what it sends.
    fn is_working(&self) -> bool {
        false
    }
}

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// So many bytes were taken; there may be more.
    Some(usize),
    /// It waits for a client that does not read.
    Blocked,
    /// Nothing is left to write.
    All,
}

impl Written {
    fn of(written: &Poll<io::Result<usize>>) -> Self {
        match written {
            Poll::Pending => Self::Blocked,
            Poll::Ready(Ok(bytes)) => Self::Some(*bytes),
            Poll::Ready(Err(_)) => Self::All,
        }
    }
}

/// The socket.
#[derive(Debug)]
pub(super) struct Watched<T, O> {
    inner: T,
    observer: Arc<O>,
    linger: Option<Linger>,
    /// What was read from the socket already.
    ahead: Bytes,
}

impl<T, O> Watched<T, O> {
    pub(super) fn new(inner: T, observer: Arc<O>) -> Self {
        Self {
            inner,
            observer,
            linger: None,
            ahead: Bytes::new(),
        }
    }

    /// Has these bytes read before all others.
    pub(super) fn put_back(&mut self, bytes: Bytes) {
        self.ahead = bytes;
    }

    pub(super) const fn socket(&self) -> &T {
        &self.inner
    }
}

impl<T: Transport, O: Observer> AsyncRead for Watched<T, O> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.ahead.is_empty() {
            let given = self.ahead.len().min(buffer.remaining());
            let bytes = self.ahead.split_to(given);
            self.observer.received(&bytes);
            buffer.put_slice(&bytes);
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.inner).poll_read(cx, buffer);
        if read.is_ready() {
            self.observer.received(&buffer.filled()[before..]);
        }
        read
    }
}

impl<T: Transport, O: Observer> AsyncWrite for Watched<T, O> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.observer.written(Written::of(&written));
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(cx, slices);
        self.observer.written(Written::of(&written));
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.inner).poll_flush(cx);
        // Comes after the last write; TLS keeps something back that it can wait for.
        self.observer.written(match flushed {
            Poll::Pending => Written::Blocked,
            Poll::Ready(_) => Written::All,
        });
        // Asked for at every turn of a connection, so also while it waits for an answer in the making: the place
        // to see that nobody waits for that any more. hyper would see it by itself, by reading on, for which it
        // makes room at every request.
        if flushed.is_ready()
            && self.observer.is_working()
            && self.inner.poll_heard(cx) == Poll::Ready(false)
        {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        flushed
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self {
            inner,
            observer,
            linger,
            ..
        } = self.get_mut();
        if linger.is_none() {
            ready!(Pin::new(&mut *inner).poll_shutdown(cx))?;
            if !observer.leaves_unread() {
                return Poll::Ready(Ok(()));
            }
        }
        linger
            .get_or_insert_with(Linger::new)
            .poll(cx, inner)
            .map(Ok)
    }
}
