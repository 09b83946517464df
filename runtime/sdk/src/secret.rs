//! A value that cannot be printed, compared in variable time by accident, or serialised.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

/// A credential in a plugin's configuration.
///
/// It has no `Display`, no `Serialize` and no `PartialEq`; `Debug` prints `Secret(…)`. The value is
/// reached by [`expose`](Self::expose), which a reviewer can search for.
#[derive(Clone)]
pub struct Secret<T = String>(T);

impl<T> Secret<T> {
    /// Wraps a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself. Keep what is made of it out of messages and logs.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Secret<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The inner error may quote the value ("invalid type: integer `42`"), so it is not passed on.
        T::deserialize(deserializer).map(Self).map_err(|_| {
            serde::de::Error::custom("the secret has the wrong type (its value is not shown)")
        })
    }
}

impl<T: JsonSchema> JsonSchema for Secret<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Secret_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = json_schema!({ "writeOnly": true });
        for (key, value) in T::json_schema(generator).ensure_object() {
            schema.insert(key.clone(), value.clone());
        }
        schema
    }

    fn inline_schema() -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_prints_the_value() {
        let secret = Secret::new("canary".to_owned());
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        assert_eq!(secret.expose(), "canary");
        let error =
            serde_json::from_str::<Secret<String>>("424242").expect_err("a number is no string");
        assert!(!error.to_string().contains("424242"), "{error}");
    }
}
