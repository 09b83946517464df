//! Changes, from the plugin that publishes them to the clients that subscribed.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use mcp_factory_sdk::{Event, Principal};
use rmcp::{
    Peer, RoleServer,
    model::{ResourceUpdatedNotificationParam, SubscriptionFilter},
    service::{ServiceError, SubscriptionContext, SubscriptionSendError},
};
use tokio::sync::broadcast::{self, error::RecvError};

use super::Shared;
use crate::protocol::{MAX_SUBSCRIBED_URIS, MAX_URI_BYTES};

/// Events that a slow subscriber may lag behind before it loses some.
const CAPACITY: usize = 256;

/// The one channel of all events, each with the tenant whose plugin published it.
#[derive(Debug)]
pub(super) struct EventBus {
    channel: broadcast::Sender<(Option<Arc<str>>, Event)>,
    /// For those who sleep now and listen later. As many as there are tenants.
    changes: Mutex<HashMap<Option<Arc<str>>, Changes>>,
}

/// How often the lists of a tenant changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    tools: u32,
    prompts: u32,
    resources: u32,
}

impl Changes {
    fn count(&mut self, event: &Event) {
        let list = match event {
            Event::ToolsChanged => &mut self.tools,
            Event::PromptsChanged => &mut self.prompts,
            Event::ResourcesChanged => &mut self.resources,
            _ => return,
        };
        *list = list.wrapping_add(1);
    }

    /// What there is to say to somebody who last heard of `earlier`.
    pub(super) fn since(self, earlier: Self) -> impl Iterator<Item = Event> {
        let changed = [
            (self.tools != earlier.tools, Event::ToolsChanged),
            (self.prompts != earlier.prompts, Event::PromptsChanged),
            (self.resources != earlier.resources, Event::ResourcesChanged),
        ];
        let changed = changed.into_iter().filter(|(changed, _)| *changed);
        changed.map(|(_, event)| event)
    }
}

impl EventBus {
    pub(super) fn new() -> Self {
        Self {
            channel: broadcast::Sender::new(CAPACITY),
            changes: Mutex::default(),
        }
    }

    /// Sends to whoever of `tenant` listens now; nobody listening is fine.
    pub(super) fn publish(&self, tenant: Option<&str>, event: Event) {
        let tenant: Option<Arc<str>> = tenant.map(Into::into);
        // Counted first, so that who listens from now on has heard of it or can count it.
        let mut changes = self.changes();
        changes.entry(tenant.clone()).or_default().count(&event);
        drop(changes);
        let _listeners = self.channel.send((tenant, event)).unwrap_or(0);
    }

    /// How often the lists of `tenant` changed until now.
    pub(super) fn changes_of(&self, tenant: Option<&str>) -> Changes {
        let tenant = tenant.map(Into::into);
        self.changes().get(&tenant).copied().unwrap_or_default()
    }

    fn changes(&self) -> MutexGuard<'_, HashMap<Option<Arc<str>>, Changes>> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn subscribe(
        &self,
        shared: &Arc<Shared>,
        principal: Arc<Principal>,
    ) -> Subscription {
        Subscription {
            events: self.channel.subscribe(),
            shared: Arc::clone(shared),
            principal,
        }
    }
}

/// One listener's end.
pub(super) struct Subscription {
    events: broadcast::Receiver<(Option<Arc<str>>, Event)>,
    shared: Arc<Shared>,
    principal: Arc<Principal>,
}

impl Subscription {
    /// The next event that concerns the listener: of its own tenant, and not about a resource that it may
    /// not read. `None` when the server has stopped. A listener that lagged goes on with what is left.
    pub(super) async fn next(&mut self) -> Option<Event> {
        loop {
            match self.events.recv().await {
                Ok((tenant, event)) if self.concerns(tenant.as_deref(), &event) => {
                    return Some(event);
                }
                Ok(_) => {}
                Err(RecvError::Lagged(lost)) => {
                    tracing::warn!(lost, "a subscriber was too slow and lost events");
                }
                Err(RecvError::Closed) => return None,
            }
        }
    }

    fn concerns(&self, tenant: Option<&str>, event: &Event) -> bool {
        let readable = |uri: &str| {
            let scope = self
                .shared
                .pipeline
                .registry()
                .scope_of("resources/read", uri);
            // A plugin may speak of a URI that it does not list; nobody can read that one anyway.
            scope.is_none_or(|scope| self.principal.scopes().contains(scope))
        };
        tenant == self.principal.tenant()
            && match event {
                Event::ResourceUpdated(uri) => readable(uri),
                _ => true,
            }
    }
}

/// What of `requested` this server will send: all of it, with a bounded number of URIs.
pub(super) fn accepted(requested: &SubscriptionFilter) -> SubscriptionFilter {
    let mut accepted = requested.clone();
    if let Some(uris) = &mut accepted.resource_subscriptions {
        uris.retain(|uri| uri.len() <= MAX_URI_BYTES);
        uris.truncate(MAX_SUBSCRIBED_URIS);
    }
    accepted
}

/// Feeds a `subscriptions/listen` stream (2026-07-28) until it or the server ends.
pub(super) async fn feed(mut subscription: Subscription, listener: &SubscriptionContext) {
    let sink = listener.sink();
    while let Some(event) = subscription.next().await {
        let sent = match event {
            Event::ToolsChanged => sink.notify_tool_list_changed().await,
            Event::PromptsChanged => sink.notify_prompt_list_changed().await,
            Event::ResourcesChanged => sink.notify_resource_list_changed().await,
            Event::ResourceUpdated(uri) => sink.notify_resource_updated(uri).await,
            _ => Ok(()),
        };
        match sent {
            // What this client did not ask for is not sent; that is the filter at work.
            Ok(()) | Err(SubscriptionSendError::NotificationNotAccepted(_)) => {}
            Err(_) => return,
        }
    }
}

/// Pushes one event to a client of the 2025-11-25 era.
pub(super) async fn push(
    peer: &Peer<RoleServer>,
    event: Event,
    subscribed: impl Fn(&str) -> bool,
) -> Result<(), ServiceError> {
    match event {
        Event::ToolsChanged => peer.notify_tool_list_changed().await,
        Event::PromptsChanged => peer.notify_prompt_list_changed().await,
        Event::ResourcesChanged => peer.notify_resource_list_changed().await,
        Event::ResourceUpdated(uri) if subscribed(&uri) => {
            peer.notify_resource_updated(ResourceUpdatedNotificationParam::new(uri))
                .await
        }
        _ => Ok(()),
    }
}
