//! Where the seed of a group comes from, and when it is read.

use std::sync::Arc;

use mcp_factory_sdk::{SecretProblem, SecretReference};

use super::seed::{NotASeed, Seed};

/// The seed of a group: read once, or before each code.
#[derive(Debug)]
pub(super) enum SeedSource {
    /// From the environment, which does not change while the process runs.
    Fixed(Arc<Seed>),
    /// From a file or a store, whose owner may put another secret into it.
    Changing(SecretReference),
}

/// Why there is no seed; never holds any of it.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoSeed {
    #[error(transparent)]
    Unread(#[from] SecretProblem),
    #[error("{0} holds no secret of an authenticator: {1}")]
    Unusable(SecretReference, NotASeed),
    #[error("the process is stopping")]
    Stopping,
}

impl SeedSource {
    /// Reads the secret to see that it is one; also returns it as it is now.
    pub(super) fn new(reference: &SecretReference) -> Result<(Self, Arc<Seed>), NoSeed> {
        let seed = Arc::new(read(reference)?);
        let source = if reference.may_change() {
            Self::Changing(reference.clone())
        } else {
            Self::Fixed(Arc::clone(&seed))
        };
        Ok((source, seed))
    }

    /// The seed as it is now.
    pub(super) async fn seed(&self) -> Result<Arc<Seed>, NoSeed> {
        match self {
            Self::Fixed(seed) => Ok(Arc::clone(seed)),
            Self::Changing(reference) => {
                let reference = reference.clone();
                tokio::task::spawn_blocking(move || read(&reference).map(Arc::new))
                    .await
                    .map_err(|_| NoSeed::Stopping)?
            }
        }
    }
}

fn read(reference: &SecretReference) -> Result<Seed, NoSeed> {
    let secret = reference.read()?;
    Seed::parse(secret.expose()).map_err(|problem| NoSeed::Unusable(reference.clone(), problem))
}

#[cfg(test)]
mod tests {
    use mcp_factory_sdk::{Secret, keep_secret};

    use super::*;

    #[tokio::test]
    async fn a_seed_in_a_store_may_become_another() {
        let (one, two) = (
            "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
            "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJA",
        );
        let keep = |text: &str| keep_secret("vault:gates/shell#seed", Secret::new(text.to_owned()));
        keep(one);
        let reference = SecretReference::Store("vault:gates/shell#seed".to_owned());
        let (source, first) = SeedSource::new(&reference).expect("a seed");
        assert!(source.seed().await.expect("a seed").is_same(&first));
        keep(two);
        let now = source.seed().await.expect("a seed");
        assert!(now.is_same(&Seed::parse(two).expect("a seed")));
    }
}
