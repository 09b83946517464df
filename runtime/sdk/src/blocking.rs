//! The threads on which a call may wait.

use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

use crate::{Context, ToolError, trace};

/// The threads on which a call may wait, for an `async` tool that has to only now and then.
///
/// A function that is not `async` runs there from its beginning, which costs some 20 µs. One that mostly has its
/// answer at hand asks for `blocking: &Blocking`, answers at once when it can, and takes its work there when it
/// cannot. Nothing in the `async` part may wait for a disk, a lock or another machine: it would hold up every other
/// call of the server.
#[derive(Clone, Debug)]
pub struct Blocking(Context);

impl Blocking {
    pub(crate) const fn new(context: Context) -> Self {
        Self(context)
    }

    /// Runs `work` there and returns what it gives. Once begun it goes on, and counts as a running call, after a call
    /// whose time is up: nothing can stop it from outside. A panic in it is a panic of the call.
    ///
    /// # Errors
    /// When the server is stopping; return it with `?`.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ToolError> {
        run(self.0.clone(), |_| work()).await
    }

    /// As [`run`](Self::run), for work that can end early: it asks now and then whether its call is over, because the
    /// caller took it back or left, or its time is up, and then returns whatever it has. Nobody sees that.
    ///
    /// # Errors
    /// When the server is stopping; return it with `?`.
    pub async fn run_until<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Fn() -> bool) -> T + Send + 'static,
    ) -> Result<T, ToolError> {
        let over = CancellationToken::new();
        let seen = over.clone();
        let _over = over.drop_guard();
        self.run(move || work(&|| seen.is_cancelled())).await
    }
}

/// Runs `work`, which keeps its `context` for as long as it runs. A panic in it goes on as a panic here.
pub(crate) async fn run<T: Send + 'static>(
    context: Context,
    work: impl FnOnce(&Context) -> T + Send + 'static,
) -> Result<T, ToolError> {
    let trace = trace::current();
    let work = tokio::task::spawn_blocking(move || trace::at_once(trace, || work(&context)));
    let _unbegun = Unbegun(work.abort_handle());
    match work.await {
        Ok(result) => Ok(result),
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(ToolError::unavailable("the server is stopping")),
        },
    }
}

/// Work of a call: what still waits for its turn when the call is over does not begin. Not generic, as there is one
/// for each tool.
struct Unbegun(AbortHandle);

impl Drop for Unbegun {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Arc, mpsc},
        time::Duration,
    };

    use serde_json::Map;

    use super::*;
    use crate::{Call, Principal, testing::RecordingPeer};

    fn blocking(place: &Arc<()>) -> Blocking {
        let call = Call {
            peer: Arc::new(RecordingPeer::default()),
            plugin: "test".into(),
            cancelled: None,
            deadline: None,
            answers: Map::new(),
            hold: Some(Arc::clone(place) as _),
        };
        Blocking::new(Context::new(Arc::new(Principal::local()), call))
    }

    #[test]
    fn work_that_waits_for_a_thread_does_not_begin_after_its_call() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .max_blocking_threads(1)
            .build()
            .expect("there are threads");
        let (end, wait_for_end) = mpsc::channel::<()>();
        let (begun, begins) = mpsc::channel();
        let place = Arc::new(());
        runtime.block_on(async {
            let first = tokio::task::spawn_blocking(move || wait_for_end.recv().unwrap());
            let blocking = blocking(&place);
            let work = blocking.run(move || begun.send(()));
            tokio::select! {
                biased;
                _ = work => panic!("there is no thread for it"),
                () = tokio::task::yield_now() => {}
            }
            end.send(()).unwrap();
            first.await.unwrap();
            drop(blocking);
            while Arc::strong_count(&place) > 1 {
                tokio::task::yield_now().await;
            }
        });
        assert!(begins.recv().is_err(), "it began");
    }

    #[tokio::test]
    async fn work_hears_of_the_end_of_its_call() {
        let place = Arc::new(());
        let blocking = blocking(&place);
        let (begun, wait_for_begin) = tokio::sync::oneshot::channel();
        let work = blocking.run_until(move |is_over| {
            begun.send(is_over()).unwrap();
            while !is_over() {
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        tokio::select! {
            biased;
            _ = work => panic!("it waits"),
            begun = wait_for_begin => assert!(!begun.unwrap(), "not yet"),
        }
        drop(blocking);
        let ended = async {
            while Arc::strong_count(&place) > 1 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let ended = tokio::time::timeout(Duration::from_secs(10), ended).await;
        ended.expect("it hears of it");
    }

    /// As a server knows of a running call: by what the call holds.
    #[tokio::test]
    async fn work_goes_on_counting_after_its_call_is_over() {
        let place = Arc::new(());
        let blocking = blocking(&place);
        let (begun, wait_for_begin) = tokio::sync::oneshot::channel();
        let (end, wait_for_end) = mpsc::channel::<()>();
        let work = blocking.run(move || {
            begun.send(()).unwrap();
            wait_for_end.recv().unwrap();
        });
        tokio::select! {
            biased;
            _ = work => panic!("it waits"),
            begun = wait_for_begin => begun.unwrap(),
        }
        drop(blocking);
        assert_eq!(Arc::strong_count(&place), 2);
        end.send(()).unwrap();
        while Arc::strong_count(&place) > 1 {
            tokio::task::yield_now().await;
        }
    }
}
