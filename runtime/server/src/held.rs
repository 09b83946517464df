//! A response body that keeps something until it was sent or given up.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::Response;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;

use crate::protocol::BoxedBody;
use crate::response_body::PIECE;

struct Held<T> {
    body: BoxedBody,
    /// Of the last frame, what did not go out yet.
    rest: Bytes,
    _kept: T,
}

impl<T> Held<T> {
    fn piece(&mut self) -> Frame<Bytes> {
        Frame::data(self.rest.split_to(PIECE.min(self.rest.len())))
    }
}

impl<T: Send + Sync + Unpin + 'static> Body for Held<T> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if !self.rest.is_empty() {
            return Poll::Ready(Some(Ok(self.piece())));
        }
        match ready!(Pin::new(&mut self.body).poll_frame(context)) {
            Some(Ok(frame)) if frame.data_ref().is_some_and(|data| data.len() > PIECE) => {
                self.rest = frame.into_data().unwrap_or_default();
                Poll::Ready(Some(Ok(self.piece())))
            }
            other => Poll::Ready(other),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    /// Of the body itself, so that a whole answer still goes out with its length.
    fn size_hint(&self) -> SizeHint {
        let (mut hint, rest) = (self.body.size_hint(), self.rest.len() as u64);
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper + rest);
        }
        hint.set_lower(hint.lower() + rest);
        hint
    }
}

/// Keeps `kept` for as long as the body of `response` lives.
pub(crate) fn hold<T: Send + Sync + Unpin + 'static>(
    response: Response<BoxedBody>,
    kept: T,
) -> Response<BoxedBody> {
    response.map(|body| {
        Held {
            body,
            rest: Bytes::new(),
            _kept: kept,
        }
        .boxed()
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use http_body_util::Full;

    use super::*;

    #[tokio::test]
    async fn what_is_held_goes_with_the_body_and_the_length_stays() {
        let kept = Arc::new(());
        let answer = Response::new(Full::new(Bytes::from_static(b"answer")).boxed());
        let response = hold(answer, Arc::clone(&kept));
        assert_eq!(response.body().size_hint().exact(), Some(6));
        assert_eq!(Arc::strong_count(&kept), 2);
        let sent = response
            .into_body()
            .collect()
            .await
            .expect("nothing fails")
            .to_bytes();
        assert_eq!(&sent[..], b"answer");
        assert_eq!(Arc::strong_count(&kept), 1);
    }

    #[tokio::test]
    async fn a_large_answer_is_held_until_its_last_piece() {
        let kept = Arc::new(());
        let text = Bytes::from(vec![b'x'; 2 * PIECE + 1]);
        let answer = Response::new(Full::new(text.clone()).boxed());
        let mut body = hold(answer, Arc::clone(&kept)).into_body();
        let mut sent = Vec::new();
        for left in [2 * PIECE + 1, PIECE + 1, 1] {
            assert!(!body.is_end_stream());
            assert_eq!(body.size_hint().exact(), Some(left as u64));
            assert_eq!(Arc::strong_count(&kept), 2);
            let frame = body
                .frame()
                .await
                .expect("there is more")
                .expect("nothing fails");
            sent.extend(frame.into_data().expect("it is data"));
        }
        assert!(body.is_end_stream());
        assert_eq!(sent, text);
    }
}
