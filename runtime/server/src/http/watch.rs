//! Watching over one connection until it is over: its silences, and the way down of the server.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

use super::silence::Silence;
use crate::lifecycle::Lifecycle;

/// How long a connection that has asked nothing yet is waited for when the server drains. A proxy connects and sends its
/// request at once: to close between the two would lose a call that nobody may send twice.
pub(super) const FIRST_REQUEST: Duration = Duration::from_millis(250);

/// A connection in one of the versions of HTTP.
pub(super) trait Conversation {
    /// Goes on as far as it can; ready when it is over.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    /// Takes no more requests. What is running is answered, then the conversation is over.
    fn drain(&mut self);

    /// Whether its first request is still to come, or on its way.
    fn is_new(&self) -> bool {
        false
    }

    /// The silence is overdue: whether the connection is closed for it now.
    fn overdue(&mut self) -> bool;

    fn silence(&self) -> &Silence;
}

/// Lets the conversation go on until it is over, silent for too long, or the server stops.
pub(super) async fn watch(mut conversation: impl Conversation, lifecycle: &Lifecycle) {
    let mut draining = pin!(lifecycle.draining());
    let mut stopping = pin!(lifecycle.stopping());
    let first = conversation.silence().deadline();
    let mut alarm = pin!(tokio::time::sleep_until(first.unwrap_or_else(Instant::now)));
    let (mut watching, mut drained) = (false, false);
    let mut first_request: Option<Pin<Box<Sleep>>> = None;
    poll_fn(|cx| {
        conversation.silence().tick();
        let mut draining_now = lifecycle.is_draining();
        // Registered once: a spawned task is always woken by the same waker.
        if !watching || draining_now {
            if stopping.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            if !watching && !draining_now {
                watching = true;
                draining_now = draining.as_mut().poll(cx).is_ready();
            }
        }
        loop {
            if draining_now && !drained {
                let alarm = || Box::pin(tokio::time::sleep(FIRST_REQUEST));
                let alarm = first_request.get_or_insert_with(alarm);
                drained = !conversation.is_new() || alarm.as_mut().poll(cx).is_ready();
                if drained {
                    conversation.drain();
                }
            }
            if conversation.poll(cx).is_ready() {
                return Poll::Ready(());
            }
            // It came and was answered at once.
            if draining_now && !drained && !conversation.is_new() {
                continue;
            }
            let silence = conversation.silence();
            let Some(deadline) = silence.deadline() else {
                return Poll::Pending;
            };
            if silence.is_overdue() {
                if conversation.overdue() {
                    return Poll::Ready(());
                }
                continue;
            }
            // Later deadlines only move the timer once it has fired.
            if deadline < alarm.deadline() || alarm.is_elapsed() {
                alarm.as_mut().reset(deadline);
            }
            if alarm.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            conversation.silence().tick();
        }
    })
    .await;
}
