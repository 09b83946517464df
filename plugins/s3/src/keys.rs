//! The credentials: where they are, read anew for each request, so that a file may be rotated.

use mcp_factory_sdk::{SecretProblem, SecretReference};

use crate::config::Config;
use crate::error::S3Error;
use crate::sign::Credentials;
use crate::start::ConfigError;

/// Where the credentials are.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    access_key: SecretReference,
    secret_key: SecretReference,
    session_token: Option<SecretReference>,
}

impl Keys {
    /// Reads them once, to be told at start of what is missing. Blocks for a moment.
    pub(crate) fn new(config: &Config) -> Result<Self, ConfigError> {
        let given = |name, reference: &Option<SecretReference>| {
            let reference = reference.clone().ok_or(ConfigError::NoCredentials(name))?;
            let checked = reference
                .read()
                .map_err(|problem| ConfigError::Secret(name, problem))?;
            drop(checked);
            Ok(reference)
        };
        if let Some(token) = &config.session_token {
            token
                .read()
                .map_err(|problem| ConfigError::Secret("session_token", problem))?;
        }
        Ok(Self {
            access_key: given("access_key", &config.access_key)?,
            secret_key: given("secret_key", &config.secret_key)?,
            session_token: config.session_token.clone(),
        })
    }

    fn now(&self) -> Result<Credentials, SecretProblem> {
        Ok(Credentials {
            access_key: self.access_key.read()?,
            secret_key: self.secret_key.read()?,
            session_token: self
                .session_token
                .as_ref()
                .map(SecretReference::read)
                .transpose()?,
        })
    }

    pub(crate) async fn read(&self) -> Result<Credentials, S3Error> {
        let keys = self.clone();
        let read = tokio::task::spawn_blocking(move || keys.now()).await;
        match read {
            Ok(credentials) => Ok(credentials?),
            // Only when the server is going down.
            Err(_) => Err(S3Error::Unavailable),
        }
    }
}
