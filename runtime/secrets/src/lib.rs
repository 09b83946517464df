//! Secrets that are kept in a store: references in, secrets out, before anything else of a server starts, and again
//! while it runs.
//!
//! In the room: what an operator configures (`config`), the stores (`vault`, `awssm`, each a feature), asking them for
//! as long as the configuration allows (`attempt`), and keeping what was fetched up to date (`refresh`). Not here:
//! what a reference is and who reads it (the SDK), and what stands in which setting (the server).

#![forbid(unsafe_code)]

mod attempt;
#[cfg(feature = "awssm")]
mod awssm;
mod config;
mod place;
mod refresh;
#[cfg(test)]
#[cfg(any(feature = "vault", feature = "awssm"))]
mod stand_in;
#[cfg(feature = "vault")]
mod vault;

pub use config::{AppRole, AwsConfig, Kubernetes, Refresh, SecretsConfig, VaultConfig};
pub use refresh::{Freshness, Refresher};

use mcp_factory_sdk::Secret;
use tokio::time::Instant;

/// What became of a reference: the secret, or why there is none, in words for the operator.
pub type Fetched = Result<Secret<String>, String>;

/// The stores, and who this server is to each of them once it was asked.
#[derive(Debug)]
pub struct Stores {
    config: SecretsConfig,
    #[cfg(feature = "vault")]
    vault: vault::Vault,
    #[cfg(feature = "awssm")]
    awssm: awssm::SecretsManager,
}

impl Stores {
    /// Asks nobody yet.
    pub fn new(config: &SecretsConfig) -> Self {
        Self {
            #[cfg(feature = "vault")]
            vault: vault::Vault::new(&config.vault),
            #[cfg(feature = "awssm")]
            awssm: awssm::SecretsManager::new(&config.awssm),
            config: config.clone(),
        }
    }

    /// Fetches what each reference names, all of a store with one login; `timeout` of the configuration bounds all
    /// of it together. Answers in the order of `references`.
    ///
    /// A reference to a store that was not compiled in gets an error; the server tells of it with its place.
    pub async fn fetch(&mut self, references: &[String]) -> Vec<Fetched> {
        #[cfg(any(feature = "vault", feature = "awssm"))]
        let deadline = self.deadline();
        let of = |kind: &str| -> Vec<&str> {
            let texts = references.iter().filter_map(|text| text.strip_prefix(kind));
            texts.filter_map(|text| text.strip_prefix(':')).collect()
        };
        let (vault, awssm) = (of("vault"), of("awssm"));
        #[cfg(feature = "vault")]
        let vault = self.vault.fetch(&vault, deadline);
        #[cfg(feature = "awssm")]
        let awssm = self.awssm.fetch(&awssm, deadline);
        #[cfg(not(feature = "vault"))]
        let vault = not_built("vault", vault.len());
        #[cfg(not(feature = "awssm"))]
        let awssm = not_built("awssm", awssm.len());
        let (vault, awssm) = futures_util::future::join(vault, awssm).await;
        let (mut vault, mut awssm) = (vault.into_iter(), awssm.into_iter());
        let next = |text: &String| {
            let store = if text.starts_with("vault:") {
                vault.next()
            } else {
                awssm.next()
            };
            store.unwrap_or_else(|| Err("there is no such store".to_owned()))
        };
        references.iter().map(next).collect()
    }

    /// When a login wants to be renewed, so that the next fetching finds it alive.
    #[cfg_attr(
        not(feature = "vault"),
        expect(clippy::unused_self, reason = "as with the store")
    )]
    fn renewal(&self) -> Option<Instant> {
        #[cfg(feature = "vault")]
        return self.vault.renewal();
        #[cfg(not(feature = "vault"))]
        None
    }

    /// Renews it, or logs in again.
    async fn renew(&mut self) -> Result<(), String> {
        #[cfg(feature = "vault")]
        {
            let deadline = self.deadline();
            self.vault.renew(deadline).await
        }
        #[cfg(not(feature = "vault"))]
        std::future::ready(Ok(())).await
    }

    #[cfg(any(feature = "vault", feature = "awssm"))]
    fn deadline(&self) -> Instant {
        Instant::now() + self.config.timeout()
    }
}

#[cfg(not(all(feature = "vault", feature = "awssm")))]
fn not_built(store: &str, references: usize) -> std::future::Ready<Vec<Fetched>> {
    let none = |_| Err(format!("this server was built without `{store}`"));
    std::future::ready((0..references).map(none).collect())
}
