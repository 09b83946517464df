//! Which calls are told of, and the queue in which they wait for that.
//!
//! Nothing here waits: a call whose span finds no room goes on without it, and is counted.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use mcp_factory_sdk::{Principal, Scope};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::Trace;

/// Spans that may wait.
pub(super) const QUEUE: usize = 2_048;
/// What the last ones may take at the end.
pub(super) const LAST_SPANS: Duration = Duration::from_secs(2);

/// A call that is over, as a tracing system is told of it. Made only for those that are.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) trace: Trace,
    pub(crate) method: &'static str,
    pub(crate) name: String,
    pub(crate) plugin: Option<Arc<str>>,
    pub(crate) scope: Option<Scope>,
    /// Of the JSON of its arguments.
    pub(crate) argument_bytes: Option<usize>,
    pub(crate) principal: Arc<Principal>,
    pub(crate) transport: &'static str,
    pub(crate) outcome: &'static str,
    pub(crate) error_id: Option<String>,
    pub(crate) cached: bool,
    pub(crate) began: SystemTime,
    pub(crate) took: Duration,
}

/// Takes what is to be told. For one per server.
#[derive(Debug)]
pub(crate) struct Recorder {
    /// Traces with a lower id are told of, by the rule that all services share (`TraceIdRatioBased`).
    below: u64,
    queue: mpsc::Sender<Finished>,
    pub(super) lost: Arc<AtomicU64>,
    pub(super) ending: CancellationToken,
    exporting: Mutex<Option<JoinHandle<()>>>,
}

impl Recorder {
    /// A recorder of this share of all traces, and where what it takes comes out.
    pub(super) fn new(sample: f64) -> (Self, mpsc::Receiver<Finished>) {
        let (queue, spans) = mpsc::channel(QUEUE);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "a share of 2⁶³, and a cast saturates"
        )]
        let below = (sample.clamp(0.0, 1.0) * (1_u64 << 63) as f64) as u64;
        let recorder = Self {
            below,
            queue,
            lost: Arc::default(),
            ending: CancellationToken::new(),
            exporting: Mutex::default(),
        };
        (recorder, spans)
    }

    /// The same, with the task that takes what comes out.
    pub(super) fn exported_by(self, task: JoinHandle<()>) -> Self {
        *self
            .exporting
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(task);
        self
    }

    /// The place of a call in the trace of its caller, or in a new one. A caller who says whether it is told of is
    /// followed.
    pub(crate) fn join(&self, caller: Option<Trace>) -> Trace {
        let span = rand::random::<u64>().max(1);
        if let Some(caller) = caller {
            return Trace {
                span,
                parent: caller.span,
                ..caller
            };
        }
        let id = rand::random::<u128>().max(1);
        #[expect(clippy::cast_possible_truncation, reason = "its lower half decides")]
        let sampled = (id as u64) >> 1 < self.below;
        Trace {
            id,
            span,
            parent: 0,
            sampled,
        }
    }

    /// Has it told of, if there is room.
    pub(crate) fn record(&self, span: Finished) {
        if self.queue.try_send(span).is_err() {
            self.lost.fetch_add(1, Relaxed);
        }
    }

    /// How many spans reached nobody since the start.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Relaxed)
    }

    /// Sends what waits, for two seconds at most.
    pub(crate) async fn end(&self) {
        self.ending.cancel();
        let task = self
            .exporting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(task) = task {
            // A panic in it was told where it happened.
            drop(task.await);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_decide_for_their_traces_and_the_share_for_others() {
        let (none, _spans) = Recorder::new(0.0);
        let (all, _spans) = Recorder::new(1.0);
        let (some, _spans) = Recorder::new(0.1);
        let caller = Trace::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        let joined = none.join(caller);
        assert_eq!(joined.id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(joined.parent, 0x00f0_67aa_0ba9_02b7);
        assert!(joined.sampled && joined.span != joined.parent);
        let silent = Trace::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00");
        assert!(!all.join(silent).sampled);
        let share =
            |recorder: &Recorder| (0..10_000).filter(|_| recorder.join(None).sampled).count();
        assert_eq!((share(&none), share(&all)), (0, 10_000));
        assert!((700..1_300).contains(&share(&some)));
        assert_eq!(all.join(None).parent, 0);
    }

    #[test]
    fn a_full_queue_costs_a_count() {
        let (recorder, spans) = Recorder::new(1.0);
        let span = || Finished {
            trace: recorder.join(None),
            method: "tools/call",
            name: "look".to_owned(),
            plugin: None,
            scope: None,
            argument_bytes: None,
            principal: Arc::new(Principal::local()),
            transport: "stdio",
            outcome: "ok",
            error_id: None,
            cached: false,
            began: SystemTime::now(),
            took: Duration::ZERO,
        };
        for _ in 0..QUEUE + 5 {
            recorder.record(span());
        }
        assert_eq!(recorder.lost(), 5);
        drop(spans);
        recorder.record(span());
        assert_eq!(recorder.lost(), 6);
    }
}
