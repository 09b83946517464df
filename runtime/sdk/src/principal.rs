//! Who is calling.
//!
//! A principal is made by a transport (stdio) or an authenticator (HTTP); a plugin only reads it.
//! It never carries the credential it was made from.

use crate::scope::{ScopeHierarchy, ScopeSet};

/// The caller of a tool, as far as it was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    id: String,
    scopes: ScopeSet,
}

impl Principal {
    /// A caller known as `id` (stable and unique within the server, such as `iss|sub`).
    pub fn new(id: impl Into<String>, scopes: ScopeSet) -> Self {
        Self {
            id: id.into(),
            scopes,
        }
    }

    /// The trusted user at the other end of stdio, who holds every scope.
    pub fn local() -> Self {
        Self::new("local", ScopeSet::All)
    }

    /// An unverified caller that holds the scopes named, under the default hierarchy.
    pub fn anonymous<I: AsRef<str>>(scopes: impl IntoIterator<Item = I>) -> Self {
        Self::new(
            "anonymous",
            ScopeSet::granted(scopes, &ScopeHierarchy::default()),
        )
    }

    /// The caller's identity: the key of every per-caller limit and the name in the audit record.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What the caller may do.
    pub const fn scopes(&self) -> &ScopeSet {
        &self.scopes
    }
}
