//! Whose plugins a call reaches: those of the caller's tenant, and no others.

use std::{collections::HashMap, sync::Arc, time::Duration};

use mcp_factory_sdk::{Health, Instance, Principal};
use tokio::sync::Semaphore;

use super::limits::places;
use crate::config::Limit;

/// How long a plugin may think about how it is.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a plugin says of itself.
#[derive(Debug)]
pub(crate) struct PluginHealth {
    /// The mount's name.
    pub(crate) plugin: String,
    /// Whose plugin it is, where there are tenants.
    pub(crate) tenant: Option<String>,
    pub(crate) health: Health,
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

    /// What every plugin says of itself, each asked for at most [`PATIENCE`]; `mounts` are the plugins'
    /// names.
    pub(crate) async fn health(&self, mounts: &[&str]) -> Vec<PluginHealth> {
        let nobodys = self.nobodys.iter().map(|tenant| (None, tenant));
        let mut named: Vec<_> = self.named.iter().collect();
        named.sort_by_key(|(name, _)| name.as_str());
        let named = named.into_iter().map(|(name, tenant)| (Some(name), tenant));
        let mut answers = Vec::new();
        for (name, tenant) in nobodys.chain(named) {
            for (mount, instance) in mounts.iter().zip(&tenant.instances) {
                let answer = tokio::time::timeout(PATIENCE, instance.health()).await;
                let health = answer.unwrap_or_else(|_| {
                    Health::failing(format!("it did not answer within {PATIENCE:?}"))
                });
                answers.push(PluginHealth {
                    plugin: (*mount).to_owned(),
                    tenant: name.cloned(),
                    health,
                });
            }
        }
        answers
    }

    pub(crate) async fn stop(&self) {
        for tenant in self.named.values().chain(&self.nobodys) {
            for instance in tenant.instances.iter().rev() {
                instance.clone().stop().await;
            }
        }
    }
}
