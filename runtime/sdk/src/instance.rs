//! A started plugin, with its type erased.

use std::{any::Any, fmt, sync::Arc};

use crate::{BoxFuture, Plugin};

/// A started plugin, as a server holds it. Cheap to clone.
#[derive(Clone)]
pub struct Instance {
    value: Arc<dyn Any + Send + Sync>,
    stop: fn(Instance) -> BoxFuture<'static, ()>,
}

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
        }
    }

    /// The plugin itself, if it is a `P`.
    pub fn downcast<P: Plugin>(&self) -> Option<Arc<P>> {
        Arc::clone(&self.value).downcast().ok()
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
