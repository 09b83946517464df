//! Secrets that are kept in a store are fetched before anything reads them, and again while the server runs.

use std::collections::BTreeMap;

use mcp_factory_sdk::keep_secret;
use mcp_factory_secrets::{Refresher, Stores};

use crate::config::{Config, Problem, Problems};
use crate::features::Feature;
use crate::lifecycle::Lifecycle;

/// Fetches everything that the configuration names in a store. What cannot be had goes to `problems`, at the
/// place of each setting that names it. Returns who fetches it again, where the configuration wants that.
pub(super) async fn fetch(config: &Config, problems: &mut Problems) -> Option<Refresher> {
    let mut wanted: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (path, reference) in config.stored_secrets() {
        let feature = if reference.starts_with("vault:") {
            Feature::Vault
        } else {
            Feature::Awssm
        };
        match feature.require() {
            Ok(()) => wanted.entry(reference).or_default().push(path),
            Err(message) => {
                let message = format!("`{path}`: {message}");
                problems.add(Problem::new(config.place(&path), message));
            }
        }
    }
    if wanted.is_empty() {
        return None;
    }
    let references: Vec<String> = wanted.keys().cloned().collect();
    let mut stores = Stores::new(&config.secrets);
    let fetched = stores.fetch(&references).await;
    for (reference, fetched) in references.iter().zip(fetched) {
        match fetched {
            Ok(secret) => {
                keep_secret(reference.clone(), secret);
            }
            Err(why) => {
                for path in wanted.get(reference).into_iter().flatten() {
                    let message = format!("`{path}`: {why}");
                    problems.add(Problem::new(config.place(path), message));
                }
            }
        }
    }
    Refresher::new(stores, references)
}

/// Fetches again and again, until the server drains.
pub(super) fn keep_up(refresher: Refresher, lifecycle: &Lifecycle) {
    let server = lifecycle.clone();
    lifecycle.tasks().spawn(async move {
        tokio::select! {
            () = server.draining() => {}
            () = refresher.run() => {}
        }
    });
}

#[cfg(all(test, not(any(feature = "vault", feature = "awssm"))))]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::Layers;

    #[tokio::test]
    async fn a_server_without_the_store_says_how_to_build_one_with_it() {
        let layers = Layers {
            defaults: "[server]\nstate_key = 'vault:secret/a#b'\n[redis]\nurl = 'awssm:redis'",
            ..Layers::default()
        };
        let config = Config::load(&layers, &[], &|_| json!({})).unwrap();
        let mut problems = Problems::default();
        assert!(fetch(&config, &mut problems).await.is_none());
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        for (at, feature) in [(0, "vault"), (1, "awssm")] {
            assert!(
                told[at].starts_with("the manifest's defaults:")
                    && told[at].contains(&format!("add `features = [\"{feature}\"]` to [server]")),
                "{told:?}"
            );
        }
    }
}
