//! What the plugins say of themselves, asked at most once a second however many want to know.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::pipeline::{Pipeline, PluginHealth};

/// How long an answer is good for. A prober that comes more often asks nothing new.
const FRESH: Duration = Duration::from_secs(1);
/// How long a plugin may think about it: a prober has not much more patience itself.
const PATIENCE: Duration = Duration::from_secs(2);

/// The last answer, and the one who asks for the next: all others wait for that one.
#[derive(Debug)]
pub(super) struct Probe {
    pipeline: Arc<Pipeline>,
    last: Mutex<Option<(Instant, Arc<[PluginHealth]>)>>,
}

impl Probe {
    pub(super) fn new(pipeline: Arc<Pipeline>) -> Self {
        Self {
            pipeline,
            last: Mutex::default(),
        }
    }

    pub(super) async fn look(&self) -> Arc<[PluginHealth]> {
        // Kept while the plugins think: whoever waits for it wants their answer, and asks nobody again.
        let mut last = self.last.lock().await;
        if let Some((asked, seen)) = &*last
            && asked.elapsed() < FRESH
        {
            return Arc::clone(seen);
        }
        let seen: Arc<[PluginHealth]> = self.pipeline.health(PATIENCE).await.into();
        *last = Some((Instant::now(), Arc::clone(&seen)));
        seen
    }
}

/// Why nobody should be sent here: troubles of the plugins that all callers share, or of every tenant there is. One
/// tenant's trouble is no reason to turn the others away.
pub(super) fn reasons(seen: &[PluginHealth]) -> Vec<&PluginHealth> {
    let mut troubled: Vec<&PluginHealth> = seen
        .iter()
        .filter(|plugin| plugin.health.trouble().is_some())
        .collect();
    let is_served =
        |tenant: &Option<String>| troubled.iter().all(|plugin| plugin.tenant != *tenant);
    let mut tenants = seen
        .iter()
        .map(|plugin| &plugin.tenant)
        .filter(|tenant| tenant.is_some());
    let some_tenant_is_well = tenants.any(is_served);
    if some_tenant_is_well {
        troubled.retain(|plugin| plugin.tenant.is_none());
    }
    troubled
}

#[cfg(test)]
mod tests {
    use mcp_factory_sdk::Health;

    use super::*;

    fn plugin(tenant: Option<&str>, trouble: Option<&str>) -> PluginHealth {
        PluginHealth {
            plugin: "store".to_owned(),
            tenant: tenant.map(str::to_owned),
            health: trouble.map_or_else(Health::ok, Health::failing),
        }
    }

    #[test]
    fn one_tenants_trouble_is_not_everybodys() {
        let (well, bad) = (
            plugin(Some("acme"), None),
            plugin(Some("globex"), Some("down")),
        );
        assert!(reasons(&[well, bad]).is_empty());
        let all = [
            plugin(Some("acme"), Some("down")),
            plugin(Some("globex"), Some("down")),
        ];
        assert_eq!(reasons(&all).len(), 2);
        let shared = [plugin(None, Some("down")), plugin(Some("acme"), None)];
        assert_eq!(reasons(&shared).len(), 1);
        assert_eq!(reasons(&[plugin(None, Some("down"))]).len(), 1);
        assert!(reasons(&[plugin(None, None)]).is_empty() && reasons(&[]).is_empty());
    }
}
