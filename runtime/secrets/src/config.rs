//! `[secrets]`: where the stores are, and who this server is to them.

use std::{path::PathBuf, time::Duration};

use mcp_factory_sdk::{SecretReference, parse_duration};
use serde::{Deserialize, Deserializer};

/// How long all stores together may take, if nothing is set.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// `[secrets]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SecretsConfig {
    /// How long fetching may take in all, with every repetition. Default 10 s.
    #[serde(deserialize_with = "duration")]
    pub timeout: Option<Duration>,
    /// `HashiCorp` Vault, or what speaks like it.
    pub vault: VaultConfig,
    /// AWS Secrets Manager.
    pub awssm: AwsConfig,
}

/// `[secrets.vault]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VaultConfig {
    /// Its URL: https, unless it is on this machine. Default: the variable `VAULT_ADDR`.
    pub address: Option<String>,
    /// The namespace, where there are some. Default: the variable `VAULT_NAMESPACE`.
    pub namespace: Option<String>,
    /// A token. Default, without another way in: `env:VAULT_TOKEN`.
    pub token: Option<SecretReference>,
    /// Instead of a token: a role and its secret.
    pub approle: Option<AppRole>,
    /// Instead of a token: the account that Kubernetes runs this process as.
    pub kubernetes: Option<Kubernetes>,
    /// A PEM file of root certificates to trust besides the usual ones.
    pub roots_file: Option<PathBuf>,
}

/// `[secrets.vault.approle]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppRole {
    /// The role's id, which is no secret.
    pub role_id: String,
    /// Where the secret is that goes with it.
    #[serde(deserialize_with = "SecretReference::deserialize")]
    pub secret_id: SecretReference,
    /// Where the method is mounted. Default `approle`.
    #[serde(default = "approle")]
    pub mount: String,
}

/// `[secrets.vault.kubernetes]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kubernetes {
    /// The role of Vault's that the account has.
    pub role: String,
    /// Where the method is mounted. Default `kubernetes`.
    #[serde(default = "kubernetes")]
    pub mount: String,
    /// Where the account's token is. Default: where Kubernetes puts it.
    #[serde(default = "token_file")]
    pub token_file: PathBuf,
}

/// `[secrets.awssm]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AwsConfig {
    /// The region. Default: the variable `AWS_REGION`, then `AWS_DEFAULT_REGION`.
    pub region: Option<String>,
    /// The URL of the service, when it is reached another way: https, unless it is on this machine.
    pub endpoint: Option<String>,
    /// The id of an access key. Default `env:AWS_ACCESS_KEY_ID`.
    pub access_key: Option<SecretReference>,
    /// The key itself. Default `env:AWS_SECRET_ACCESS_KEY`.
    pub secret_key: Option<SecretReference>,
    /// What belongs to temporary keys. Default `env:AWS_SESSION_TOKEN`, where it is set.
    pub session_token: Option<SecretReference>,
}

impl SecretsConfig {
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout.unwrap_or(DEFAULT_TIMEOUT)
    }
}

fn approle() -> String {
    "approle".to_owned()
}

fn kubernetes() -> String {
    "kubernetes".to_owned()
}

fn token_file() -> PathBuf {
    "/var/run/secrets/kubernetes.io/serviceaccount/token".into()
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    match parse_duration(&text) {
        Ok(time) => Ok(Some(time)),
        Err(error) => Err(serde::de::Error::custom(error)),
    }
}
