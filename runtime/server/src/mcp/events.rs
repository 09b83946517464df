//! Changes, from the plugin that publishes them to the clients that subscribed.

use mcp_factory_sdk::Event;
use rmcp::{
    Peer, RoleServer,
    model::{ResourceUpdatedNotificationParam, SubscriptionFilter},
    service::{ServiceError, SubscriptionContext, SubscriptionSendError},
};
use tokio::sync::broadcast::{self, error::RecvError};

/// Events that a slow subscriber may lag behind before it loses some.
const CAPACITY: usize = 256;

/// Resource URIs that one client may subscribe to.
pub(super) const MAX_SUBSCRIBED_URIS: usize = 128;

/// Bytes of a URI: the server keeps it, echoes it and logs it.
pub(super) const MAX_URI_BYTES: usize = 4_096;

/// The one channel of all events.
#[derive(Debug)]
pub(super) struct EventBus(broadcast::Sender<Event>);

impl EventBus {
    pub(super) fn new() -> Self {
        Self(broadcast::Sender::new(CAPACITY))
    }

    /// Sends to whoever listens now; nobody listening is fine.
    pub(super) fn publish(&self, event: Event) {
        let _listeners = self.0.send(event).unwrap_or(0);
    }

    pub(super) fn subscribe(&self) -> Subscription {
        Subscription(self.0.subscribe())
    }
}

/// One listener's end.
pub(super) struct Subscription(broadcast::Receiver<Event>);

impl Subscription {
    /// The next event; `None` when the server has stopped. A listener that lagged goes on with what is left.
    pub(super) async fn next(&mut self) -> Option<Event> {
        loop {
            match self.0.recv().await {
                Ok(event) => return Some(event),
                Err(RecvError::Lagged(lost)) => {
                    tracing::warn!(lost, "a subscriber was too slow and lost events");
                }
                Err(RecvError::Closed) => return None,
            }
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
