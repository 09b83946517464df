//! The comparison: every key is looked at, whatever is found.

use std::sync::Arc;

use mcp_factory_sdk::Principal;
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};

use super::load::Key;
use crate::Refusal;
use crate::config::{Expiry, KeyDigest};
use crate::credential::Presented;
use crate::grants::Grants;

/// All keys and their holders. Immutable: a reading makes a new one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct KeyTable(Vec<Row>);

#[derive(Debug, PartialEq, Eq)]
struct Row {
    name: String,
    digest: KeyDigest,
    expires: Option<Expiry>,
    /// Who the holder is; refused where they lack a scope that every request needs.
    holder: Result<Arc<Principal>, Refusal>,
}

impl KeyTable {
    pub(super) fn new(keys: Vec<Key>, grants: &Grants) -> Self {
        let row = |key: Key| Row {
            holder: grants
                .of_key(&key.name, &key.scopes, key.tenant.as_deref())
                .map(Arc::new),
            name: key.name,
            digest: key.digest,
            expires: key.expires,
        };
        Self(keys.into_iter().map(row).collect())
    }

    /// The holder of the key. The time it takes tells neither whether there is one nor which it is.
    pub(super) fn find(
        &self,
        presented: Presented<'_>,
        unix_now: u64,
    ) -> Result<Arc<Principal>, Refusal> {
        let digest = KeyDigest::of(presented.expose());
        let (mut found, mut at) = (Choice::from(0), 0_u64);
        for (row, number) in self.0.iter().zip(0_u64..) {
            let equal = row.digest.bytes().ct_eq(digest.bytes());
            at.conditional_assign(&number, equal);
            found |= equal;
        }
        if !bool::from(found) {
            tracing::debug!("no such key");
            return Err(Refusal::InvalidToken);
        }
        let row = usize::try_from(at).ok().and_then(|at| self.0.get(at));
        let row = row.ok_or(Refusal::InvalidToken)?;
        if row.expires.is_some_and(|expires| expires.is_past(unix_now)) {
            tracing::info!(key = row.name, "an expired key was presented");
            return Err(Refusal::InvalidToken);
        }
        row.holder.clone()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use mcp_factory_sdk::ScopeHierarchy;

    use super::*;

    fn grants(required: &[&str]) -> Grants {
        Grants {
            scope_claims: Vec::new(),
            tenant_claim: None,
            required_scopes: required.iter().map(|&name| name.to_owned()).collect(),
            hierarchy: ScopeHierarchy::default(),
        }
    }

    fn key(name: &str, scopes: &[&str], expires: Option<&str>) -> Key {
        Key {
            name: name.to_owned(),
            digest: KeyDigest::of(&format!("{name}-secret")),
            scopes: scopes.iter().map(|&name| name.to_owned()).collect(),
            tenant: Some("acme".to_owned()),
            expires: expires.map(|text| text.parse().expect("a date")),
        }
    }

    #[test]
    fn each_key_has_its_holder_wherever_it_stands() {
        let keys = ["a", "b", "c"].map(|name| key(name, &["read"], None));
        let table = KeyTable::new(keys.into(), &grants(&["read"]));
        for name in ["a", "b", "c"] {
            let secret = format!("{name}-secret");
            let holder = table.find(Presented::of(&secret), 0).expect("a holder");
            assert_eq!(holder.id(), format!("key|{name}"));
            assert_eq!(holder.tenant(), Some("acme"));
        }
        for wrong in ["", "a", "a-secre", "a-secret ", "A-secret"] {
            let refusal = table.find(Presented::of(wrong), 0).expect_err("nobody");
            assert_eq!(refusal, Refusal::InvalidToken);
        }
        assert_eq!((table.len(), table.is_empty()), (3, false));
        let nobody = KeyTable::new(Vec::new(), &grants(&[]));
        assert_eq!((nobody.len(), nobody.is_empty()), (0, true));
        assert_eq!(
            nobody.find(Presented::of("x"), 0),
            Err(Refusal::InvalidToken)
        );
    }

    #[test]
    fn a_key_ends_at_its_date() {
        let key = key("a", &[], Some("1970-01-02"));
        let table = KeyTable::new(vec![key], &grants(&[]));
        let presented = Presented::of("a-secret");
        assert!(table.find(presented, 86_399).is_ok());
        assert_eq!(table.find(presented, 86_400), Err(Refusal::InvalidToken));
    }

    #[test]
    fn a_key_without_a_required_scope_is_told_so() {
        let keys = vec![key("a", &["read"], None)];
        let table = KeyTable::new(keys, &grants(&["write"]));
        let refusal = table.find(Presented::of("a-secret"), 0);
        assert_eq!(
            refusal,
            Err(Refusal::InsufficientScope(vec!["write".into()]))
        );
    }
}
