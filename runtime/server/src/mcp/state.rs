//! The sealed state of a call that takes several rounds (SEP-2322).
//!
//! The client carries the answers it gave so far, so that any replica can go on. What comes back is
//! the word of a stranger until its seal is checked: it is bound to the principal and to the request it
//! was made for, and it expires. Signed, not encrypted: it holds nothing but the client's own answers.

use std::{collections::BTreeMap, time::Duration};

use mcp_factory_sdk::Principal;
use rmcp::model::{RequestStateCodec, SealOptions};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// How long a person may take over one round.
const TTL: Duration = Duration::from_mins(30);

/// Makes and opens sealed states.
#[derive(Debug)]
pub(super) struct StateSeal(RequestStateCodec);

/// What a state is bound to.
pub(super) struct Binding([u8; 32]);

impl Binding {
    /// The same for every round of one call by one principal, whatever the order of its arguments.
    pub(super) fn new(
        principal: &Principal,
        method: &str,
        name: &str,
        arguments: Option<&Value>,
    ) -> Self {
        let mut digest = Sha256::new();
        for part in [principal.key(), method, name] {
            digest.update(part.len().to_be_bytes());
            digest.update(part.as_bytes());
        }
        if let Some(arguments) = arguments {
            hash_value(&mut digest, arguments);
        }
        Self(digest.finalize().into())
    }
}

/// Hashes a value so that equal values hash alike and different ones do not.
fn hash_value(digest: &mut Sha256, value: &Value) {
    match value {
        Value::Object(members) => {
            digest.update(b"{");
            for (key, value) in members.iter().collect::<BTreeMap<_, _>>() {
                hash_value(digest, &Value::String(key.clone()));
                hash_value(digest, value);
            }
            digest.update(b"}");
        }
        Value::Array(items) => {
            digest.update(b"[");
            for item in items {
                hash_value(digest, item);
            }
            digest.update(b"]");
        }
        scalar => {
            let text = scalar.to_string();
            digest.update(text.len().to_be_bytes());
            digest.update(text);
        }
    }
}

impl StateSeal {
    /// A seal with a key of this process: another replica, or this one after a restart, does not open it.
    pub(super) fn new() -> Self {
        Self::with_key(rand::random())
    }

    /// A seal that every process with the same secret opens.
    pub(super) fn of_secret(secret: &str) -> Self {
        Self::with_key(Sha256::digest(secret).into())
    }

    fn with_key(key: [u8; 32]) -> Self {
        Self(RequestStateCodec::try_new(key).expect("the key has the minimum length of 32 bytes"))
    }

    pub(super) fn close(&self, answers: &Map<String, Value>, binding: &Binding) -> String {
        let payload = Value::Object(answers.clone()).to_string();
        let options = SealOptions::new().associated_data(&binding.0).ttl(TTL);
        self.0.seal_with(payload.as_bytes(), &options)
    }

    /// The answers in a state, or `None` if it is not ours, not for this call, or too old. The reasons
    /// are one to the client: each would help a forger.
    pub(super) fn open(&self, state: &str, binding: &Binding) -> Option<Map<String, Value>> {
        self.0.open_json_with(state, &binding.0).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn binding(principal: &str, arguments: &Value) -> Binding {
        let principal = Principal::new(principal, mcp_factory_sdk::ScopeSet::All);
        Binding::new(&principal, "tools/call", "delete", Some(arguments))
    }

    #[test]
    fn a_state_opens_for_its_own_call_only() {
        let seal = StateSeal::new();
        let answers = Map::from_iter([("confirm".to_owned(), json!({ "action": "accept" }))]);
        let state = seal.close(&answers, &binding("ann", &json!({ "a": 1, "b": [2] })));
        assert_eq!(
            seal.open(&state, &binding("ann", &json!({ "b": [2], "a": 1 }))),
            Some(answers)
        );
        assert_eq!(
            seal.open(&state, &binding("bob", &json!({ "a": 1, "b": [2] }))),
            None
        );
        assert_eq!(
            seal.open(&state, &binding("ann", &json!({ "a": 2, "b": [2] }))),
            None
        );
        assert_eq!(
            seal.open(&state[1..], &binding("ann", &json!({ "a": 1, "b": [2] }))),
            None
        );
        assert_eq!(
            StateSeal::new().open(&state, &binding("ann", &json!({ "a": 1, "b": [2] }))),
            None
        );
    }

    #[test]
    fn replicas_with_one_secret_open_what_another_sealed() {
        let call = binding("ann", &json!({}));
        let state = StateSeal::of_secret("one").close(&Map::new(), &call);
        assert!(StateSeal::of_secret("one").open(&state, &call).is_some());
        assert!(StateSeal::of_secret("two").open(&state, &call).is_none());
    }

    #[test]
    fn values_that_print_alike_hash_apart() {
        let hash = |value: Value| {
            let mut digest = Sha256::new();
            hash_value(&mut digest, &value);
            digest.finalize()
        };
        assert_ne!(hash(json!({ "a": "b" })), hash(json!(["a", "b"])));
        assert_ne!(hash(json!(["ab"])), hash(json!(["a", "b"])));
        assert_ne!(hash(json!(1)), hash(json!("1")));
    }
}
