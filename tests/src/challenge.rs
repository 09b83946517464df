//! `WWW-Authenticate: Bearer …`, read as a client reads it.

use std::collections::BTreeMap;

use crate::Response;

/// The one Bearer challenge of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge(BTreeMap<String, String>);

impl Challenge {
    /// The challenge of `response`. Fails when there is none, more than one, or a parameter twice.
    pub fn of(response: &Response) -> Self {
        assert_eq!(
            response.header_count("www-authenticate"),
            1,
            "one challenge: {response:?}"
        );
        let header = response.header("www-authenticate").expect("it was counted");
        let mut rest = header
            .strip_prefix("Bearer ")
            .unwrap_or_else(|| panic!("not a Bearer challenge: {header}"));
        let mut parameters = BTreeMap::new();
        while !rest.is_empty() {
            let (name, value) = rest.split_once("=\"").expect("NAME=\"VALUE\"");
            let (value, after) = value.split_once('"').expect("a quoted value");
            let twice = parameters.insert(name.to_owned(), value.to_owned());
            assert_eq!(twice, None, "{header}");
            rest = after.trim_start_matches([',', ' ']);
        }
        Self(parameters)
    }

    /// A parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The scopes that it asks for.
    pub fn scopes(&self) -> Vec<&str> {
        self.get("scope")
            .map(|scopes| scopes.split(' ').collect())
            .unwrap_or_default()
    }
}
