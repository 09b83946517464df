//! Reading a request's body: bounded in size, in time, and in how many large ones there are.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::FutureExt as _;
use http_body::Body as _;
use http_body_util::BodyExt;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use super::incoming::Incoming;
use super::refusal::Refusal;

/// Bodies up to this size are free; a larger one needs a place among the large ones.
const SMALL: usize = 64 << 10;
/// Large bodies that may be in memory at once.
pub(super) const LARGE_AT_ONCE: usize = 32;
/// Longest silence inside a body.
const STALL: Duration = Duration::from_secs(10);

/// A body in memory, and the place it takes there.
pub(super) struct Body<'a> {
    pub(super) bytes: Bytes,
    pub(super) _place: Option<SemaphorePermit<'a>>,
}

/// Reads the whole body, or says why not: 413, 408, 503, 400.
pub(super) async fn read(
    mut body: Incoming,
    max: usize,
    timeout: Duration,
    large: &Semaphore,
) -> Result<Body<'_>, Refusal> {
    let announced = body.size_hint().exact();
    if announced.is_some_and(|length| length > max as u64) {
        return Err(Refusal::too_large(max));
    }
    let take_place = |length: usize, place: &mut Option<_>| {
        if length > SMALL && place.is_none() {
            *place = Some(
                large
                    .try_acquire()
                    .map_err(|_| Refusal::overloaded(None).closing())?,
            );
        }
        Ok(())
    };
    let mut place = None;
    let announced = announced.map_or(0, |length| usize::try_from(length).unwrap_or(usize::MAX));
    take_place(announced, &mut place)?;

    let mut deadline = None;
    let mut first = Bytes::new();
    let mut whole = BytesMut::new();
    loop {
        // Mostly there already: then nothing has to wait, and no timer is made.
        let frame = if let Some(frame) = body.frame().now_or_never() {
            frame
        } else {
            let deadline = *deadline.get_or_insert_with(|| Instant::now() + timeout);
            let until = deadline.min(Instant::now() + STALL);
            let waiting = tokio::time::timeout_at(until, body.frame()).await;
            waiting.map_err(|_| Refusal::timed_out())?
        };
        let frame = match frame {
            Some(Err(_)) => return Err(Refusal::broken_body()),
            None => break,
            Some(Ok(frame)) => frame,
        };
        // Trailers have no meaning here.
        let Ok(data) = frame.into_data() else {
            continue;
        };
        let length = first.len() + whole.len() + data.len();
        if length > max {
            return Err(Refusal::too_large(max));
        }
        take_place(length, &mut place)?;
        if first.is_empty() && whole.is_empty() {
            // Usually the only piece, which is then never copied.
            first = data;
        } else {
            whole.reserve(announced.max(length).saturating_sub(whole.len()));
            whole.extend_from_slice(&std::mem::take(&mut first));
            whole.extend_from_slice(&data);
        }
    }
    let bytes = if whole.is_empty() {
        first
    } else {
        whole.freeze()
    };
    Ok(Body {
        bytes,
        _place: place,
    })
}
