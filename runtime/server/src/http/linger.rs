//! The end of a connection: wait a little for the client to close too.
//!
//! Closing with unread bytes resets the connection, and a client that is still
//! sending its refused body would never see the refusal.

use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::Sleep;

/// How much of what the client still sends is taken in, and for how long.
const BYTES: usize = 4 << 20;
const PATIENCE: Duration = Duration::from_millis(500);

/// Reads and forgets until the client closes or patience ends.
#[derive(Debug)]
pub(super) struct Linger {
    until: Pin<Box<Sleep>>,
    left: usize,
}

impl Linger {
    pub(super) fn new() -> Self {
        Self {
            until: Box::pin(tokio::time::sleep(PATIENCE)),
            left: BYTES,
        }
    }

    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        input: &mut (impl AsyncRead + Unpin),
    ) -> Poll<()> {
        let mut sink = [MaybeUninit::uninit(); 8 << 10];
        while self.left > 0 {
            let mut buffer = ReadBuf::uninit(&mut sink);
            match Pin::new(&mut *input).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    self.left = self.left.saturating_sub(buffer.filled().len());
                }
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return self.until.as_mut().poll(cx),
            }
        }
        Poll::Ready(())
    }
}
