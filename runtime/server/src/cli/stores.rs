//! Secrets that are kept in a store are fetched before anything reads them.

use std::collections::BTreeMap;

use mcp_factory_sdk::keep_secret;

use crate::config::{Config, Problem, Problems};
use crate::features::Feature;

/// Fetches everything that the configuration names in a store. What cannot be had goes to `problems`, at the
/// place of each setting that names it.
pub(super) async fn fetch(config: &Config, problems: &mut Problems) {
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
        return;
    }
    let references: Vec<String> = wanted.keys().cloned().collect();
    let fetched = mcp_factory_secrets::fetch(&config.secrets, &references).await;
    for (reference, fetched) in references.into_iter().zip(fetched) {
        match fetched {
            Ok(secret) => keep_secret(reference, secret),
            Err(why) => {
                for path in wanted.get(&reference).into_iter().flatten() {
                    let message = format!("`{path}`: {why}");
                    problems.add(Problem::new(config.place(path), message));
                }
            }
        }
    }
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
        fetch(&config, &mut problems).await;
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
