//! Whether a caller holds the scopes for what a message asks, before anything is done with the message.
//!
//! A transport that has its own word for "not allowed" asks here first: HTTP answers with a status and a
//! challenge. The calls themselves ask again (`authorize`), so nothing depends on a transport to ask.
//! Both read the one frame that is dispatched. What does not exist is nobody's to allow: the call says so.

use std::borrow::Cow;

use mcp_factory_guard::Record;
use mcp_factory_sdk::{Principal, Scope, ScopeSet};
use serde::Deserialize;

use super::{Origin, Pipeline, failure::shown};
use crate::{
    frame::Frame,
    metrics::Refused,
    protocol::{Lacking, MAX_SUBSCRIBED_URIS, MAX_URI_BYTES},
    registry::Registry,
};

/// What a message wants that has a scope.
#[derive(Debug)]
struct Wanted {
    method: &'static str,
    name: String,
    /// The plugin, when it is one's own tool that is wanted.
    plugin: Option<&'static str>,
    scope: Scope,
}

/// The params of `completion/complete` and `subscriptions/listen`, as far as they name something.
#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow, default, rename = "ref")]
    reference: Option<Reference<'a>>,
    #[serde(default)]
    notifications: Option<Subscriptions>,
}

#[derive(Deserialize)]
struct Reference<'a> {
    #[serde(borrow, default)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    uri: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Subscriptions {
    #[serde(default, rename = "resourceSubscriptions")]
    resources: Option<Vec<String>>,
}

impl Registry {
    /// The scope of `name` when it is used by `method`.
    pub(crate) fn scope_of(&self, method: &str, name: &str) -> Option<Scope> {
        match method {
            "tools/call" => self.tool(name).map(|tool| tool.definition.scope()),
            "prompts/get" => self.prompt(name).map(|prompt| prompt.definition.scope()),
            "resources/read" | "resources/subscribe" | "resources/unsubscribe" => self
                .resource(name)
                .map(|(resource, _)| resource.definition.scope()),
            _ => None,
        }
    }

    /// Everything that `frame` wants and that a scope stands before.
    fn wanted(&self, frame: &Frame) -> Vec<Wanted> {
        let one = |method: &'static str, name: Option<Cow<'_, str>>, looked_up: &str| {
            let name = name?;
            let scope = self.scope_of(looked_up, &name)?;
            let tool = self.tool(&name).filter(|_| looked_up == "tools/call");
            Some(Wanted {
                method,
                plugin: tool.map(|tool| self.mounts()[tool.mount].name()),
                name: name.into_owned(),
                scope,
            })
        };
        let named = || {
            frame
                .params()
                .and_then(|params| serde_json::from_str::<Named<'_>>(params).ok())
        };
        match frame.method() {
            "tools/call" => one("tools/call", frame.name(), "tools/call")
                .into_iter()
                .collect(),
            "prompts/get" => one("prompts/get", frame.name(), "prompts/get")
                .into_iter()
                .collect(),
            "resources/read" => one("resources/read", frame.uri(), "resources/read")
                .into_iter()
                .collect(),
            "resources/subscribe" => one("resources/subscribe", frame.uri(), "resources/read")
                .into_iter()
                .collect(),
            "completion/complete" => {
                let Some(reference) = named().and_then(|named| named.reference) else {
                    return Vec::new();
                };
                let method = "completion/complete";
                let prompt = one(method, reference.name, "prompts/get");
                let template = reference.uri.and_then(|uri| {
                    let scope = self.template_scope(&uri)?;
                    Some(Wanted {
                        method,
                        plugin: None,
                        name: uri.into_owned(),
                        scope,
                    })
                });
                prompt.into_iter().chain(template).collect()
            }
            "subscriptions/listen" => {
                let subscriptions = named().and_then(|named| named.notifications);
                let uris = subscriptions.and_then(|all| all.resources);
                // More are not subscribed to, so more are not judged.
                uris.into_iter()
                    .flatten()
                    .filter(|uri| uri.len() <= MAX_URI_BYTES)
                    .take(MAX_SUBSCRIBED_URIS)
                    .filter_map(|uri| {
                        one("subscriptions/listen", Some(uri.into()), "resources/read")
                    })
                    .collect()
            }
            _ => Vec::new(),
        }
    }
}

impl Pipeline {
    /// What `principal` must still be granted for what `frame` asks; `None` when it may go on. A refusal
    /// is recorded, once. Where what one may not use is hidden, it does not exist, and the call itself says that.
    pub(crate) fn lacks(
        &self,
        principal: &Principal,
        origin: &Origin,
        frame: &Frame,
    ) -> Option<Lacking> {
        if self.hides() || *principal.scopes() == ScopeSet::All {
            return None;
        }
        let mut lacking = self.registry.wanted(frame);
        lacking.retain(|wanted| !principal.scopes().contains(wanted.scope));
        let first = lacking.first()?;
        let message = format!("the scope `{}` is required", first.scope);
        self.note(principal, origin, frame, first);
        let scopes: Vec<Scope> = lacking.iter().map(|wanted| wanted.scope).collect();
        Some(Lacking {
            message,
            scopes: self.needed_scopes(principal, &scopes),
        })
    }

    fn note(&self, principal: &Principal, origin: &Origin, frame: &Frame, wanted: &Wanted) {
        if let Some(metrics) = self.metrics() {
            let tool = self.registry.tool(&wanted.name);
            let tool = tool.filter(|_| wanted.method == "tools/call");
            match tool.and_then(|tool| metrics.tool(tool.index)) {
                Some(row) => row.add("denied", None, false),
                None => metrics.refuse(Refused::Denied),
            }
        }
        if wanted.method == "tools/call" {
            let scope = Some(wanted.scope);
            self.log_unrun(
                (principal, origin),
                Some(frame),
                &wanted.name,
                scope,
                "denied",
            );
        }
        let audit = self.audit();
        let arguments = frame.arguments().unwrap_or_default();
        audit.record(&Record {
            event: "refused",
            principal: Some(principal.id()),
            tenant: principal.tenant(),
            transport: origin.transport.as_str(),
            address: origin.address,
            method: Some(wanted.method),
            name: Some(&wanted.name),
            plugin: wanted.plugin,
            scope: Some(wanted.scope.as_str()),
            outcome: "denied",
            arguments: audit.fingerprint(arguments.as_bytes()),
            trace_id: origin.trace.map(|trace| trace.id()).as_deref(),
            ..Record::default()
        });
    }

    /// Records a call that was taken back before anything of it ran.
    pub(crate) fn taken_back(&self, principal: &Principal, origin: &Origin, frame: &Frame) {
        let audit = self.audit();
        if !audit.is_on() && self.calls().is_none() {
            return;
        }
        let (method, name) = match frame.method() {
            "tools/call" => ("tools/call", frame.name()),
            "prompts/get" => ("prompts/get", frame.name()),
            "resources/read" => ("resources/read", frame.uri()),
            // Everything else is over before it can be taken back.
            _ => return,
        };
        let name = shown(&name.unwrap_or_default());
        let wanted = self.registry.wanted(frame).into_iter().next();
        if method == "tools/call" {
            let scope = wanted.as_ref().map(|wanted| wanted.scope);
            self.log_unrun((principal, origin), Some(frame), &name, scope, "cancelled");
        }
        let arguments = frame.arguments().filter(|_| method == "tools/call");
        audit.record(&Record {
            event: "call",
            principal: Some(principal.id()),
            tenant: principal.tenant(),
            transport: origin.transport.as_str(),
            address: origin.address,
            method: Some(method),
            name: Some(&name),
            plugin: wanted.as_ref().and_then(|wanted| wanted.plugin),
            scope: wanted.as_ref().map(|wanted| wanted.scope.as_str()),
            outcome: "cancelled",
            arguments: arguments.and_then(|arguments| audit.fingerprint(arguments.as_bytes())),
            ..Record::default()
        });
    }

    /// Records a refusal of something that never became a call.
    pub(crate) fn refused(
        &self,
        principal: &Principal,
        origin: &Origin,
        method: &'static str,
        name: &str,
        outcome: &'static str,
    ) {
        if method == "tools/call" {
            let scope = self.registry.scope_of(method, name);
            self.log_unrun((principal, origin), None, name, scope, outcome);
        }
        self.audit().record(&Record {
            event: "refused",
            principal: Some(principal.id()),
            tenant: principal.tenant(),
            transport: origin.transport.as_str(),
            address: origin.address,
            method: Some(method),
            name: Some(name),
            outcome,
            trace_id: origin.trace.map(|trace| trace.id()).as_deref(),
            ..Record::default()
        });
    }

    /// The scopes that a caller should ask its issuer for to get `lacking` and keep what it has: as few
    /// words as the hierarchy allows.
    fn needed_scopes(&self, principal: &Principal, lacking: &[Scope]) -> Vec<&'static str> {
        let all: Vec<Scope> = self
            .registry
            .scopes()
            .into_iter()
            .filter(|scope| lacking.contains(scope) || principal.scopes().contains(*scope))
            .collect();
        let implied = |scope: &Scope| {
            all.iter().any(|other| {
                // Of two that contain each other, one is enough.
                let mutual = || self.contains(*scope, *other) && scope < other;
                other != scope && self.contains(*other, *scope) && !mutual()
            })
        };
        let needed = all.iter().filter(|scope| !implied(scope));
        needed.map(Scope::as_str).collect()
    }

    fn contains(&self, outer: Scope, inner: Scope) -> bool {
        ScopeSet::granted([outer.as_str()], &self.guards.hierarchy).contains(inner)
    }
}
