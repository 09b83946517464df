//! `[tracing]` as the operator writes it.

use std::collections::BTreeMap;
use std::time::Duration;

use mcp_factory_sdk::SecretReference;
use serde::Deserialize;

/// The table `[tracing]`: where spans of calls are sent.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TracingConfig {
    /// The collector: `http://127.0.0.1:4318` over HTTP, `http://127.0.0.1:4317` over gRPC. Nothing is sent unless told.
    pub(crate) endpoint: Option<String>,
    /// How it is spoken to. Default: gRPC at port 4317, HTTP at any other.
    pub(crate) protocol: Option<OtlpProtocol>,
    /// The share of the calls that are told of, 0 to 1, where the caller does not say. Default 1.
    pub(crate) sample: f64,
    /// Headers that the collector wants to see, such as a token.
    pub(crate) headers: BTreeMap<String, SecretReference>,
    /// The name of the service. Default: the server's.
    pub(crate) service: Option<String>,
    /// How long the collector may take for one batch. Default 10 s.
    #[serde(deserialize_with = "mcp_factory_guard::duration::deserialize")]
    pub(crate) timeout: Duration,
}

/// The two ways to a collector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OtlpProtocol {
    Http,
    Grpc,
}

impl Default for TracingConfig {
    fn default() -> Self {
        Self {
            endpoint: None,
            protocol: None,
            sample: 1.0,
            headers: BTreeMap::new(),
            service: None,
            timeout: Duration::from_secs(10),
        }
    }
}
