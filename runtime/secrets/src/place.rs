//! Where the keys to a store are: a variable, or a reference of the configuration.
#![cfg(any(feature = "vault", feature = "awssm"))]

use mcp_factory_sdk::{Secret, SecretReference};

/// The variables of the process, or what a test has in their place.
#[cfg(feature = "awssm")]
pub(crate) type Variables<'v> = &'v dyn Fn(&str) -> Option<String>;

/// The variable, where it is set and not empty.
pub(crate) fn set(variable: &str) -> Option<String> {
    std::env::var(variable)
        .ok()
        .filter(|value| !value.is_empty())
}

/// What `reference` names, on a thread that may wait for a file.
pub(crate) async fn read(
    setting: &str,
    reference: &SecretReference,
) -> Result<Secret<String>, String> {
    let reference = reference.clone();
    let read = tokio::task::spawn_blocking(move || reference.read()).await;
    read.map_err(|_| "the process is stopping".to_owned())?
        .map_err(|problem| format!("`{setting}`: {problem}"))
}
