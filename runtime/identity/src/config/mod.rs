//! The settings of authentication, as an operator writes them under `[auth]`.
//!
//! In the rooms: the settings and their forms, and everything that can be wrong with them (`problems`).
//! Not here: what they do.

mod duration;
mod effective;
mod expiry;
mod key_entry;
mod problem;
mod problems;

use std::{path::PathBuf, time::Duration};

use mcp_factory_sdk::SecretReference;
use serde::Deserialize;

pub use self::expiry::Expiry;
pub(crate) use self::expiry::NOT_AN_EXPIRY;
pub(crate) use self::key_entry::NOT_A_DIGEST;
pub use self::key_entry::{KeyDigest, KeyEntry};
pub use self::problem::Problem;

/// How callers are known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Not at all: everybody is anonymous.
    #[default]
    None,
    /// By an access token that is a JWT, checked here with the keys of its issuer.
    Jwt,
    /// By any access token, checked by asking its issuer (RFC 7662).
    Introspection,
    /// By API keys, listed here or in a file.
    Keys,
}

impl Mode {
    /// As it is written in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Jwt => "jwt",
            Self::Introspection => "introspection",
            Self::Keys => "keys",
        }
    }
}

/// The `[auth]` section. What is left out has the default named at the setting.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuthConfig {
    /// How callers are known. Default: not at all.
    pub mode: Mode,
    /// An identity provider whose peculiarities are known: `auth0`, `clerk`, `logto`, `hydra`, `entra`, `workos`, `google`.
    pub preset: Option<String>,
    /// Who issues the tokens: a https URL, exactly as in their `iss`. Default: the preset's, where it has one
    /// for everybody.
    pub issuer: Option<String>,
    /// Whom tokens must be meant for; one of these must be in their `aud`. Default: the resource.
    ///
    /// An empty list is for introspection alone: then a token for nobody in particular is taken too.
    pub audience: Option<Vec<String>>,
    /// The URL by which clients know this server. Default: the public URL and `/mcp`.
    pub resource: Option<String>,
    /// What this server is called where a user is asked for consent. Default: nothing.
    pub resource_name: Option<String>,
    /// Where the issuer's keys are. Default: discovered.
    pub jwks_url: Option<String>,
    /// The signatures that are taken: of `RS256`, `PS256`, `ES256` and `EdDSA`. Default: all four.
    pub algorithms: Option<Vec<String>>,
    /// How long the issuer's keys are used before they are fetched again. Default 15 minutes.
    #[serde(deserialize_with = "duration::optional")]
    pub jwks_ttl: Option<Duration>,
    /// How far the issuer's clock may be off. Default 30 seconds, at most 60.
    #[serde(deserialize_with = "duration::optional")]
    pub leeway: Option<Duration>,
    /// The claims whose words are scopes, all of them together. Default: the preset's, or `scope`, `scp`,
    /// `permissions`.
    pub scope_claims: Option<Vec<String>>,
    /// The claim that names the caller's tenant; who lacks it is refused. Default: none, and the preset's where
    /// there are tenants.
    pub tenant_claim: Option<String>,
    /// Scopes that every request needs. Default: none.
    pub required_scopes: Vec<String>,
    /// Scopes that a client without a token is told to ask for, when its request does not say which it
    /// needs. Default: `read`, where anything here needs it.
    pub challenge_scopes: Option<Vec<String>>,
    /// Where tokens are introspected. Default: discovered, or the issuer and `/introspect`.
    pub introspection_url: Option<String>,
    /// Who this server is to its issuer, for introspection.
    pub client_id: Option<String>,
    /// Where the secret is that goes with the client id.
    pub client_secret: Option<SecretReference>,
    /// How long an introspected token is taken for good. Default 60 seconds, at most an hour; `0s` asks every time.
    #[serde(deserialize_with = "duration::optional")]
    pub cache_ttl: Option<Duration>,
    /// A file of `[[key]]` tables, read again while the server runs.
    pub keys_file: Option<PathBuf>,
    /// Keys, one by one.
    pub keys: Vec<KeyEntry>,
}

/// Every signature that is ever taken; nothing symmetric.
pub(crate) const ALGORITHMS: [&str; 4] = ["RS256", "PS256", "ES256", "EdDSA"];

impl AuthConfig {
    /// How callers are known.
    pub const fn mode(&self) -> Mode {
        self.mode
    }
}

/// RFC 6749 §3.3 `scope-token`, at most 256 bytes: what fits a token, a challenge and a set of scopes.
pub(crate) fn is_scope_token(text: &str) -> bool {
    let in_token = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
    (1..=256).contains(&text.len()) && text.bytes().all(in_token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_section_reads_as_documented() {
        let config: AuthConfig = toml::from_str(
            r#"
            mode = "jwt"
            preset = "auth0"
            issuer = "https://id.example.com/"
            audience = ["https://mcp.example.com/mcp"]
            resource = "https://mcp.example.com/mcp"
            jwks_url = "https://id.example.com/jwks"
            algorithms = ["RS256"]
            jwks_ttl = "15m"
            leeway = "30s"
            scope_claims = ["scope"]
            tenant_claim = "org_id"
            required_scopes = []
            challenge_scopes = ["read"]
            introspection_url = "https://id.example.com/introspect"
            client_id = "mcp"
            client_secret = "env:MCP_CLIENT_SECRET"
            cache_ttl = "0s"
            keys_file = "/etc/mcp/keys.toml"
            [[keys]]
            name = "ci"
            secret = "env:CI_KEY"
            scopes = ["read"]
            tenant = "acme"
            expires = "2027-01-31"
            "#,
        )
        .expect("a section");
        assert_eq!(config.mode(), Mode::Jwt);
        assert_eq!(config.jwks_ttl, Some(Duration::from_mins(15)));
        assert_eq!(config.cache_ttl, Some(Duration::ZERO));
        assert_eq!(config.keys[0].name, "ci");
    }

    #[test]
    fn nothing_written_is_mode_none() {
        let config: AuthConfig = toml::from_str("").expect("an empty section");
        assert_eq!(config, AuthConfig::default());
        assert_eq!(config.mode().name(), "none");
    }

    #[test]
    fn a_misspelt_setting_is_no_setting() {
        let error = toml::from_str::<AuthConfig>("isuer = \"x\"").expect_err("misspelt");
        assert!(error.message().contains("isuer"), "{error}");
        assert!(toml::from_str::<AuthConfig>("mode = \"jwtt\"").is_err());
        assert!(toml::from_str::<AuthConfig>("keys = [{ nam = \"x\" }]").is_err());
    }
}
