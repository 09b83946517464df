//! Watching over one connection until it is over: its silences, and the way down of the server.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll};

use tokio::time::Instant;

use super::silence::Silence;
use crate::lifecycle::Lifecycle;

/// A connection in one of the versions of HTTP.
pub(super) trait Conversation {
    /// Goes on as far as it can; ready when it is over.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    /// Takes no more requests. What is running is answered, then the conversation is over.
    fn drain(&mut self);

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
    poll_fn(|cx| {
        conversation.silence().tick();
        // Registered once: a spawned task is always woken by the same waker.
        if !watching || lifecycle.is_draining() {
            watching = true;
            if stopping.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            if !drained && draining.as_mut().poll(cx).is_ready() {
                drained = true;
                conversation.drain();
            }
        }
        loop {
            if conversation.poll(cx).is_ready() {
                return Poll::Ready(());
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
