//! What surrounds a running call: its turn, its deadline, its cancellation, its panics.

use std::{
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::FutureExt as _;
use mcp_factory_sdk::{BoxFuture, Call, ToolError, ToolErrorKind};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::{CallFailure, Caller};

/// The places that a running call takes.
pub(super) type Admission = [Option<OwnedSemaphorePermit>; 3];

/// Waits for a turn at each of `places`, but not for long: a caller that is told at once can go elsewhere.
pub(super) async fn admit(
    places: [Option<&Arc<Semaphore>>; 3],
    queue_time: Duration,
) -> Result<Admission, CallFailure> {
    let mut admission = Admission::default();
    // Made when somebody has to wait: most calls do not.
    let mut deadline = None;
    for (place, taken) in places.into_iter().zip(&mut admission) {
        let Some(place) = place else { continue };
        if let Ok(permit) = Arc::clone(place).try_acquire_owned() {
            *taken = Some(permit);
            continue;
        }
        let deadline = *deadline.get_or_insert_with(|| tokio::time::Instant::now() + queue_time);
        let waiting = tokio::time::timeout_at(deadline, Arc::clone(place).acquire_owned());
        match waiting.await {
            Ok(Ok(permit)) => *taken = Some(permit),
            _ => return Err(CallFailure::Overloaded),
        }
    }
    Ok(admission)
}

/// Runs a call to its end, its deadline or its cancellation, whichever is first. A call that is not
/// wanted any more is dropped where it stands.
pub(super) async fn run<T>(
    name: &str,
    plugin: Arc<str>,
    timeout: Duration,
    admission: Admission,
    caller: Caller,
    start: impl FnOnce(Call) -> BoxFuture<'static, Result<T, ToolError>>,
) -> Result<T, CallFailure> {
    // Not at the level that is on by default: writing the fields of a span costs more than most calls.
    let span = tracing::debug_span!(
        "call",
        plugin = &*plugin,
        name,
        outcome = tracing::field::Empty
    );
    // Kept here until the end: a tool that asks for no context drops its call on the way in.
    let admission = Arc::new(admission);
    let call = Call {
        peer: caller.peer,
        plugin,
        cancelled: CancellationToken::new(),
        deadline: Instant::now().checked_add(timeout),
        answers: caller.answers,
        // Work that outlives its deadline on the blocking pool goes on counting as a running call.
        hold: Some(Arc::clone(&admission) as _),
    };
    let end_of_call = call.cancelled.clone().drop_guard();
    // The plugin sees only values that this call owns, so a panic leaves nothing half-changed behind.
    let work = AssertUnwindSafe(async move { start(call).await }).catch_unwind();
    let ended = async {
        tokio::select! {
            biased;
            () = cancelled(caller.cancelled.as_ref()) => Err(CallFailure::Cancelled),
            ended = tokio::time::timeout(timeout, work) => match ended {
                Err(_) => Err(CallFailure::Tool(out_of_time(timeout))),
                Ok(Err(_)) => Err(panicked(name)),
                Ok(Ok(Err(error))) => Err(failed(name, error)),
                Ok(Ok(Ok(value))) => Ok(value),
            },
        }
    }
    .instrument(span.clone())
    .await;
    drop((end_of_call, admission));
    span.record(
        "outcome",
        ended
            .as_ref()
            .map_or_else(CallFailure::outcome, |_| "success"),
    );
    ended
}

/// Ends when a call is taken back; never where dropping its future is how that is done.
pub(super) async fn cancelled(token: Option<&CancellationToken>) {
    match token {
        Some(token) => token.cancelled().await,
        None => std::future::pending().await,
    }
}

pub(super) fn out_of_time(timeout: Duration) -> ToolError {
    ToolError::timed_out(format!(
        "the call did not end within {timeout:?} and was stopped"
    ))
}

pub(super) fn panicked(name: &str) -> CallFailure {
    let error_id = error_id();
    // The text of the panic was logged by the panic hook, on the same thread, just before this line.
    tracing::error!(name, error_id, "a plugin panicked");
    CallFailure::Panicked { error_id }
}

/// The failure of a request whose way to or from its plugin panicked.
pub(crate) fn server_panicked(method: &str) -> CallFailure {
    let error_id = error_id();
    tracing::error!(method, error_id, "the server panicked over a request");
    CallFailure::Panicked { error_id }
}

pub(super) fn failed(name: &str, error: ToolError) -> CallFailure {
    if error.kind() != ToolErrorKind::Internal {
        return CallFailure::Tool(error);
    }
    let error_id = error_id();
    tracing::error!(
        name,
        error_id,
        error = error.log_message(),
        "a plugin failed"
    );
    CallFailure::Internal { error_id }
}

/// Ties what a client is told to what the log holds. Not a secret.
fn error_id() -> String {
    format!("{:08x}", rand::random::<u32>())
}
