//! What of the runtime a server has only if its manifest asks for it: cargo features of `mcp-factory-server`.
//!
//! They are off by default because what they bring is heavy, or because most servers have nobody to talk to there.

use std::fmt;

use serde::Serialize;

/// A feature of the runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ServerFeature {
    /// Traces and metrics are sent to an OpenTelemetry collector.
    Otlp,
    /// Secrets come from Vault, by `HashiCorp`.
    Vault,
    /// Secrets come from AWS Secrets Manager.
    Awssm,
}

impl ServerFeature {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::Otlp, Self::Vault, Self::Awssm];

    /// Its name, which is also that of cargo's feature.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Otlp => "otlp",
            Self::Vault => "vault",
            Self::Awssm => "awssm",
        }
    }

    /// Their names.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::ALL.iter().map(|feature| feature.as_str())
    }

    /// The feature of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|feature| feature.as_str() == name)
    }
}

impl fmt::Display for ServerFeature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn these_are_the_features_of_the_runtime() {
        let manifest = crate::embedded::text("runtime/server/Cargo.toml").unwrap();
        let manifest: toml::Table = manifest.parse().unwrap();
        let features = manifest["features"].as_table().unwrap();
        let mut known: Vec<&str> = ServerFeature::names().collect();
        known.sort_unstable();
        let mut there: Vec<&str> = features.keys().map(String::as_str).collect();
        there.sort_unstable();
        assert_eq!(known, there);
        assert!(
            !features.contains_key("default"),
            "what a server has beside what all have stands in its manifest"
        );
        assert!(
            ServerFeature::ALL
                .iter()
                .all(|feature| ServerFeature::parse(feature.as_str()) == Some(*feature))
        );
    }
}
