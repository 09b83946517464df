//! The body of a response over HTTP: a whole answer in memory, or something that is still being made.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::OwnedSemaphorePermit;

use crate::protocol::BoxedBody;

/// A whole answer goes out in pieces of this size: who takes its only piece takes it as sent. A connection keeps
/// room for what it once wrote, so a piece is not large.
pub(crate) const PIECE: usize = 16 << 10;

/// A response body.
#[derive(Debug)]
pub(crate) enum ResponseBody {
    /// An answer, as far as it did not go out yet.
    Whole {
        rest: Bytes,
        /// Its place among the answers that are held at once, until its last piece is taken.
        _place: Option<OwnedSemaphorePermit>,
    },
    /// A stream of events, or whatever else the protocol makes.
    Boxed(BoxedBody),
}

impl ResponseBody {
    /// A whole answer that takes no place.
    pub(crate) fn whole(bytes: impl Into<Bytes>) -> Self {
        Self::Whole {
            rest: bytes.into(),
            _place: None,
        }
    }

    /// Whether it is a few words that take no place: a refusal, a probe.
    pub(crate) const fn is_free(&self) -> bool {
        matches!(self, Self::Whole { _place: None, .. })
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Self::Whole { rest, .. } if rest.is_empty() => Poll::Ready(None),
            Self::Whole { rest, .. } => {
                let piece = rest.split_to(PIECE.min(rest.len()));
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
            Self::Boxed(body) => Pin::new(body).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole { rest, .. } => rest.is_empty(),
            Self::Boxed(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole { rest, .. } => SizeHint::with_exact(rest.len() as u64),
            Self::Boxed(body) => body.size_hint(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use http_body_util::BodyExt as _;
    use tokio::sync::Semaphore;

    use super::*;

    #[tokio::test]
    async fn a_large_answer_keeps_its_place_until_its_last_piece_is_taken() {
        let places = Arc::new(Semaphore::new(1));
        let place = Arc::clone(&places).try_acquire_owned().expect("it is free");
        let mut body = ResponseBody::Whole {
            rest: Bytes::from(vec![7; PIECE + 1]),
            _place: Some(place),
        };
        assert_eq!(body.size_hint().exact(), Some(PIECE as u64 + 1));
        let first = body
            .frame()
            .await
            .expect("there is one")
            .expect("nothing fails");
        assert_eq!(first.into_data().expect("it is data").len(), PIECE);
        assert!(!body.is_end_stream());
        assert_eq!(places.available_permits(), 0);
        let last = body
            .frame()
            .await
            .expect("there is one")
            .expect("nothing fails");
        assert_eq!(last.into_data().expect("it is data").len(), 1);
        assert!(body.is_end_stream());
        drop(body);
        assert_eq!(places.available_permits(), 1);
    }
}
