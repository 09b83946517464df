//! The guards of a call, each with a plugin that does the thing it guards against.
//!
//! In the rooms: what stands before a call (`checks`), how much it may take (`limits`), what a transport
//! asks beforehand (`judge`), the plugin that they use (`guarded`), and answers that are given again (`cache`).

mod aside;
mod cache;
mod checks;
mod guarded;
mod judge;
mod limits;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use mcp_factory_guard::{Audit, RateLimits};
use mcp_factory_sdk::{
    Arguments, BoxFuture, Capability, Event, LogRecord, Output, Peer, Principal, Progress,
    Question, ScopeHierarchy, ScopeSet, StartContext, ToolError, prelude::*,
};
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use super::{CallFailure, CallLimits, Caller, Guards, Pipeline, Tenant, Tenants};
use crate::{config::Visibility, mount, mount::Mount, registry::Registry};

/// Calls that were dropped before their end.
static DROPPED: AtomicUsize = AtomicUsize::new(0);
/// Calls whose body ran at all.
static ENTERED: AtomicUsize = AtomicUsize::new(0);

struct CountDrop;

impl Drop for CountDrop {
    fn drop(&mut self) {
        DROPPED.fetch_add(1, Ordering::SeqCst);
    }
}

#[derive(Debug, Default)]
struct Misbehaving;

/// Does what a plugin should not.
#[plugin(name = "misbehaving", stateless)]
impl Misbehaving {
    /// Says something back.
    #[tool(scope = "read", read_only)]
    async fn repeat(
        &self,
        /// What to say.
        text: String,
    ) -> String {
        text
    }

    /// Panics.
    #[tool(scope = "read")]
    async fn panic(&self) -> String {
        panic!("the canary sings")
    }

    /// Panics on the blocking pool.
    #[tool(scope = "read")]
    fn panic_sync(&self) -> String {
        panic!("the canary sings")
    }

    /// Never ends.
    #[tool(scope = "read", timeout = "50ms")]
    async fn hang(&self) -> String {
        let _count = CountDrop;
        std::future::pending().await
    }

    /// Waits until it is dropped.
    #[tool(scope = "read")]
    async fn wait(&self) -> String {
        let _count = CountDrop;
        std::future::pending().await
    }

    /// Blocks a thread.
    #[tool(scope = "read", timeout = "20ms")]
    fn block(&self) -> String {
        std::thread::sleep(Duration::from_secs(4));
        "done".to_owned()
    }

    /// Blocks its thread, although it is `async`.
    #[tool(scope = "read", timeout = "20ms")]
    async fn stall(&self) -> String {
        std::thread::sleep(Duration::from_secs(5));
        "done".to_owned()
    }

    /// Fails with a cause that nobody may read.
    #[tool(scope = "read")]
    async fn fail(&self) -> Result<String, ToolError> {
        Err(std::io::Error::other("password is hunter2"))?
    }

    /// Changes something.
    #[tool(scope = "write")]
    async fn change(&self) -> String {
        ENTERED.fetch_add(1, Ordering::SeqCst);
        "changed".to_owned()
    }
}

struct NoPeer;

impl Peer for NoPeer {
    fn progress(&self, _: Progress) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn log(&self, _: LogRecord) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn publish(&self, _: Event) {}

    fn supports(&self, _: Capability) -> bool {
        false
    }

    fn ask<'a>(
        &'a self,
        _: &'a [(String, Question)],
    ) -> BoxFuture<'a, Result<Option<Map<String, Value>>, ToolError>> {
        Box::pin(std::future::ready(Ok(None)))
    }
}

fn caller(scopes: ScopeSet) -> Caller {
    Caller {
        principal: Arc::new(Principal::new("test", scopes)),
        peer: Arc::new(NoPeer),
        origin: Arc::default(),
        cancelled: Some(CancellationToken::new()),
        answers: Map::new(),
    }
}

static MOUNTS: &[Mount] = &[mount("misbehaving", &PLUGIN)
    .prefix("bad")
    .deny(&["panic_sync"])];
static ALL: &[Mount] = &[mount("misbehaving", &PLUGIN)];

async fn pipeline(mounts: &'static [Mount], limits: CallLimits) -> Pipeline {
    let instance = PLUGIN
        .start(json!({}), StartContext::new("misbehaving"))
        .await
        .expect("it starts");
    let tenants = Tenants {
        nobodys: Some(Tenant::new(vec![instance], None, None)),
        ..Tenants::default()
    };
    let guards = Guards {
        hierarchy: ScopeHierarchy::default(),
        visibility: Visibility::Show,
        rates: RateLimits::new(100, None),
        gates: None,
        audit: Arc::new(Audit::off()),
        validators: Vec::new(),
    };
    let registry = Registry::new(mounts, false);
    Pipeline::new(registry, tenants, limits, &BTreeMap::new(), guards)
}

async fn call(pipeline: &Pipeline, tool: &str) -> Result<Output, CallFailure> {
    pipeline
        .call_tool(tool, Arguments::none(), caller(ScopeSet::All))
        .await
}

#[tokio::test]
async fn a_prefix_names_and_a_denied_tool_is_not_there() {
    let pipeline = pipeline(MOUNTS, CallLimits::default()).await;
    let output = pipeline
        .call_tool(
            "bad_repeat",
            Arguments::new(r#"{"text":"hi"}"#),
            caller(ScopeSet::All),
        )
        .await
        .expect("it answers");
    assert_eq!(output.blocks()[0].as_text(), Some("hi"));
    assert!(matches!(
        call(&pipeline, "repeat").await,
        Err(CallFailure::UnknownTool { .. })
    ));
    assert!(matches!(
        call(&pipeline, "bad_panic_sync").await,
        Err(CallFailure::UnknownTool { .. })
    ));
    match call(&pipeline, "bad_repaet").await {
        Err(CallFailure::UnknownTool { nearest, .. }) => {
            assert_eq!(nearest.as_deref(), Some("bad_repeat"));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn without_the_scope_the_body_does_not_run() {
    let pipeline = pipeline(ALL, CallLimits::default()).await;
    let reader = ScopeSet::granted(["read"], &ScopeHierarchy::default());
    let before = ENTERED.load(Ordering::SeqCst);
    match pipeline
        .call_tool("change", Arguments::none(), caller(reader))
        .await
    {
        Err(CallFailure::Denied { required }) => assert_eq!(required.as_str(), "write"),
        other => panic!("{other:?}"),
    }
    assert_eq!(ENTERED.load(Ordering::SeqCst), before);
}

#[tokio::test]
async fn a_panic_is_an_answer_and_the_next_call_works() {
    let pipeline = pipeline(ALL, CallLimits::default()).await;
    for tool in ["panic", "panic_sync"] {
        match call(&pipeline, tool).await {
            Err(CallFailure::Panicked { error_id }) => assert_eq!(error_id.len(), 8),
            other => panic!("{tool}: {other:?}"),
        }
    }
    assert!(call(&pipeline, "change").await.is_ok());
}

#[tokio::test]
async fn an_internal_cause_stays_in_the_log() {
    let pipeline = pipeline(ALL, CallLimits::default()).await;
    match call(&pipeline, "fail").await {
        Err(failure @ CallFailure::Internal { .. }) => {
            assert!(!format!("{failure:?}").contains("hunter2"));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_call_that_hangs_is_dropped_at_its_deadline() {
    let pipeline = pipeline(ALL, CallLimits::default()).await;
    let before = DROPPED.load(Ordering::SeqCst);
    match call(&pipeline, "hang").await {
        Err(CallFailure::Tool(error)) => assert_eq!(
            error.to_string(),
            "the call did not end within 50ms and was stopped"
        ),
        other => panic!("{other:?}"),
    }
    assert!(DROPPED.load(Ordering::SeqCst) > before);
}

#[tokio::test]
async fn a_cancelled_call_is_dropped() {
    let pipeline = pipeline(ALL, CallLimits::default()).await;
    let caller = caller(ScopeSet::All);
    let cancel = caller.cancelled.clone().expect("the test gave one");
    let before = DROPPED.load(Ordering::SeqCst);
    let (ended, ()) = tokio::join!(
        pipeline.call_tool("wait", Arguments::none(), caller),
        async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            cancel.cancel();
        }
    );
    assert!(matches!(ended, Err(CallFailure::Cancelled)));
    assert!(DROPPED.load(Ordering::SeqCst) > before);
}

#[tokio::test]
async fn blocking_work_stalls_nobody_and_goes_on_counting() {
    let limits = CallLimits {
        concurrency: 1,
        queue_time: Duration::from_millis(10),
        ..CallLimits::default()
    };
    let pipeline = pipeline(ALL, limits).await;
    let started = Instant::now();
    assert!(matches!(
        call(&pipeline, "block").await,
        Err(CallFailure::Tool(_))
    ));
    assert!(
        started.elapsed() < Duration::from_secs(3),
        "the deadline waited for the blocked thread"
    );
    // The thread still sleeps, and it is the one call that may run.
    assert!(matches!(
        call(&pipeline, "change").await,
        Err(CallFailure::Overloaded)
    ));
    while call(&pipeline, "change").await.is_err() {
        assert!(
            started.elapsed() < Duration::from_secs(14),
            "its place was never free again"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[test]
#[should_panic(
    expected = "the plugins `one` and `two` both offer the tool `repeat`; give one of them a `prefix`"
)]
fn colliding_tools_are_refused() {
    crate::assert_unique(&[mount("one", &PLUGIN), mount("two", &PLUGIN)]);
}

#[test]
#[should_panic(expected = "two plugins are mounted as `one`")]
fn colliding_mounts_are_refused() {
    crate::assert_unique(&[mount("one", &PLUGIN), mount("one", &PLUGIN).prefix("x")]);
}

#[test]
#[should_panic(
    expected = "`deny` of plugin `one` names the tool `repaet`, which the plugin does not have"
)]
fn a_denied_tool_must_exist() {
    crate::assert_unique(&[mount("one", &PLUGIN).deny(&["repaet"])]);
}

#[test]
fn a_prefix_resolves_a_collision_but_not_by_accident() {
    crate::assert_unique(&[mount("one", &PLUGIN), mount("two", &PLUGIN).prefix("x")]);
}

/// Mounts whose public names are all different, of more tools than could be compared with each other while a server
/// compiles: then this does not.
const _: () = {
    const MANY: usize = 200;
    const LETTERS: &str = match std::str::from_utf8(&[b'a'; MANY]) {
        Ok(letters) => letters,
        Err(_) => panic!("they are ASCII"),
    };
    let mut mounts = [mount("", &PLUGIN); MANY];
    let mut index = 0;
    while index < MANY {
        let name = LETTERS.split_at(index).0;
        mounts[index] = mount(name, &PLUGIN).prefix(name);
        index += 1;
    }
    crate::assert_unique(&mounts);
};

#[test]
#[should_panic(expected = "two tools named `repeat`")]
fn a_declared_tool_may_not_take_the_name_of_another() {
    let declared = PLUGIN.tools();
    crate::assert_unique(&[mount("one", &PLUGIN).declared(&declared[..1])]);
}
