//! Secrets that are kept in a store: references in, secrets out, once, before anything else of a server starts.
//!
//! In the room: what an operator configures (`config`), the stores (`vault`, `awssm`, each a feature), and asking
//! them for as long as the configuration allows. Not here: what a reference is and who reads it (the SDK), and
//! what stands in which setting (the server).

#![forbid(unsafe_code)]

mod attempt;
#[cfg(feature = "awssm")]
mod awssm;
mod config;
#[cfg(feature = "awssm")]
mod signature;
#[cfg(feature = "vault")]
mod vault;

pub use config::{AppRole, AwsConfig, Kubernetes, SecretsConfig, VaultConfig};

#[cfg(not(all(feature = "vault", feature = "awssm")))]
use std::future::Ready;

use mcp_factory_sdk::Secret;

/// What became of a reference: the secret, or why there is none, in words for the operator.
pub type Fetched = Result<Secret<String>, String>;

/// Fetches what each reference names, all of a store with one login; `timeout` of the configuration bounds all
/// of it together. Answers in the order of `references`.
///
/// A reference to a store that was not compiled in gets an error; the server tells of it with its place.
pub async fn fetch(config: &SecretsConfig, references: &[String]) -> Vec<Fetched> {
    let deadline = tokio::time::Instant::now() + config.timeout();
    let of = |kind: &str| -> Vec<&str> {
        let texts = references.iter().filter_map(|text| text.strip_prefix(kind));
        texts.filter_map(|text| text.strip_prefix(':')).collect()
    };
    let (vault, awssm) = futures_util::future::join(
        in_vault(config, &of("vault"), deadline),
        in_awssm(config, &of("awssm"), deadline),
    )
    .await;
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

#[cfg(feature = "vault")]
async fn in_vault(
    config: &SecretsConfig,
    references: &[&str],
    deadline: tokio::time::Instant,
) -> Vec<Fetched> {
    vault::fetch(&config.vault, references, deadline).await
}

#[cfg(feature = "awssm")]
async fn in_awssm(
    config: &SecretsConfig,
    references: &[&str],
    deadline: tokio::time::Instant,
) -> Vec<Fetched> {
    awssm::fetch(&config.awssm, references, deadline).await
}

#[cfg(not(feature = "vault"))]
fn in_vault(
    _: &SecretsConfig,
    references: &[&str],
    _: tokio::time::Instant,
) -> Ready<Vec<Fetched>> {
    not_built("vault", references.len())
}

#[cfg(not(feature = "awssm"))]
fn in_awssm(
    _: &SecretsConfig,
    references: &[&str],
    _: tokio::time::Instant,
) -> Ready<Vec<Fetched>> {
    not_built("awssm", references.len())
}

#[cfg(not(all(feature = "vault", feature = "awssm")))]
fn not_built(store: &str, references: usize) -> Ready<Vec<Fetched>> {
    let none = |_| Err(format!("this server was built without `{store}`"));
    std::future::ready((0..references).map(none).collect())
}
