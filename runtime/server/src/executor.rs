//! The threads that everything runs on, numbered on purpose.

use std::io;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use crate::config::ServerConfig;

/// What blocking calls may still take when everything else has ended.
const LAST_WAIT: Duration = Duration::from_millis(200);

/// A runtime with as many workers as configured, or as there are processors: more would wake each other for
/// nothing. A tool that does not yield has a thread of its own (`pipeline::aside`).
pub(crate) fn build(config: &ServerConfig) -> io::Result<Runtime> {
    let workers = match config.workers {
        0 => std::thread::available_parallelism()
            .map_or(2, usize::from)
            .min(64),
        workers => workers,
    };
    Builder::new_multi_thread()
        .worker_threads(workers)
        .max_blocking_threads(config.blocking_threads)
        .thread_name("worker")
        .enable_all()
        .build()
}

/// Ends the runtime; a call that still blocks a thread is left behind.
pub(crate) fn end(runtime: Runtime) {
    runtime.shutdown_timeout(LAST_WAIT);
}
