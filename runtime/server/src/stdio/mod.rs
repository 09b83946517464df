//! One client on stdin and stdout: one message a line.
//!
//! In the room: taking the descriptors (`endpoints`), cutting lines (`lines`),
//! the requests in flight (`in_flight`) and those that wait for a place
//! (`waiting`), the one writer (`writer`) and the loop that joins them. Not
//! here: what a message means.
//!
//! Reader, protocol and writer are one task, so a call that is answered at once
//! crosses no thread.

mod endpoints;
mod in_flight;
mod lines;
#[cfg(test)]
mod tests;
mod waiting;
mod writer;

use std::time::Duration;

use bytes::Bytes;
use tokio::io::AsyncRead;
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio_util::sync::CancellationToken;

use crate::frame::{Frame, FrameError, FrameKind, FrameLimits, INVALID_REQUEST, RequestId};
use crate::lifecycle::Lifecycle;
use crate::protocol::{Incoming, Protocol};
pub(crate) use endpoints::{Output, Wire};
use in_flight::InFlight;
pub(crate) use in_flight::Slot;
use lines::{Line, Lines};
use waiting::Waiting;

/// Messages waiting on either side of the protocol.
const QUEUE: usize = 64;
/// What an answer that is already made may take to leave after the drain is over.
const LAST_WORDS: Duration = Duration::from_millis(250);

/// Bounds of the connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StdioLimits {
    /// Size and depth of one message.
    pub(crate) frame: FrameLimits,
    /// Requests in flight; more wait, and reading pauses when many do.
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
    let ended = CancellationToken::new();
    let mut reader = Box::pin(read(input, limits, inbound, outbound.clone(), &ended));
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

    let (grace, reader) = tokio::select! {
        () = &mut reader => (limits.end_grace, None),
        // What was sent before the end may still wait for a place.
        () = ended.cancelled() => (limits.end_grace, Some(reader)),
        () = lifecycle.draining() => {
            // Nothing more is read, and what was read has its turn.
            ended.cancel();
            (Duration::MAX, Some(reader))
        }
        () = &mut session => return,
    };
    let rest = async {
        if let Some(reader) = reader {
            reader.await;
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = &mut session => return,
        () = rest => {}
        () = tokio::time::sleep(grace) => tracing::warn!("calls that were still running at the end of stdin are given up"),
        () = lifecycle.stopping() => {}
    }
    cancel.cancel();
    if tokio::time::timeout(LAST_WORDS, session).await.is_err() {
        tracing::warn!("stdout is not being read: the last answers are lost");
    }
}

/// Cuts, checks and forwards messages until stdin has ended and nothing waits any more, or until the protocol
/// is gone. `ended` fires at the end of stdin, and ends the reading when it is fired.
async fn read(
    input: impl AsyncRead + Unpin,
    limits: StdioLimits,
    inbound: mpsc::Sender<Incoming>,
    outbound: mpsc::Sender<Bytes>,
    ended: &CancellationToken,
) {
    let in_flight = InFlight::new(limits.in_flight);
    let mut lines = Lines::new(input, limits.frame.max_bytes);
    let mut waiting = Waiting::new(limits.frame.max_bytes);
    let mut end = std::pin::pin!(ended.cancelled());
    loop {
        let line = tokio::select! {
            biased;
            admitted = waiting.admit(&in_flight), if !waiting.is_empty() => {
                if inbound.send(admitted).await.is_err() {
                    return;
                }
                continue;
            }
            line = lines.next(), if !ended.is_cancelled() && !waiting.is_full() => line,
            () = &mut end, if !ended.is_cancelled() => continue,
            else => return,
        };
        let frame = match line {
            Ok(Line::Text(line)) => Frame::parse(line, &limits.frame),
            Ok(Line::TooLong) => Err(FrameError::too_large(limits.frame.max_bytes)),
            Ok(Line::End) => {
                ended.cancel();
                continue;
            }
            Err(error) => {
                tracing::warn!(%error, "stdin cannot be read");
                ended.cancel();
                continue;
            }
        };
        let sent = match frame.and_then(|frame| admit(frame, &in_flight, &mut waiting)) {
            // Mostly there is room: a future that waits for it would hold the message, and copy it there and back.
            Ok(Some(incoming)) => match inbound.try_send(incoming) {
                Ok(()) => true,
                Err(TrySendError::Full(incoming)) => inbound.send(incoming).await.is_ok(),
                Err(TrySendError::Closed(_)) => false,
            },
            Ok(None) => true,
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
    let in_flight = InFlight::new(1);
    let claim = || {
        let claim = in_flight.claim(&id);
        ((), claim.expect("nothing else is in flight"))
    };
    in_flight.place(claim).await.1
}

/// Gives a request its place, or has it wait for one; refuses an id that is still in flight.
fn admit(
    frame: Frame,
    in_flight: &InFlight,
    waiting: &mut Waiting,
) -> Result<Option<Incoming>, FrameError> {
    let FrameKind::Request(id) = frame.kind() else {
        let taken_back = !waiting.is_empty() && waiting.is_taken_back_by(&frame);
        return Ok((!taken_back).then_some(Incoming { frame, slot: None }));
    };
    let Some(claim) = in_flight.claim(id) else {
        let message = "a request with this id is still in flight";
        return Err(FrameError::new(INVALID_REQUEST, message, Some(id.clone())));
    };
    if !waiting.is_empty() {
        waiting.push(&frame, claim);
        return Ok(None);
    }
    match in_flight.try_place(claim) {
        Ok(slot) => Ok(Some(Incoming {
            frame,
            slot: Some(slot),
        })),
        Err(claim) => {
            waiting.push(&frame, claim);
            Ok(None)
        }
    }
}

fn report(written: std::io::Result<()>) {
    if let Err(error) = written {
        tracing::info!(%error, "stdout is closed");
    }
}
