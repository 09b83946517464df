//! What this binary has only because its manifest asked for it: cargo features of this crate.

/// A feature. The factory knows the same names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Feature {
    /// Secrets come from AWS Secrets Manager.
    Awssm,
    /// Traces and metrics are sent to an OpenTelemetry collector.
    Otlp,
    /// Secrets come from Vault, by `HashiCorp`.
    Vault,
}

impl Feature {
    const ALL: [Self; 3] = [Self::Awssm, Self::Otlp, Self::Vault];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Awssm => "awssm",
            Self::Otlp => "otlp",
            Self::Vault => "vault",
        }
    }

    const fn is_built_in(self) -> bool {
        match self {
            Self::Awssm => cfg!(feature = "awssm"),
            Self::Otlp => cfg!(feature = "otlp"),
            Self::Vault => cfg!(feature = "vault"),
        }
    }

    /// The names of those that are compiled in, sorted.
    pub(crate) fn built_in() -> impl Iterator<Item = &'static str> {
        Self::ALL
            .into_iter()
            .filter(|feature| feature.is_built_in())
            .map(Self::name)
    }

    /// For a setting that means nothing without it.
    ///
    /// # Errors
    /// What to do, if the server was built without it.
    pub(crate) fn require(self) -> Result<(), String> {
        if self.is_built_in() {
            return Ok(());
        }
        Err(format!(
            "this server was built without `{name}`: add `features = [\"{name}\"]` to [server] in the manifest \
             (mcp-factory.toml) and build it again",
            name = self.name(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_without_its_feature_says_how_to_get_it() {
        for feature in Feature::ALL {
            let built_in = Feature::built_in().any(|name| name == feature.name());
            match feature.require() {
                Ok(()) => assert!(built_in),
                Err(message) => {
                    assert!(!built_in);
                    let line = format!("`features = [\"{}\"]` to [server]", feature.name());
                    assert!(message.contains(&line), "{message}");
                }
            }
        }
    }
}
