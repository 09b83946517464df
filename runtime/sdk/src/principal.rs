//! Who is calling.
//!
//! A principal is made by a transport (stdio) or an authenticator (HTTP); a plugin only reads it.
//! It never carries the credential it was made from.

use crate::scope::{ScopeHierarchy, ScopeSet};

/// The caller of a tool, as far as it was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    id: String,
    tenant: Option<String>,
    scopes: ScopeSet,
    key: String,
}

impl Principal {
    /// A caller known as `id` (stable and unique within the server, such as `iss|sub`), of no tenant.
    pub fn new(id: impl Into<String>, scopes: ScopeSet) -> Self {
        let id = id.into();
        let key = key(None, &id);
        Self {
            id,
            tenant: None,
            scopes,
            key,
        }
    }

    /// The same caller as a member of `tenant`.
    #[must_use]
    pub fn of_tenant(mut self, tenant: impl Into<String>) -> Self {
        let tenant = tenant.into();
        self.key = key(Some(&tenant), &self.id);
        self.tenant = Some(tenant);
        self
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

    /// The caller's identity: the name in the audit record. Two tenants may know different callers by one.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The tenant whose configuration, limits and data the caller works with, where there are tenants.
    pub fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    /// Identity and tenant in one: what everything that is kept per caller is keyed by.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What the caller may do.
    pub const fn scopes(&self) -> &ScopeSet {
        &self.scopes
    }
}

/// No two pairs make one key: the length says where the tenant ends.
fn key(tenant: Option<&str>, id: &str) -> String {
    match tenant {
        None => format!("-:{id}"),
        Some(tenant) => format!("{}:{tenant}:{id}", tenant.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_callers_share_a_key() {
        let nobody = |id: &str| Principal::new(id, ScopeSet::All);
        let keys = [
            nobody("ann").key().to_owned(),
            nobody("1:a:nn").key().to_owned(),
            nobody("ann").of_tenant("a").key().to_owned(),
            nobody("b:ann").of_tenant("a").key().to_owned(),
            nobody("ann").of_tenant("a:b").key().to_owned(),
            nobody("ann").of_tenant("").key().to_owned(),
        ];
        for (at, key) in keys.iter().enumerate() {
            assert!(!keys[at + 1..].contains(key), "{key}");
        }
        assert_eq!(nobody("ann").of_tenant("a").tenant(), Some("a"));
    }

    #[test]
    fn a_caller_is_who_was_verified_in_each_tenant() {
        let member = Principal::new("iss|ann", ScopeSet::All).of_tenant("a");
        assert_eq!((member.id(), member.tenant()), ("iss|ann", Some("a")));
        let local = Principal::local();
        assert_eq!((local.id(), local.tenant()), ("local", None));
        assert_eq!(local.scopes(), &ScopeSet::All);
        let anonymous = Principal::anonymous(["write"]);
        assert_eq!(anonymous.id(), "anonymous");
        let both = ScopeSet::Granted(["read", "write"].map(str::to_owned).into());
        assert_eq!(anonymous.scopes(), &both);
    }
}
