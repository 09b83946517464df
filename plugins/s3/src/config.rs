//! The settings, as an operator writes them.

use mcp_factory_outbound::{BreakerConfig, DEFAULT_RETRIES};
use mcp_factory_sdk::SecretReference;
use schemars::JsonSchema;
use serde::Deserialize;

/// Settings.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The store's URL without a bucket; Amazon's for the region when it is left out.
    pub endpoint: Option<String>,
    /// The region, as requests are signed.
    pub region: String,
    /// Whether a bucket is the first part of the path, not of the host: by default with an `endpoint` of its own.
    pub path_style: Option<bool>,
    /// Allows an `http` endpoint on another machine; contents and names then travel in the clear.
    pub allow_http: bool,
    /// More root certificates, as a PEM file.
    pub roots_file: Option<std::path::PathBuf>,
    /// The access key, as `env:NAME` or `file:PATH`.
    pub access_key: Option<SecretReference>,
    /// The secret key, as `env:NAME` or `file:PATH`.
    pub secret_key: Option<SecretReference>,
    /// The token of temporary credentials, as `env:NAME` or `file:PATH`.
    pub session_token: Option<SecretReference>,
    /// The buckets that can be reached; no other can.
    pub buckets: Vec<BucketConfig>,
    /// The most bytes of an object in one answer.
    pub max_bytes: u64,
    /// The most bytes of an object that is written.
    pub max_write_bytes: u64,
    /// How long one request may take, with all that is tried for it, e.g. "30s".
    pub timeout: String,
    /// How often a request that failed is sent again, if nothing can be done twice by that.
    #[schemars(range(max = 5))]
    pub retries: u32,
    /// When the store is left alone because it keeps failing.
    pub breaker: BreakerConfig,
    /// Whether `presign_url` makes links to objects, which work for anybody who has them.
    pub presign: bool,
    /// How long such a link may last.
    pub presign_max: String,
}

/// A bucket.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BucketConfig {
    /// Its name.
    pub name: String,
    /// Only keys that begin with this; it ends in a slash.
    #[serde(default)]
    pub prefix: String,
    /// Whether objects can be written.
    #[serde(default)]
    pub mode: Mode,
}

/// What may be done to a bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Read only.
    #[default]
    Ro,
    /// Read and write.
    Rw,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            endpoint: None,
            region: "us-east-1".to_owned(),
            path_style: None,
            allow_http: false,
            roots_file: None,
            access_key: None,
            secret_key: None,
            session_token: None,
            buckets: Vec::new(),
            max_bytes: 256 << 10,
            max_write_bytes: 4 << 20,
            timeout: "30s".to_owned(),
            retries: DEFAULT_RETRIES,
            breaker: BreakerConfig::default(),
            presign: false,
            presign_max: "1h".to_owned(),
        }
    }
}
