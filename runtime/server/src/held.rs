//! A response body that keeps something until it was sent or given up.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Response;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;

use crate::protocol::ResponseBody;

struct Held<T> {
    body: ResponseBody,
    _kept: T,
}

impl<T: Send + Sync + Unpin + 'static> Body for Held<T> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    /// Of the body itself, so that a whole answer still goes out with its length.
    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Keeps `kept` for as long as the body of `response` lives.
pub(crate) fn hold<T: Send + Sync + Unpin + 'static>(
    response: Response<ResponseBody>,
    kept: T,
) -> Response<ResponseBody> {
    response.map(|body| Held { body, _kept: kept }.boxed())
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
}
