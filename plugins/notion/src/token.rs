//! The token: named in the configuration, read at the start, and read again when it stands in a file.

use mcp_factory_sdk::{Secret, SecretProblem, SecretReference, StartError};

/// Where the token is, and what it was when the plugin started.
#[derive(Debug)]
pub(crate) struct Token {
    reference: SecretReference,
    first: Secret<String>,
}

impl Token {
    /// Reads the token for the first time.
    ///
    /// # Errors
    /// Why there is none, or why it is not one to be used, for the operator; never any of it.
    pub(crate) async fn open(
        reference: Option<SecretReference>,
        check: fn(&str) -> Result<(), &'static str>,
    ) -> Result<Self, StartError> {
        let reference = reference.ok_or_else(|| {
            StartError::new("`token` is not set: write \"env:NAME\" or \"file:/path\"")
        })?;
        let first = read(reference.clone())
            .await
            .map_err(|problem| StartError::new(format!("`token`: {problem}")))?;
        let text = first.expose();
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(StartError::new(
                "`token` holds a character that no token has; look for a line break or a quote in it",
            ));
        }
        check(text).map_err(|why| StartError::new(format!("`token` {why}")))?;
        Ok(Self { reference, first })
    }

    /// The token as it is now: an operator may replace a file while the server runs.
    pub(crate) async fn current(&self) -> Result<Secret<String>, SecretProblem> {
        match &self.reference {
            SecretReference::Environment(_) => Ok(self.first.clone()),
            SecretReference::File(_) => read(self.reference.clone()).await,
        }
    }
}

async fn read(reference: SecretReference) -> Result<Secret<String>, SecretProblem> {
    let place = reference.to_string();
    let read = tokio::task::spawn_blocking(move || reference.read()).await;
    read.unwrap_or(Err(SecretProblem::NotText(place)))
}
