//! A connection's bytes, plain or under TLS, and which version of HTTP they begin with.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// What a client sends first that speaks HTTP/2 without having asked (RFC 9113 §3.4).
pub(super) const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A socket whose first bytes may have been looked at; whoever reads from it gets them all.
#[derive(Debug)]
pub(super) struct Socket {
    stream: Stream,
    ahead: [u8; PREFACE.len()],
    /// Which of those are still to be given out.
    from: u8,
    to: u8,
}

#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    /// Boxed, so that plain connections have no room for it.
    Sealed(Box<TlsStream<TcpStream>>),
}

/// Calls the stream of either kind.
macro_rules! forward {
    ($socket:expr, $method:ident $(, $argument:expr)*) => {
        match &mut $socket.stream {
            Stream::Plain(stream) => Pin::new(stream).$method($($argument),*),
            Stream::Sealed(stream) => Pin::new(stream).$method($($argument),*),
        }
    };
}

impl Socket {
    pub(super) fn plain(stream: TcpStream) -> Self {
        Self::of(Stream::Plain(stream))
    }

    pub(super) fn sealed(stream: TlsStream<TcpStream>) -> Self {
        Self::of(Stream::Sealed(Box::new(stream)))
    }

    fn of(stream: Stream) -> Self {
        Self {
            stream,
            ahead: [0; PREFACE.len()],
            from: 0,
            to: 0,
        }
    }

    /// Waits until it is clear whether the client speaks HTTP/2: mostly until its first byte.
    pub(super) async fn begins_with_http2(&mut self) -> io::Result<bool> {
        loop {
            let seen = usize::from(self.to);
            if self.ahead[..seen] != PREFACE[..seen] {
                return Ok(false);
            }
            if seen == PREFACE.len() {
                return Ok(true);
            }
            let read = match &mut self.stream {
                Stream::Plain(stream) => stream.read(&mut self.ahead[seen..]).await?,
                // The handshake told already.
                Stream::Sealed(_) => return Ok(false),
            };
            match read {
                0 => return Ok(false),
                read => self.to = u8::try_from(seen + read).unwrap_or(u8::MAX),
            }
        }
    }
}

/// What a connection runs on.
pub(super) trait Transport: AsyncRead + AsyncWrite + Send + Unpin {
    /// Whether [`Self::poll_heard`] can tell.
    fn tells_what_is_heard(&self) -> bool {
        false
    }

    /// Ready when there is something to read, true, or the client sends no more, false, without reading it.
    fn poll_heard(&self, _: &mut Context<'_>) -> Poll<bool> {
        Poll::Pending
    }
}

impl Transport for Socket {
    fn tells_what_is_heard(&self) -> bool {
        matches!(self.stream, Stream::Plain(_))
    }

    fn poll_heard(&self, cx: &mut Context<'_>) -> Poll<bool> {
        let Stream::Plain(stream) = &self.stream else {
            return Poll::Pending;
        };
        let heard = ready!(stream.poll_peek(cx, &mut ReadBuf::new(&mut [0])));
        Poll::Ready(heard.is_ok_and(|bytes| bytes > 0))
    }
}

#[cfg(test)]
impl Transport for tokio::io::DuplexStream {}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let (from, to) = (usize::from(self.from), usize::from(self.to));
        if from < to {
            let given = buffer.remaining().min(to - from);
            buffer.put_slice(&self.ahead[from..from + given]);
            self.from += u8::try_from(given).unwrap_or(u8::MAX);
            return Poll::Ready(Ok(()));
        }
        forward!(self, poll_read, cx, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        forward!(self, poll_write, cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        forward!(self, poll_write_vectored, cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        match &self.stream {
            Stream::Plain(stream) => stream.is_write_vectored(),
            Stream::Sealed(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        forward!(self, poll_flush, cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        forward!(self, poll_shutdown, cx)
    }
}
