//! One client on stdin and stdout: one message a line.
//!
//! In the room: taking the descriptors (`endpoints`), cutting lines (`lines`),
//! the requests in flight (`in_flight`), the one writer (`writer`) and the loop
//! that joins them. Not here: what a message means.
//!
//! Reader, protocol and writer are one task, so a call that is answered at once
//! crosses no thread.

mod endpoints;
mod in_flight;
mod lines;
#[cfg(test)]
mod tests;
mod writer;

use std::time::Duration;

use bytes::Bytes;
use tokio::io::AsyncRead;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::frame::{Frame, FrameError, FrameKind, FrameLimits, INVALID_REQUEST, RequestId};
use crate::lifecycle::Lifecycle;
use crate::protocol::{Incoming, Protocol};
pub(crate) use endpoints::{Output, Wire};
use in_flight::InFlight;
pub(crate) use in_flight::Slot;
use lines::{Line, Lines};

/// Messages waiting on either side of the protocol.
const QUEUE: usize = 64;
/// What an answer that is already made may take to leave after the drain is over.
const LAST_WORDS: Duration = Duration::from_millis(250);

/// Bounds of the connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StdioLimits {
    /// Size and depth of one message.
    pub(crate) frame: FrameLimits,
    /// Requests in flight; reading pauses at this many.
    pub(crate) in_flight: usize,
    /// How long calls may still take after stdin has ended.
    pub(crate) end_grace: Duration,
}

/// Serves until stdin ends, the client is gone, or the server drains.
pub(crate) async fn serve<P: Protocol>(
    protocol: &P,
    input: impl AsyncRead + Unpin,
    output: Output,
    limits: StdioLimits,
    lifecycle: &Lifecycle,
) {
    let (inbound, messages) = mpsc::channel(QUEUE);
    let (outbound, answers) = mpsc::channel(QUEUE);
    let cancel = CancellationToken::new();
    let reader = read(input, limits, inbound, outbound.clone());
    let session = async {
        let protocol = protocol.connect(messages, outbound, cancel.clone());
        let writer = writer::write_lines(answers, output);
        tokio::pin!(protocol, writer);
        tokio::select! {
            () = &mut protocol => report(writer.await),
            written = &mut writer => {
                report(written);
                cancel.cancel();
                protocol.await;
            }
        }
    };
    tokio::pin!(session);

    // The reader is dropped when this is over, and its ends of the queues with it.
    let grace = tokio::select! {
        () = reader => limits.end_grace,
        () = lifecycle.draining() => Duration::MAX,
        () = &mut session => return,
    };
    tokio::select! {
        () = &mut session => return,
        () = tokio::time::sleep(grace) => tracing::warn!("calls that were still running at the end of stdin are given up"),
        () = lifecycle.stopping() => {}
    }
    cancel.cancel();
    if tokio::time::timeout(LAST_WORDS, session).await.is_err() {
        tracing::warn!("stdout is not being read: the last answers are lost");
    }
}

/// Cuts, checks and forwards messages until stdin ends or the protocol is gone.
async fn read(
    input: impl AsyncRead + Unpin,
    limits: StdioLimits,
    inbound: mpsc::Sender<Incoming>,
    outbound: mpsc::Sender<Bytes>,
) {
    let in_flight = InFlight::new(limits.in_flight);
    let mut lines = Lines::new(input, limits.frame.max_bytes);
    loop {
        let frame = match lines.next().await {
            Ok(Line::Text(line)) => Frame::parse(line, &limits.frame),
            Ok(Line::TooLong) => Err(FrameError::too_large(limits.frame.max_bytes)),
            Ok(Line::End) => return,
            Err(error) => return tracing::warn!(%error, "stdin cannot be read"),
        };
        let sent = match admit(frame, &in_flight).await {
            Ok(incoming) => inbound.send(incoming).await.is_ok(),
            Err(error) if error.unanswerable => {
                tracing::debug!(%error, "a message that wants no answer was refused");
                true
            }
            Err(error) => outbound.send(error.to_json()).await.is_ok(),
        };
        if !sent {
            return;
        }
    }
}

/// A place for a request that is on no connection, such as one from the command line.
pub(crate) async fn slot(id: RequestId) -> Slot {
    InFlight::new(1).enter(id).await
}

/// Gives a request its place; refuses an id that is still in flight.
async fn admit(
    frame: Result<Frame, FrameError>,
    in_flight: &InFlight,
) -> Result<Incoming, FrameError> {
    let frame = frame?;
    let FrameKind::Request(id) = frame.kind() else {
        return Ok(Incoming { frame, slot: None });
    };
    if in_flight.contains(id) {
        let message = "a request with this id is still in flight";
        return Err(FrameError::new(INVALID_REQUEST, message, Some(id.clone())));
    }
    let slot = in_flight.enter(id.clone()).await;
    Ok(Incoming {
        frame,
        slot: Some(slot),
    })
}

fn report(written: std::io::Result<()>) {
    if let Err(error) = written {
        tracing::info!(%error, "stdout is closed");
    }
}
