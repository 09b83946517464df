//! Whose plugins a call reaches: those of the caller's tenant, and no others.

use std::{collections::HashMap, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::{FutureExt as _, future::join_all};
use mcp_factory_sdk::{Health, Instance, Principal};
use serde_json::{Map, Value, json};
use tokio::sync::Semaphore;

use super::limits::places;
use crate::config::Limit;

/// What a plugin says of itself.
#[derive(Debug)]
pub(crate) struct PluginHealth {
    /// The mount's name.
    pub(crate) plugin: String,
    /// Whose plugin it is, where there are tenants.
    pub(crate) tenant: Option<String>,
    pub(crate) health: Health,
}

impl PluginHealth {
    /// The same as JSON.
    pub(crate) fn told(&self) -> Value {
        let gauges = self.health.gauges().iter();
        let gauges: Map<String, Value> = gauges
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect();
        json!({
            "name": self.plugin,
            "tenant": self.tenant,
            "healthy": self.health.trouble().is_none(),
            "trouble": self.health.trouble(),
            "gauges": gauges,
        })
    }
}

/// The plugins started for one tenant, with its share of the server.
#[derive(Debug)]
pub(crate) struct Tenant {
    /// One per mount, in the same order.
    pub(super) instances: Vec<Instance>,
    /// How often each of its callers may call each tool; as the server says when it says nothing.
    pub(super) rate: Option<Limit>,
    /// The places of its calls, when they are fewer than the server's.
    pub(super) places: Option<Arc<Semaphore>>,
}

impl Tenant {
    /// A tenant whose plugins were started as `instances`.
    pub(crate) fn new(
        instances: Vec<Instance>,
        rate: Option<Limit>,
        concurrency: Option<usize>,
    ) -> Self {
        Self {
            instances,
            rate,
            places: concurrency.map(places),
        }
    }
}

/// All tenants of a server. One without tenants has callers of none, who share one set of plugins.
#[derive(Debug, Default)]
pub(crate) struct Tenants {
    /// For callers of no tenant.
    pub(crate) nobodys: Option<Tenant>,
    /// By name.
    pub(crate) named: HashMap<String, Tenant>,
}

impl Tenants {
    /// The tenant of a caller; `None` when the caller belongs to none that is served here.
    pub(super) fn of(&self, principal: &Principal) -> Option<&Tenant> {
        match principal.tenant() {
            None => self.nobodys.as_ref(),
            Some(name) => self.named.get(name),
        }
    }

    /// What every plugin says of itself, all asked at once and for at most `patience`; `mounts` are the plugins'
    /// names.
    pub(crate) async fn health(&self, mounts: &[&str], patience: Duration) -> Vec<PluginHealth> {
        let nobodys = self.nobodys.iter().map(|tenant| (None, tenant));
        let mut named: Vec<_> = self.named.iter().collect();
        named.sort_by_key(|(name, _)| name.as_str());
        let named = named.into_iter().map(|(name, tenant)| (Some(name), tenant));
        let plugins = nobodys.chain(named).flat_map(|(name, tenant)| {
            let plugins = mounts.iter().zip(&tenant.instances);
            plugins.map(move |(mount, instance)| (name, *mount, instance))
        });
        join_all(plugins.map(async |(name, mount, instance)| PluginHealth {
            plugin: mount.to_owned(),
            tenant: name.cloned(),
            health: asked(instance, patience).await,
        }))
        .await
    }

    pub(crate) async fn stop(&self) {
        for tenant in self.named.values().chain(&self.nobodys) {
            for instance in tenant.instances.iter().rev() {
                instance.clone().stop().await;
            }
        }
    }
}

/// What a plugin says of itself; one that says nothing in time, or panics over it, is not well.
async fn asked(instance: &Instance, patience: Duration) -> Health {
    let saying = AssertUnwindSafe(async { instance.health().await }).catch_unwind();
    match tokio::time::timeout(patience, saying).await {
        Ok(Ok(health)) => health,
        Ok(Err(_)) => Health::failing("its health check panicked; the log has more"),
        Err(_) => Health::failing(format!("it did not answer within {patience:?}")),
    }
}
