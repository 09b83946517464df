//! Where the seed of a group comes from, and when it is read.

use std::sync::Arc;

use mcp_factory_sdk::{SecretProblem, SecretReference};

use super::seed::{NotASeed, Seed};

/// The seed of a group: read once, or before each code.
#[derive(Debug)]
pub(super) enum SeedSource {
    /// From the environment, which does not change while the process runs.
    Fixed(Arc<Seed>),
    /// From a file, whose owner may put another secret into it.
    File(SecretReference),
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
        let source = match reference {
            SecretReference::Environment(_) | SecretReference::Store(_) => {
                Self::Fixed(Arc::clone(&seed))
            }
            SecretReference::File(_) => Self::File(reference.clone()),
        };
        Ok((source, seed))
    }

    /// The seed as it is now.
    pub(super) async fn seed(&self) -> Result<Arc<Seed>, NoSeed> {
        match self {
            Self::Fixed(seed) => Ok(Arc::clone(seed)),
            Self::File(reference) => {
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
