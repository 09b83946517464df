//! A stream from the server that no single message can blow up.
//!
//! The client library gathers a whole message before anybody sees it, and one row with one value may be a
//! gigabyte. This reads the five bytes at the head of each message on the way and breaks the connection before
//! the body of one that is too large is taken in.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsStream};

/// Whether a connection was broken for a message that was too large.
pub(crate) type Oversized = Arc<AtomicBool>;

/// Watches the messages of a server go by.
#[derive(Debug)]
pub(crate) struct Bounded<S> {
    stream: S,
    limit: usize,
    oversized: Oversized,
    header: [u8; 5],
    /// How much of the header has been seen.
    seen: usize,
    /// How much of the body has not.
    body: usize,
}

impl<S> Bounded<S> {
    /// Lets through messages of at most `limit` bytes.
    pub(crate) const fn new(stream: S, limit: usize, oversized: Oversized) -> Self {
        Self {
            stream,
            limit,
            oversized,
            header: [0; 5],
            seen: 0,
            body: 0,
        }
    }

    fn watch(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            if self.body > 0 {
                let passed = self.body.min(bytes.len());
                self.body -= passed;
                bytes = &bytes[passed..];
                continue;
            }
            let taken = bytes.len().min(self.header.len() - self.seen);
            self.header[self.seen..self.seen + taken].copy_from_slice(&bytes[..taken]);
            self.seen += taken;
            bytes = &bytes[taken..];
            if self.seen == self.header.len() {
                self.seen = 0;
                let [_, length @ ..] = self.header;
                // The length counts itself.
                self.body = (u32::from_be_bytes(length) as usize).saturating_sub(4);
                if self.body > self.limit {
                    self.oversized.store(true, Ordering::Release);
                    return Err(io::Error::other("a message of the server is too large"));
                }
            }
        }
        Ok(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Bounded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        Poll::Ready(self.watch(&buffer.filled()[before..]))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Bounded<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl<S: TlsStream + Unpin> TlsStream for Bounded<S> {
    fn channel_binding(&self) -> ChannelBinding {
        self.stream.channel_binding()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounded(limit: usize) -> Bounded<()> {
        Bounded::new((), limit, Oversized::default())
    }

    fn message(length: u32) -> Vec<u8> {
        let mut bytes = vec![b'D'];
        bytes.extend((length + 4).to_be_bytes());
        bytes.resize(bytes.len() + length as usize, 0);
        bytes
    }

    #[test]
    fn messages_are_followed_however_they_are_cut() {
        let bytes: Vec<u8> = [0, 3, 10, 1, 10].into_iter().flat_map(message).collect();
        for size in 1..bytes.len() {
            let mut stream = bounded(10);
            for part in bytes.chunks(size) {
                stream.watch(part).expect("all are small");
            }
            assert_eq!((stream.seen, stream.body), (0, 0));
        }
    }

    #[test]
    fn a_large_one_is_stopped_at_its_head() {
        let mut stream = bounded(10);
        stream.watch(&message(10)).expect("just right");
        assert!(stream.watch(&message(11)[..5]).is_err());
        assert!(stream.oversized.load(Ordering::Acquire));
    }
}
