//! Keeping what was fetched up to date while the server runs.
//!
//! Whoever holds a reference reads the list of the process, so a new secret is put there and nobody has to be told.
//! A store that is away changes nothing: what was fetched last stays, and that is told of once and counted.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use mcp_factory_sdk::{Secret, keep_secret};
use tokio::time::{Instant, sleep_until};

use crate::{Fetched, Stores};

/// How up to date the secrets are, for whoever asks.
#[derive(Debug, Default)]
pub struct Freshness {
    refreshed: AtomicU64,
    failed: AtomicU64,
    replaced: AtomicU64,
    stale: AtomicU64,
}

impl Freshness {
    /// Secrets that were fetched again.
    pub fn refreshed(&self) -> u64 {
        self.refreshed.load(Relaxed)
    }

    /// Secrets that could not be fetched again.
    pub fn failed(&self) -> u64 {
        self.failed.load(Relaxed)
    }

    /// Secrets that were others than before.
    pub fn replaced(&self) -> u64 {
        self.replaced.load(Relaxed)
    }

    /// Secrets that are older than they should be: the last try came to nothing.
    pub fn stale(&self) -> u64 {
        self.stale.load(Relaxed)
    }
}

/// Fetches again and again what was fetched at the start.
#[derive(Debug)]
pub struct Refresher {
    stores: Stores,
    references: Vec<String>,
    every: Duration,
    freshness: Arc<Freshness>,
    /// Why those that are stale are.
    complaints: BTreeMap<String, String>,
    /// Why a login cannot be renewed.
    complaint: Option<String>,
}

impl Refresher {
    /// Of the `references`, each of them once, that `stores` have fetched; `None` where the configuration wants
    /// none.
    pub fn new(stores: Stores, references: Vec<String>) -> Option<Self> {
        Some(Self {
            every: stores.config.refresh().filter(|_| !references.is_empty())?,
            stores,
            references,
            freshness: Arc::default(),
            complaints: BTreeMap::new(),
            complaint: None,
        })
    }

    /// The counters, which go on counting while [`run`](Self::run) does.
    pub fn freshness(&self) -> Arc<Freshness> {
        Arc::clone(&self.freshness)
    }

    /// Runs until it is dropped, which it may be at any time.
    pub async fn run(mut self) {
        // Never without a store; a server that was built without one does not carry the rest.
        if cfg!(not(any(feature = "vault", feature = "awssm"))) {
            return;
        }
        let mut round = self.next_round();
        loop {
            let renewal = self.stores.renewal();
            if let Some(renewal) = renewal.filter(|renewal| *renewal < round) {
                sleep_until(renewal).await;
                self.renew().await;
            } else {
                sleep_until(round).await;
                self.refresh().await;
                round = self.next_round();
            }
        }
    }

    /// Some time before the period is over, so that replicas that started together do not ask together.
    fn next_round(&self) -> Instant {
        let wait = self.every.mul_f64(0.8 + 0.2 * rand::random::<f64>());
        Instant::now() + wait
    }

    async fn renew(&mut self) {
        let outcome = self.stores.renew().await.err();
        match (&self.complaint, &outcome) {
            (None, Some(why)) => {
                tracing::warn!(%why, "the login at Vault was not renewed; it is tried again");
            }
            (Some(_), None) => tracing::info!("the login at Vault is renewed again"),
            _ => {}
        }
        self.complaint = outcome;
    }

    async fn refresh(&mut self) {
        let fetched = self.stores.fetch(&self.references).await;
        let mut complaints = BTreeMap::new();
        for (reference, fetched) in self.references.iter().zip(fetched) {
            match fetched.and_then(not_empty) {
                Ok(secret) => {
                    self.freshness.refreshed.fetch_add(1, Relaxed);
                    if keep_secret(reference.clone(), secret) {
                        self.freshness.replaced.fetch_add(1, Relaxed);
                        tracing::info!(secret = reference, "there is a new secret in its store");
                    }
                }
                Err(why) => {
                    self.freshness.failed.fetch_add(1, Relaxed);
                    complaints.insert(reference.clone(), why);
                }
            }
        }
        self.freshness.stale.store(complaints.len() as u64, Relaxed);
        // Once when it begins and once when it is over, however often it is tried in between.
        for (reference, why) in &complaints {
            if !self.complaints.contains_key(reference) {
                tracing::warn!(
                    secret = reference,
                    %why,
                    "a secret could not be fetched again, the one of before stays"
                );
            }
        }
        for reference in self.complaints.keys() {
            if !complaints.contains_key(reference) {
                tracing::info!(secret = reference, "a secret can be fetched again");
            }
        }
        self.complaints = complaints;
    }
}

/// Whoever empties a secret by mistake must not lock everybody out.
fn not_empty(secret: Secret<String>) -> Fetched {
    if secret.expose().trim().is_empty() {
        return Err("it is empty".to_owned());
    }
    Ok(secret)
}

#[cfg(test)]
#[cfg(feature = "vault")]
mod tests {
    use std::sync::Mutex;

    use mcp_factory_sdk::SecretReference;
    use serde_json::json;

    use super::*;
    use crate::{
        Refresh, SecretsConfig, VaultConfig,
        stand_in::{count, file, stand_in},
    };

    fn now(reference: &str) -> String {
        let reference = SecretReference::Store(reference.to_owned());
        reference.read().unwrap().expose().clone()
    }

    /// A Vault with one secret of two fields, or, without a value, one that is sealed.
    fn vault() -> (
        Arc<Mutex<Option<&'static str>>>,
        String,
        crate::stand_in::Log,
    ) {
        let value = Arc::new(Mutex::new(Some("one")));
        let held = Arc::clone(&value);
        let (address, log) = stand_in(move |_| match *held.lock().unwrap() {
            Some(value) => {
                let data = json!({"a": value, "b": "same"});
                (200, json!({"data": {"data": data}}).to_string())
            }
            None => (503, r#"{"errors":["Vault is sealed"]}"#.to_owned()),
        });
        (value, address, log)
    }

    fn config(address: String, every: Duration) -> (tempfile::TempDir, SecretsConfig) {
        let (folder, path) = file("root", 0o600);
        let config = SecretsConfig {
            timeout: Some(Duration::from_millis(50)),
            refresh: Some(Refresh(Some(every))),
            vault: VaultConfig {
                address: Some(address),
                token: Some(SecretReference::File(path)),
                ..VaultConfig::default()
            },
            ..SecretsConfig::default()
        };
        (folder, config)
    }

    #[tokio::test]
    async fn what_is_new_is_kept_and_what_is_not_to_be_had_stays() {
        let (value, address, log) = vault();
        let (_folder, config) = config(address, Duration::from_mins(1));
        let references = ["vault:refreshed/app#a", "vault:refreshed/app#b"].map(str::to_owned);
        let stores = Stores::new(&config);
        let mut refresher = Refresher::new(stores, references.to_vec()).unwrap();
        let freshness = refresher.freshness();
        let counted = || {
            let Freshness {
                refreshed,
                failed,
                replaced,
                stale,
            } = &*freshness;
            [refreshed, failed, replaced, stale].map(|count| count.load(Relaxed))
        };
        refresher.refresh().await;
        assert_eq!(now(&references[0]), "one");
        assert_eq!(counted(), [2, 0, 0, 0]);
        *value.lock().unwrap() = Some("two");
        refresher.refresh().await;
        assert_eq!(count(&log, "GET /v1/refreshed/data/app"), 2, "one for both");
        assert_eq!(
            (now(&references[0]).as_str(), counted()),
            ("two", [4, 0, 1, 0])
        );
        // Sealed, and then emptied by mistake: what there was stays, and is counted as old.
        for gone in [None, Some(" ")] {
            *value.lock().unwrap() = gone;
            refresher.refresh().await;
            assert_eq!(now(&references[0]), "two");
        }
        assert_eq!(counted(), [5, 3, 1, 1]);
        assert_eq!(
            refresher.complaints.values().collect::<Vec<_>>(),
            ["it is empty"]
        );
        *value.lock().unwrap() = Some("three");
        refresher.refresh().await;
        assert_eq!(
            (now(&references[0]).as_str(), counted()),
            ("three", [7, 3, 2, 0])
        );
        assert!(refresher.complaints.is_empty());
    }

    #[tokio::test]
    async fn it_goes_on_until_it_is_dropped_and_keeps_the_login_alive() {
        let (value, address, log) = vault();
        let (_folder, config) = config(address, Duration::from_millis(100));
        let reference = "vault:refreshed/running#a".to_owned();
        let mut stores = Stores::new(&config);
        keep_secret(
            reference.clone(),
            stores
                .fetch(std::slice::from_ref(&reference))
                .await
                .remove(0)
                .unwrap(),
        );
        *value.lock().unwrap() = Some("two");
        let refresher = Refresher::new(stores, vec![reference.clone()]).unwrap();
        let asked_thrice = async {
            while count(&log, "GET /v1/refreshed/data/running") < 3 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::select! {
            () = refresher.run() => panic!("it ended by itself"),
            asked = tokio::time::timeout(Duration::from_secs(10), asked_thrice) => {
                asked.expect("it goes on");
            }
        }
        assert_eq!(now(&reference), "two");
        assert_eq!(count(&log, "GET /v1/auth/token/lookup-self"), 1);
    }

    #[test]
    fn nothing_runs_where_nothing_is_wanted() {
        let (_folder, mut config) = config("http://127.0.0.1:1".to_owned(), Duration::from_mins(1));
        let one = vec!["vault:a/b#c".to_owned()];
        assert!(Refresher::new(Stores::new(&config), Vec::new()).is_none());
        config.refresh = Some(Refresh(None));
        assert!(Refresher::new(Stores::new(&config), one.clone()).is_none());
        config.refresh = None;
        let refresher = Refresher::new(Stores::new(&config), one).unwrap();
        assert_eq!(refresher.every, Duration::from_mins(5));
    }
}
