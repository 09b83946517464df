//! The plugins of every tenant, started, with every complaint at the place it is about.
//!
//! In the room: which sections a tenant's plugins get, and what is told of those that did not start. Not here: the
//! starting itself (`startup`), and everything else of a start (`start`).

use std::collections::HashMap;
use std::sync::Arc;

use mcp_factory_guard::{GatePlugin, Gates};
use mcp_factory_sdk::Instance;
use serde_json::{Map, Value};

use super::Product;
use crate::config::{Config, Problem, Problems, differences, value_at};
use crate::pipeline::{Tenant, Tenants};
use crate::startup::{StartProblem, start_plugins};

/// Whether there are plugins for callers of no tenant: always without tenants, and beside them when
/// somebody configured any.
pub(super) fn serves_nobodys(config: &Config) -> bool {
    config.tenants.is_empty() || !config.plugin_sections().is_empty()
}

/// Starts the plugins of every tenant, each with its own sections of the configuration.
pub(super) async fn tenants(
    product: &Product,
    config: &Config,
    gates: Option<&Arc<Gates>>,
    problems: &mut Problems,
) -> Tenants {
    let mut tenants = Tenants {
        nobodys: None,
        named: HashMap::new(),
    };
    if serves_nobodys(config) {
        let sections = config.plugin_sections();
        let instances = instances(product, config, &sections, None, gates, problems).await;
        tenants.nobodys = instances.map(|instances| Tenant::new(instances, None, None));
    }
    for (name, tenant) in &config.tenants {
        if config.is_unread(&format!("tenants.{name}")) {
            continue;
        }
        let sections = &tenant.plugins;
        let instances = instances(product, config, sections, Some(name), gates, problems).await;
        if let Some(instances) = instances {
            let tenant = Tenant::new(instances, tenant.rate, tenant.concurrency);
            tenants.named.insert(name.clone(), tenant);
        }
    }
    tenants
}

async fn instances(
    product: &Product,
    config: &Config,
    sections: &Map<String, Value>,
    tenant: Option<&str>,
    gates: Option<&Arc<Gates>>,
    problems: &mut Problems,
) -> Option<Vec<Instance>> {
    match start_plugins(product.mounts, sections).await {
        Ok(mut instances) => {
            // In the place that the registry gives it: after all others.
            instances.extend(gates.map(|gates| Instance::new(GatePlugin::new(Arc::clone(gates)))));
            Some(instances)
        }
        Err(failed) => {
            for StartProblem { mount, error } in failed {
                let empty = Value::Object(Map::new());
                let section = sections.get(mount).unwrap_or(&empty);
                let schema = product.schema_of()(mount);
                // The type names the first thing that does not fit; the schema, all that it knows of.
                let all = differences(&schema, &schema, section, "");
                let all: Vec<_> = all
                    .into_iter()
                    .filter(|(path, _)| !config.is_unexpanded(value_at(section, path)))
                    .collect();
                for (path, told) in &all {
                    problems.add(unfit(config, tenant, mount, path, told));
                }
                let is_told = error
                    .unfit()
                    .is_some_and(|at| all.iter().any(|(path, _)| is_within(path, at)));
                // A secret that could not be fetched was told of where it was fetched, and a variable that is not
                // set where it was to be replaced.
                let follows = error.is_unfetched() || config.is_unexpanded(Some(section));
                if !is_told && !follows {
                    problems.add(placed(config, tenant, mount, &error.to_string()));
                }
            }
            None
        }
    }
}

/// Whether the value at `path` is the one at `at` or inside of it: the type says where the table is that has a key too
/// many, the schema which key that is.
fn is_within(path: &str, at: &str) -> bool {
    path.strip_prefix(at)
        .is_some_and(|rest| at.is_empty() || rest.is_empty() || rest.starts_with(['.', '[']))
}

/// One way in which a plugin's section does not fit its schema.
fn unfit(config: &Config, tenant: Option<&str>, mount: &str, path: &str, told: &str) -> Problem {
    let section = section_of(tenant, mount);
    let full = format!("{section}.{path}");
    let of = tenant.map_or_else(String::new, |tenant| format!(" of tenant `{tenant}`"));
    Problem::new(config.place(&full), format!("plugin `{mount}`{of}: {told}"))
}

fn section_of(tenant: Option<&str>, mount: &str) -> String {
    match tenant {
        None => format!("plugins.{mount}"),
        Some(tenant) => format!("tenants.{tenant}.plugins.{mount}"),
    }
}

/// A plugin names the value that it complains about in backticks, first.
fn placed(config: &Config, tenant: Option<&str>, mount: &str, message: &str) -> Problem {
    let section = section_of(tenant, mount);
    let path = message
        .strip_prefix('`')
        .and_then(|rest| rest.split_once('`'))
        .map_or_else(|| section.clone(), |(path, _)| format!("{section}.{path}"));
    let of = tenant.map_or_else(String::new, |tenant| format!(" of tenant `{tenant}`"));
    match config.set_at(&path) {
        Some(place) => Problem::new(place, format!("plugin `{mount}`{of}: {message}")),
        None => Problem::new(section, message),
    }
}

#[cfg(test)]
mod tests {
    use super::is_within;

    #[test]
    fn what_is_inside_of_a_value_is_told_with_it() {
        for (path, at) in [
            ("roots", ""),
            ("roots", "roots"),
            ("buckets[0].nme", "buckets[0]"),
            ("breaker.rst", "breaker"),
            ("roots[1]", "roots"),
        ] {
            assert!(is_within(path, at), "{path} {at}");
        }
        for (path, at) in [("roots", "root"), ("breaker", "breaker.rest"), ("a", "b")] {
            assert!(!is_within(path, at), "{path} {at}");
        }
    }
}
