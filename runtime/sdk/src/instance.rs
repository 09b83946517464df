//! A started plugin, with its type erased.

use std::{any::Any, fmt, sync::Arc};

use crate::{BoxFuture, Health, PendingCall, Plugin, ToolError, private};

/// A started plugin, as a server holds it. Cheap to clone.
#[derive(Clone)]
pub struct Instance {
    value: Arc<dyn Any + Send + Sync>,
    stop: fn(Instance) -> BoxFuture<'static, ()>,
    validate: Validate,
    health: for<'a> fn(&'a Instance) -> BoxFuture<'a, Health>,
}

type Validate = for<'a> fn(&'a Instance, PendingCall<'a>) -> BoxFuture<'a, Result<(), ToolError>>;

impl Instance {
    /// An instance of a plugin that was started in another way than by its definition, such as one that
    /// the server itself brings.
    pub fn new<P: Plugin>(plugin: P) -> Self {
        Self {
            value: Arc::new(plugin),
            stop: |instance| {
                Box::pin(async move {
                    if let Some(plugin) = instance.downcast::<P>() {
                        plugin.stop().await;
                    }
                })
            },
            validate: |instance, call| {
                Box::pin(async move {
                    match instance.value.downcast_ref::<P>() {
                        Some(plugin) => plugin.validate(call).await,
                        None => Err(private::wrong_instance()),
                    }
                })
            },
            health: |instance| {
                Box::pin(async move {
                    match instance.value.downcast_ref::<P>() {
                        Some(plugin) => plugin.health().await,
                        None => Health::failing("the instance of another plugin"),
                    }
                })
            },
        }
    }

    /// The plugin itself, if it is a `P`.
    pub fn downcast<P: Plugin>(&self) -> Option<Arc<P>> {
        Arc::clone(&self.value).downcast().ok()
    }

    /// What the plugin says of a call before it runs; see [`Plugin::validate`].
    ///
    /// # Errors
    /// Why the call must not run.
    pub fn validate<'a>(&'a self, call: PendingCall<'a>) -> BoxFuture<'a, Result<(), ToolError>> {
        (self.validate)(self, call)
    }

    /// How the plugin says it is doing; see [`Plugin::health`].
    pub fn health(&self) -> BoxFuture<'_, Health> {
        (self.health)(self)
    }

    /// Lets the plugin release what it holds.
    pub async fn stop(self) {
        (self.stop)(self).await;
    }
}

impl fmt::Debug for Instance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Instance")
    }
}
