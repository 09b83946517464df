//! Secrets that are kept in a store are fetched before anything reads them, and again while the server runs.

use std::collections::{BTreeMap, BTreeSet};

use mcp_factory_sdk::{SecretProblem, keep_secret};
use mcp_factory_secrets::{Refresher, Stores};

use crate::config::{Config, Problem, Problems};
use crate::features::Feature;
use crate::lifecycle::Lifecycle;

/// What became of the secrets that are kept in a store.
#[derive(Debug, Default)]
pub(super) struct Stored {
    /// Who fetches them again, where the configuration wants that.
    pub(super) refresher: Option<Refresher>,
    /// What whoever reads one says that could not be fetched.
    unfetched: BTreeSet<String>,
}

impl Stored {
    /// Whether a problem only follows from a secret that could not be fetched, of which is told already. Others may
    /// have the same place: a list in a variable has one for all of it.
    pub(super) fn explains(&self, problem: &Problem) -> bool {
        let mut unfetched = self.unfetched.iter();
        unfetched.any(|words| problem.message.contains(words))
    }
}

/// Fetches everything that the configuration names in a store. What cannot be had goes to `problems`, at the
/// place of each setting that names it.
pub(super) async fn fetch(config: &Config, problems: &mut Problems) -> Stored {
    let mut wanted: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut unfetched = BTreeSet::new();
    let mut refuse = |path: &str, reference: &str, why: &str| {
        unfetched.insert(SecretProblem::NotFetched(reference.to_owned()).to_string());
        problems.add(Problem::new(config.place(path), format!("`{path}`: {why}")));
    };
    for (path, reference) in config.stored_secrets() {
        let feature = if reference.starts_with("vault:") {
            Feature::Vault
        } else {
            Feature::Awssm
        };
        match feature.require() {
            Ok(()) => wanted.entry(reference).or_default().push(path),
            Err(message) => refuse(&path, &reference, &message),
        }
    }
    if wanted.is_empty() {
        return Stored {
            unfetched,
            ..Stored::default()
        };
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
                    refuse(path, reference, &why);
                }
            }
        }
    }
    Stored {
        refresher: Refresher::new(stores, references),
        unfetched,
    }
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
        let stored = fetch(&config, &mut problems).await;
        assert!(stored.refresher.is_none() && stored.unfetched.len() == 2);
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
