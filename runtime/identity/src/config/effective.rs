//! What the settings come to: as written, else as the preset has it, else the default.

use std::time::Duration;

use super::{ALGORITHMS, AuthConfig};
use crate::preset::Preset;

/// The claims that hold scopes where nothing says otherwise.
const SCOPE_CLAIMS: [&str; 3] = ["scope", "scp", "permissions"];

impl AuthConfig {
    /// The same settings for a server that has tenants: a preset that knows the claim of the caller's tenant
    /// fills it in. Without tenants the claim stays away, or callers who are of none would be refused.
    #[must_use]
    pub fn with_tenants(mut self) -> Self {
        if self.tenant_claim.is_none() {
            self.tenant_claim = self
                .preset()
                .and_then(|preset| preset.tenant_claim)
                .map(str::to_owned);
        }
        self
    }

    /// The preset, where one is named that is known.
    pub(crate) fn preset(&self) -> Option<&'static Preset> {
        self.preset.as_deref().and_then(Preset::find)
    }

    /// Whom tokens are from; a complete configuration has one wherever there are tokens.
    pub(crate) fn issuer(&self) -> Option<&str> {
        let of_preset = || self.preset().and_then(|preset| preset.issuer);
        self.issuer.as_deref().or_else(of_preset)
    }

    /// Whom tokens must be meant for, on a server known by `resource`.
    pub(crate) fn audience(&self, resource: &str) -> Vec<String> {
        match &self.audience {
            Some(audience) if !audience.is_empty() => audience.clone(),
            _ => vec![resource.to_owned()],
        }
    }

    /// The claims that hold scopes.
    pub(crate) fn scope_claims(&self) -> Vec<String> {
        let of_preset = self.preset().map(|preset| preset.scope_claims);
        let default = || of_preset.unwrap_or(&SCOPE_CLAIMS);
        self.scope_claims
            .clone()
            .unwrap_or_else(|| default().iter().map(|&claim| claim.to_owned()).collect())
    }

    /// The signatures that are taken, by name.
    pub(crate) fn algorithms(&self) -> Vec<&str> {
        match &self.algorithms {
            Some(algorithms) => algorithms.iter().map(String::as_str).collect(),
            None => ALGORITHMS.to_vec(),
        }
    }

    /// How long the issuer's keys, and what it says of itself, are used before they are fetched again.
    pub(crate) fn jwks_ttl(&self) -> Duration {
        self.jwks_ttl.unwrap_or(Duration::from_mins(15))
    }

    /// How long an introspected token is taken for good.
    pub(crate) fn cache_ttl(&self) -> Duration {
        self.cache_ttl.unwrap_or(Duration::from_mins(1))
    }

    /// How far the issuer's clock may be off.
    pub(crate) fn leeway(&self) -> Duration {
        self.leeway.unwrap_or(Duration::from_secs(30))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(settings: &str) -> AuthConfig {
        toml::from_str(settings).expect(settings)
    }

    #[test]
    fn nothing_written_is_the_default() {
        let config = AuthConfig::default();
        assert_eq!(config.issuer(), None);
        assert_eq!(config.audience("resource"), ["resource"]);
        assert_eq!(config.scope_claims(), ["scope", "scp", "permissions"]);
        assert_eq!(config.algorithms(), ["RS256", "PS256", "ES256", "EdDSA"]);
        assert_eq!(config.jwks_ttl(), Duration::from_mins(15));
        assert_eq!(config.cache_ttl(), Duration::from_mins(1));
        assert_eq!(config.leeway(), Duration::from_secs(30));
        assert_eq!(config.with_tenants().tenant_claim, None);
    }

    #[test]
    fn a_preset_fills_in_what_is_not_written() {
        let google = config("preset = \"google\"");
        assert_eq!(google.issuer(), Some("https://accounts.google.com"));
        assert_eq!(google.scope_claims(), ["scope"]);
        let logto = config("preset = \"logto\"");
        assert_eq!(logto.tenant_claim, None);
        let logto = logto.with_tenants();
        assert_eq!(logto.tenant_claim.as_deref(), Some("organization_id"));
        let written = config(
            "preset = \"google\"\nissuer = \"i\"\nscope_claims = [\"s\"]\ntenant_claim = \"t\"\n\
             audience = [\"a\", \"b\"]\nalgorithms = [\"ES256\"]",
        )
        .with_tenants();
        assert_eq!(written.issuer(), Some("i"));
        assert_eq!(written.scope_claims(), ["s"]);
        assert_eq!(written.tenant_claim.as_deref(), Some("t"));
        assert_eq!(written.audience("resource"), ["a", "b"]);
        assert_eq!(written.algorithms(), ["ES256"]);
        // For introspection: a token may be for nobody, and else is for this server.
        assert_eq!(config("audience = []").audience("resource"), ["resource"]);
    }
}
