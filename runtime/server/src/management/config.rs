//! `[management]` as the operator writes it.

use serde::Deserialize;

use crate::http::Listen;

/// The table `[management]`: a second port, for probes and whoever watches, never for clients.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ManagementConfig {
    /// Where it listens; there is none unless told.
    pub(crate) listen: Option<Listen>,
    /// Names with a dot that a `Host` header may carry there. Addresses and plain words it may always.
    pub(crate) allowed_hosts: Vec<String>,
}
