//! Where a call runs whose tool may hold up the thread that it is on: on a thread of its own. Whoever waits for
//! it waits without a thread, so deadlines and cancellation hold for a call that never yields, too, as far as
//! its client can tell.

use std::{fmt, panic::AssertUnwindSafe, sync::Arc, thread};

use futures_util::FutureExt as _;
use mcp_factory_sdk::BoxFuture;
use tokio::{
    runtime::{Builder, Handle, Runtime, RuntimeFlavor},
    sync::oneshot,
};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::{guard::Admission, pace::Pace};

/// Threads, at most, however many calls may run.
const MOST: usize = 512;

/// How a call ended, or what it panicked with.
type Ended<T> = thread::Result<T>;

/// Threads for such calls: not the ones for work that says of itself that it blocks, which such work may have
/// filled. `None` where threads cannot be had.
pub(super) struct Aside(Option<Runtime>);

impl Aside {
    /// As many threads as calls run at once, at most; each is begun when it is needed, and ends when it is idle.
    pub(super) fn new(concurrency: usize) -> Self {
        // Of this runtime only the threads for blocking work are used: those are its own.
        let threads = Builder::new_current_thread()
            .max_blocking_threads(concurrency.clamp(1, MOST))
            .thread_name("aside")
            .build();
        Self(threads.ok())
    }

    /// Runs `call` here if its tool has proved quick, and else aside. `hold` is kept until it is over.
    ///
    /// `None` when the server stops before it could begin.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        call: BoxFuture<'static, T>,
        pace: &Arc<Pace>,
        hold: Arc<Admission>,
    ) -> Option<Ended<T>> {
        let threads = self.0.as_ref().filter(|_| !pace.is_quick() && is_shared());
        let Some(threads) = threads else {
            let watched = pace.watch(call);
            return Some(AssertUnwindSafe(watched).catch_unwind().await);
        };
        let gone = CancellationToken::new();
        let _dropped = gone.clone().drop_guard();
        let (tell, told) = oneshot::channel();
        let pace = Arc::clone(pace);
        let call = async move {
            let ended = AssertUnwindSafe(pace.watch(call)).catch_unwind().await;
            // Its places are free before its client can call again.
            drop(hold);
            // Whoever does not wait any more does not miss it.
            tell.send(ended).ok();
        };
        begin(threads, Box::pin(call), gone);
        told.await.ok()
    }
}

/// Runs `call` on one of `threads` until it is over or `gone`. Not generic, as a task of tokio's is large.
fn begin(threads: &Runtime, call: BoxFuture<'static, ()>, gone: CancellationToken) {
    let runtime = Handle::current();
    let span = tracing::Span::current();
    threads
        .spawn_blocking(move || runtime.block_on(gone.run_until_cancelled(call).instrument(span)));
}

/// Whether this thread does anything for others. Only tests have a runtime of one thread, and some of them a
/// clock that stands still while another thread works.
fn is_shared() -> bool {
    Handle::current().runtime_flavor() != RuntimeFlavor::CurrentThread
}

impl Drop for Aside {
    fn drop(&mut self) {
        if let Some(threads) = self.0.take() {
            // A call that never yields cannot be waited for.
            threads.shutdown_background();
        }
    }
}

impl fmt::Debug for Aside {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Aside").finish_non_exhaustive()
    }
}
