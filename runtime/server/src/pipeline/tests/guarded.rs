//! A plugin of which everything has a scope, and servers made of it. It counts what ran: what is refused
//! must leave the count alone.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use mcp_factory_guard::{Audit, RateLimits};
use mcp_factory_sdk::{
    Arguments, EmbeddedResource, Instance, Link, Output, PendingCall, Principal, ResourceBody,
    ScopeHierarchy, ScopeSet, StartContext, ToolError, prelude::*,
};
use serde_json::Map;
use tokio_util::sync::CancellationToken;

use super::NoPeer;
use crate::{
    config::{ToolLimits, Visibility},
    mount,
    mount::Mount,
    pipeline::{
        CallFailure, CallLimits, Caller, Guards, Origin, Pipeline, Tenant, Tenants, Transport,
    },
    registry::Registry,
};

/// What the plugin says of a call before it runs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Verdict {
    #[default]
    Pass,
    Refuse,
    Fail,
    Panic,
    Hang,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Guarded {
    pub(super) label: &'static str,
    pub(super) verdict: Verdict,
    /// Bodies that ran.
    pub(super) ran: Arc<AtomicUsize>,
    /// Calls that were judged.
    pub(super) judged: Arc<AtomicUsize>,
    /// The labels of what was stopped.
    pub(super) stopped: Arc<Mutex<Vec<&'static str>>>,
}

impl Guarded {
    pub(super) fn called(label: &'static str) -> Self {
        Self {
            label,
            ..Self::default()
        }
    }

    pub(super) fn saying(verdict: Verdict) -> Self {
        Self {
            verdict,
            ..Self::default()
        }
    }

    fn run(&self) -> String {
        self.ran.fetch_add(1, Ordering::SeqCst);
        self.label.to_owned()
    }

    pub(super) fn ran(&self) -> usize {
        self.ran.load(Ordering::SeqCst)
    }
}

impl Plugin for Guarded {
    type Config = NoConfig;

    async fn start(_: NoConfig, _: &StartContext) -> Result<Self, StartError> {
        Ok(Self::default())
    }

    async fn validate(&self, _: PendingCall<'_>) -> Result<(), ToolError> {
        self.judged.fetch_add(1, Ordering::SeqCst);
        match self.verdict {
            Verdict::Pass => Ok(()),
            Verdict::Refuse => Err(ToolError::new("not on a Sunday")),
            Verdict::Fail => Err(std::io::Error::other("password is hunter2"))?,
            Verdict::Panic => panic!("the canary sings"),
            Verdict::Hang => std::future::pending().await,
        }
    }

    async fn stop(&self) {
        self.stopped.lock().expect("no panic").push(self.label);
    }
}

/// One of everything that is guarded.
#[plugin(name = "guarded")]
impl Guarded {
    /// Looks.
    #[tool(scope = "read", read_only)]
    async fn look(&self) -> String {
        self.run()
    }

    /// Changes something.
    #[tool(scope = "write")]
    async fn change(&self) -> String {
        self.run()
    }

    /// Changes everything.
    #[tool(scope = "admin")]
    async fn administer(&self) -> String {
        self.run()
    }

    /// Does what a plugin has a word of its own for.
    #[tool(scope = "guarded:special")]
    async fn specialise(&self) -> String {
        self.run()
    }

    /// Stands behind a gate.
    #[tool(scope = "write", gate = "shell")]
    async fn shell(&self) -> String {
        self.run()
    }

    /// Has limits of its author's.
    #[tool(scope = "read", rate = "2/m", timeout = "5s")]
    async fn hurry(&self) -> String {
        self.run()
    }

    /// Never ends.
    #[tool(scope = "read")]
    async fn wait(&self) -> String {
        self.run();
        std::future::pending().await
    }

    /// Answers with 10 bytes in each of a text, a picture, a sound, an enclosed text, enclosed bytes and
    /// structured content, and a pointer.
    #[tool(scope = "read")]
    async fn answer(&self) -> Result<Output, ToolError> {
        self.run();
        answer()
    }

    /// 20 bytes in two parts.
    #[resource(uri = "guarded://note", scope = "read")]
    async fn note(&self) -> Resource {
        self.run();
        let mut both = Resource::text("0123456789");
        both.parts.extend(Resource::blob([0; 10]).parts);
        both
    }

    /// For few.
    #[resource(uri = "guarded://secret", scope = "admin")]
    async fn secret(&self) -> String {
        self.run()
    }

    /// The notes of a day.
    #[resource(uri = "guarded://days/{day}", scope = "write")]
    async fn day(&self, day: String) -> String {
        self.run() + &day
    }

    /// Asks.
    #[prompt(scope = "read")]
    async fn ask(&self) -> Prompt {
        Prompt::new().user(self.run())
    }

    /// Commands.
    #[prompt(scope = "write")]
    async fn command(
        &self,
        /// What to do.
        what: String,
    ) -> Prompt {
        Prompt::new().user(self.run() + &what)
    }

    #[completion(prompt = "command", argument = "what")]
    async fn complete_what(&self, value: String) -> Vec<String> {
        vec![self.run() + &value]
    }
}

pub(super) fn answer() -> Result<Output, ToolError> {
    let enclosed = |body| EmbeddedResource {
        uri: "guarded://note".to_owned(),
        mime_type: None,
        body,
    };
    Output::new()
        .text("0123456789")
        .image([0; 10], "image/png")
        .audio([0; 10], "audio/wav")
        .resource(enclosed(ResourceBody::Text("0123456789".to_owned())))
        .resource(enclosed(ResourceBody::Blob(vec![0; 10])))
        .link(Link {
            uri: "guarded://note".to_owned(),
            name: "note".to_owned(),
            ..Link::default()
        })
        .structured(&BTreeMap::from([("key", 123)]))
}

/// The plugin, and once more under another name, as one that may judge the calls of the first.
static MOUNTS: &[Mount] = &[
    mount("guarded", &PLUGIN),
    mount("second", &PLUGIN).prefix("second"),
];

/// What a server is made of.
pub(super) struct Parts {
    pub(super) tenants: Tenants,
    pub(super) limits: CallLimits,
    pub(super) tool_limits: BTreeMap<String, ToolLimits>,
    pub(super) guards: Guards,
}

impl Parts {
    pub(super) fn new(tenants: Tenants) -> Self {
        Self {
            tenants,
            limits: CallLimits::default(),
            tool_limits: BTreeMap::new(),
            guards: Guards {
                hierarchy: ScopeHierarchy::default(),
                visibility: Visibility::Show,
                rates: RateLimits::new(100, None),
                gates: None,
                audit: Arc::new(Audit::off()),
                validators: Vec::new(),
            },
        }
    }

    /// A server without tenants.
    pub(super) fn of(first: &Guarded, second: &Guarded) -> Self {
        Self::new(Tenants {
            nobodys: Some(tenant(first, second)),
            ..Tenants::default()
        })
    }

    pub(super) fn pipeline(self) -> Pipeline {
        Pipeline::new(
            registry(),
            self.tenants,
            self.limits,
            &self.tool_limits,
            self.guards,
        )
    }
}

pub(super) fn registry() -> Registry {
    Registry::new(MOUNTS, false)
}

pub(super) fn tenant(first: &Guarded, second: &Guarded) -> Tenant {
    let instances = [first, second].map(|plugin| Instance::new(plugin.clone()));
    Tenant::new(instances.into(), None, None)
}

pub(super) fn ann(scopes: &[&str]) -> Principal {
    let scopes = ScopeSet::granted(scopes, &ScopeHierarchy::default());
    Principal::new("ann", scopes)
}

/// The caller, over HTTP.
pub(super) fn over_http(principal: Principal) -> Caller {
    Caller {
        principal: Arc::new(principal),
        peer: Arc::new(NoPeer),
        origin: Arc::new(origin()),
        cancelled: Some(CancellationToken::new()),
        answers: Map::new(),
    }
}

pub(super) fn origin() -> Origin {
    Origin {
        transport: Transport::Http,
        address: Some(IpAddr::from([192, 0, 2, 1])),
        trace: crate::trace::Trace::parse(
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ),
        ..Origin::default()
    }
}

/// A call of `tool` without arguments.
pub(super) async fn call(
    pipeline: &Pipeline,
    tool: &str,
    caller: Caller,
) -> Result<String, CallFailure> {
    let output = pipeline.call_tool(tool, Arguments::none(), caller).await?;
    let text = output.blocks().first().and_then(|block| block.as_text());
    Ok(text.unwrap_or_default().to_owned())
}
