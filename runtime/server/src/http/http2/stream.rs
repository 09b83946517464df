//! One request of an HTTP/2 connection, and its answer.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use http::header::{CONNECTION, CONTENT_LENGTH, DATE, Entry, HOST, HeaderValue, RETRY_AFTER};
use http::{Method, Request, Response, StatusCode};
use http_body::Body as _;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::super::connection::{MAX_HEADERS, Shared};
use super::super::date;
use super::super::incoming::Incoming;
use super::super::peer::Peer;
use super::super::silence::Patience;
use crate::protocol::Protocol;
use crate::response_body::ResponseBody;

/// How long a client may take to send the rest of a request that was refused.
const LINGER: Duration = Duration::from_millis(50);

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Answered,
    /// The client took it back, or left the answer lying.
    Abandoned,
}

/// Answers a request, whatever it is. `own` are the places that its connection has for itself.
pub(super) async fn answer<P: Protocol>(
    shared: &Shared<P>,
    own: &Semaphore,
    peer: &Peer,
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
) -> Outcome {
    let place = own.try_acquire().or_else(|_| shared.streams.try_acquire());
    let Ok(place) = place else {
        return refuse(&mut respond, StatusCode::SERVICE_UNAVAILABLE);
    };
    if request.headers().len() > MAX_HEADERS {
        return refuse(&mut respond, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    }
    let whole = request.method() != Method::HEAD;
    let response = {
        // Boxed, because it is large, and over long before a client has taken the answer that it leaves lying.
        let mut running = Box::pin(shared.service.respond(plain(request), peer));
        poll_fn(|cx| {
            if let Poll::Ready(response) = running.as_mut().poll(cx) {
                return Poll::Ready(Some(response));
            }
            // Nobody waits for it any more.
            respond.poll_reset(cx).map(|_| None)
        })
        .await
    };
    // Everybody may ask for refusals and probes, and leave them lying: that keeps nobody out.
    let is_free = response
        .as_ref()
        .is_none_or(|response| response.body().is_free());
    let _place = (!is_free).then_some(place);
    let is_refusal = response
        .as_ref()
        .is_some_and(|response| response.status().is_client_error());
    let sent = match response {
        Some(response) => {
            let patience = shared.service.patience();
            send(response, whole, &mut respond, patience).await
        }
        None => None,
    };
    match sent {
        Some(()) => {
            // Dropping what is left of a request resets it, and some clients that are still sending their
            // body then never look at the refusal.
            if is_refusal {
                tokio::time::sleep(LINGER).await;
            }
            Outcome::Answered
        }
        None => Outcome::Abandoned,
    }
}

/// The request as one of HTTP/1.1 would be: the host that it is meant for has one place to stand in.
fn plain(request: Request<RecvStream>) -> Request<Incoming> {
    let (mut parts, stream) = request.into_parts();
    if let Entry::Vacant(host) = parts.headers.entry(HOST)
        && let Some(authority) = parts.uri.authority()
        && let Ok(authority) = HeaderValue::try_from(authority.as_str())
    {
        host.insert(authority);
    }
    let length = parts.headers.get(CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
    Request::from_parts(parts, Incoming::Http2(stream, length))
}

/// An answer without a body, and without a look at the request.
fn refuse(respond: &mut SendResponse<Bytes>, status: StatusCode) -> Outcome {
    let mut response = Response::new(());
    *response.status_mut() = status;
    if status == StatusCode::SERVICE_UNAVAILABLE {
        let headers = response.headers_mut();
        headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    match respond.send_response(response, true) {
        Ok(_) => Outcome::Answered,
        Err(_) => Outcome::Abandoned,
    }
}

/// Sends the answer piece by piece, none before the client has room for it. `None` when it has none for too
/// long, too little for a whole piece in its time, or has left.
async fn send(
    response: Response<ResponseBody>,
    whole: bool,
    respond: &mut SendResponse<Bytes>,
    patience: Patience,
) -> Option<()> {
    let (mut head, mut body) = response.into_parts();
    // Says something about a connection of HTTP/1.1, and is forbidden here.
    head.headers.remove(CONNECTION);
    head.headers.entry(DATE).or_insert_with(date::now);
    let empty = body.is_end_stream();
    if let (false, Some(length)) = (empty, body.size_hint().exact()) {
        let length = || HeaderValue::from(length);
        head.headers.entry(CONTENT_LENGTH).or_insert_with(length);
    }
    let over = empty || !whole;
    let response = Response::from_parts(head, ());
    let mut stream = respond.send_response(response, over).ok()?;
    if over {
        return Some(());
    }
    loop {
        let frame = poll_fn(|cx| {
            if stream.poll_reset(cx).is_ready() {
                return Poll::Ready(None);
            }
            Pin::new(&mut body).poll_frame(cx).map(Some)
        });
        let Some(Ok(frame)) = frame.await? else {
            return stream.send_data(Bytes::new(), true).ok();
        };
        // Trailers have no meaning here.
        let Ok(mut data) = frame.into_data() else {
            continue;
        };
        let last = body.is_end_stream();
        let mut by = None;
        while !data.is_empty() {
            let room = room(&mut stream, data.len(), patience, &mut by).await?;
            let piece = data.split_to(room.min(data.len()));
            let end = last && data.is_empty();
            stream.send_data(piece, end).ok()?;
            if end {
                return Some(());
            }
        }
    }
}

/// For how much of the next `wanted` bytes the client has room; waits until it has some. `by` is when the
/// piece that they are of has to be taken, from the first wait on.
async fn room(
    stream: &mut SendStream<Bytes>,
    wanted: usize,
    patience: Patience,
    by: &mut Option<Instant>,
) -> Option<usize> {
    stream.reserve_capacity(wanted);
    match stream.capacity() {
        0 => {}
        room => return Some(room),
    }
    let waiting = poll_fn(|cx| {
        if stream.poll_reset(cx).is_ready() {
            return Poll::Ready(None);
        }
        Poll::Ready(ready!(stream.poll_capacity(cx)).and_then(Result::ok))
    });
    let now = Instant::now();
    let by = *by.get_or_insert_with(|| now + patience.slowest(wanted));
    let Ok(room) = tokio::time::timeout_at(by.min(now + patience.write), waiting).await else {
        stream.send_reset(Reason::CANCEL);
        return None;
    };
    room
}
