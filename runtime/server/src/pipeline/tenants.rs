//! Whose plugins a call reaches: those of the caller's tenant, and no others.

use std::{collections::HashMap, sync::Arc};

use mcp_factory_sdk::{Instance, Principal};
use tokio::sync::Semaphore;

use super::limits::places;
use crate::config::Limit;

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

    pub(crate) async fn stop(&self) {
        for tenant in self.named.values().chain(&self.nobodys) {
            for instance in tenant.instances.iter().rev() {
                instance.clone().stop().await;
            }
        }
    }
}
