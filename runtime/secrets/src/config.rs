//! `[secrets]`: where the stores are, and who this server is to them.

use std::{ops::RangeInclusive, path::PathBuf, time::Duration};

use mcp_factory_sdk::{SecretReference, parse_duration};
use serde::{Deserialize, Deserializer};

/// How long all stores together may take, if nothing is set.
#[cfg(any(test, feature = "vault", feature = "awssm"))]
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
/// As long as a call may take, which is bounded by the same words.
const TIMEOUTS: RangeInclusive<Duration> = Duration::from_millis(1)..=DAY;

/// How old a secret may be that was replaced in its store, if nothing is set. As Vault's and AWS's own agents have it.
const DEFAULT_REFRESH: Duration = Duration::from_mins(5);
/// A store is asked by every replica, and some bill each request.
const REFRESHES: RangeInclusive<Duration> = Duration::from_secs(1)..=DAY;

const DAY: Duration = Duration::from_hours(24);

/// `[secrets]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SecretsConfig {
    /// How long fetching may take in all, with every repetition: a millisecond to a day. Default 10 s.
    #[serde(deserialize_with = "timeout")]
    pub timeout: Option<Duration>,
    /// How often everything is fetched again while the server runs. Default every 5 minutes.
    pub refresh: Option<Refresh>,
    /// `HashiCorp` Vault, or what speaks like it.
    pub vault: VaultConfig,
    /// AWS Secrets Manager.
    pub awssm: AwsConfig,
}

/// A second to a day, or `"off"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refresh(pub Option<Duration>);

impl<'de> Deserialize<'de> for Refresh {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "off" {
            return Ok(Self(None));
        }
        let words = "from 1s to 24h, or \"off\"";
        duration(&text, &REFRESHES, words).map(|time| Self(Some(time)))
    }
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
    #[cfg(any(test, feature = "vault", feature = "awssm"))]
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout.unwrap_or(DEFAULT_TIMEOUT)
    }

    pub(crate) fn refresh(&self) -> Option<Duration> {
        let refresh = self.refresh.unwrap_or(Refresh(Some(DEFAULT_REFRESH)));
        refresh.0
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

fn timeout<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    duration(&text, &TIMEOUTS, "from 1ms to 24h").map(Some)
}

fn duration<E: serde::de::Error>(
    text: &str,
    bounds: &RangeInclusive<Duration>,
    words: &str,
) -> Result<Duration, E> {
    let time = parse_duration(text).map_err(E::custom)?;
    if bounds.contains(&time) {
        return Ok(time);
    }
    Err(E::custom(format!("`{text}` is out of range: {words}")))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn times_are_bounded() {
        let read = |table: Value| serde_json::from_value::<SecretsConfig>(table);
        let config = read(json!({"timeout": "1ms", "refresh": "1s"})).unwrap();
        assert_eq!(config.timeout(), Duration::from_millis(1));
        assert_eq!(config.refresh(), Some(Duration::from_secs(1)));
        assert_eq!(read(json!({"refresh": "off"})).unwrap().refresh(), None);
        let config = read(json!({})).unwrap();
        assert_eq!(config.timeout(), Duration::from_secs(10));
        assert_eq!(config.refresh(), Some(Duration::from_mins(5)));
        for (key, text, words) in [
            ("timeout", "0s", "`0s` is out of range: from 1ms to 24h"),
            ("timeout", "25h", "from 1ms to 24h"),
            ("timeout", "18446744073709551615h", "from 1ms to 24h"),
            ("refresh", "999ms", "from 1s to 24h, or \"off\""),
            ("refresh", "25h", "from 1s to 24h"),
            ("refresh", "on", "no duration"),
        ] {
            let error = read(json!({ key: text })).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
