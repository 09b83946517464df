//! A request's body as it comes, in either version of HTTP.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::RecvStream;
use http_body::{Body, Frame, SizeHint};

/// The body.
#[derive(Debug)]
pub(super) enum Incoming {
    Http1(hyper::body::Incoming),
    /// With the length that its headers announce, which `h2` holds it to.
    Http2(RecvStream, Option<u64>),
}

/// The client left, or it broke the rules.
#[derive(Debug)]
pub(super) struct Broken;

impl Body for Incoming {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        match self.get_mut() {
            Self::Http1(body) => Pin::new(body).poll_frame(cx).map_err(|_| Broken),
            Self::Http2(stream, _) => match ready!(stream.poll_data(cx)) {
                Some(Ok(data)) => {
                    // Whoever reads a body bounds it, so the client may go on sending.
                    let released = stream.flow_control().release_capacity(data.len());
                    Poll::Ready(Some(
                        released.map(|()| Frame::data(data)).map_err(|_| Broken),
                    ))
                }
                Some(Err(_)) => Poll::Ready(Some(Err(Broken))),
                None => Poll::Ready(None),
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Http1(body) => body.is_end_stream(),
            Self::Http2(stream, _) => stream.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Http1(body) => body.size_hint(),
            Self::Http2(_, length) => length.map_or_else(SizeHint::new, SizeHint::with_exact),
        }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the body broke off")
    }
}

impl std::error::Error for Broken {}
