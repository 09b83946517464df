//! What surrounds a running call: its turn, its deadline, its cancellation, its panics.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
    time::{Duration, Instant},
};

use mcp_factory_sdk::{BoxFuture, Call, ToolError, ToolErrorKind, trace};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::{CallFailure, Caller, aside::Aside, pace::Pace};

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

/// What runs, and where.
pub(super) struct Run<'a> {
    /// The public name.
    pub(super) name: &'a str,
    pub(super) plugin: Arc<str>,
    /// Whether the plugin sees the call, and not only its arguments.
    pub(super) sees_call: bool,
    pub(super) timeout: Duration,
    pub(super) aside: &'a Aside,
    pub(super) pace: &'a Arc<Pace>,
}

/// Runs a call to its end, its deadline or its cancellation, whichever is first. A call that is not
/// wanted any more is dropped where it stands.
pub(super) async fn run<T: Send + 'static>(
    run: Run<'_>,
    admission: Admission,
    caller: Caller,
    start: impl FnOnce(Call) -> BoxFuture<'static, Result<T, ToolError>>,
) -> Result<T, CallFailure> {
    let name = run.name;
    // Not at the level that is on by default: writing the fields of a span costs more than most calls.
    let span = tracing::debug_span!(
        "call",
        plugin = &*run.plugin,
        name,
        outcome = tracing::field::Empty
    );
    let token = run.sees_call.then(CancellationToken::new);
    let admission = Arc::new(admission);
    let trace = caller.origin.trace.map(|trace| trace.id);
    let call = Call {
        peer: caller.peer,
        plugin: run.plugin,
        cancelled: token.clone(),
        deadline: token
            .as_ref()
            .and_then(|_| Instant::now().checked_add(run.timeout)),
        answers: caller.answers,
        // Work that outlives its deadline on the blocking pool goes on counting as a running call.
        hold: Some(Arc::clone(&admission) as _),
    };
    let end_of_call = token.map(CancellationToken::drop_guard);
    let running = async {
        // The plugin sees only values that this call owns, so a panic leaves nothing half-changed behind.
        let Ok(mut work) = catch_unwind(AssertUnwindSafe(|| start(call))) else {
            return Err(trace::at_once(trace, || panicked(name)));
        };
        // On whichever thread it goes on.
        if let Some(id) = trace {
            work = Box::pin(trace::within(id, work));
        }
        let work = pin!(run.aside.run(work, run.pace, admission));
        match within(run.timeout, caller.cancelled.as_ref(), work).await? {
            None => Err(CallFailure::Cancelled),
            Some(Err(_)) => Err(trace::at_once(trace, || panicked(name))),
            Some(Ok(Err(error))) => Err(trace::at_once(trace, || failed(name, error))),
            Some(Ok(Ok(value))) => Ok(value),
        }
    };
    let ended = pin!(running.instrument(span.clone())).await;
    drop(end_of_call);
    span.record(
        "outcome",
        ended
            .as_ref()
            .map_or_else(CallFailure::outcome, |_| "success"),
    );
    ended
}

/// What `work` gives, unless its time is up or its caller takes it back before that.
pub(super) async fn within<T>(
    timeout: Duration,
    caller: Option<&CancellationToken>,
    mut work: Pin<&mut impl Future<Output = T>>,
) -> Result<T, CallFailure> {
    if caller.is_some_and(CancellationToken::is_cancelled) {
        return Err(CallFailure::Cancelled);
    }
    // Most is over at its first poll: no timer is made for that.
    if let Poll::Ready(ended) = futures_util::poll!(work.as_mut()) {
        return Ok(ended);
    }
    tokio::select! {
        biased;
        () = cancelled(caller) => Err(CallFailure::Cancelled),
        ended = tokio::time::timeout(timeout, work) => {
            ended.map_err(|_| CallFailure::Tool(out_of_time(timeout)))
        }
    }
}

/// Ends when a call is taken back; never where dropping its future is how that is done.
pub(super) async fn cancelled(token: Option<&CancellationToken>) {
    match token {
        Some(token) => token.cancelled().await,
        None => std::future::pending().await,
    }
}

fn out_of_time(timeout: Duration) -> ToolError {
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
