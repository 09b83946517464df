//! Where the identity providers that are known by name differ from the defaults.
//!
//! A preset fills in what the operator leaves out, and catches an issuer that can never match. It changes
//! nothing about how a token is checked, and whatever is configured goes before it.
//!
//! What works, by the providers' documentation of late 2026:
//!
//! - `auth0`, `logto`, `hydra`, `entra`, `workos`: mode `jwt`, with an API (resource) registered there whose
//!   identifier is this server's audience.
//! - `clerk`: mode `jwt` for tokens that have an `aud`; those without are for introspection, with an empty
//!   `audience`. Opaque ones are for introspection too.
//! - `google`: only ID tokens of service accounts minted for this server's audience, in mode `jwt`. They hold
//!   no scopes. Google's access tokens are opaque, and it has no introspection by RFC 7662.

/// What is different about one provider.
#[derive(Debug)]
pub(crate) struct Preset {
    /// As it is written in the configuration.
    pub(crate) name: &'static str,
    /// The issuer, where there is one for all customers.
    pub(crate) issuer: Option<&'static str>,
    /// The claims whose words are scopes.
    pub(crate) scope_claims: &'static [&'static str],
    /// The claim that names the caller's organisation, for a server that has tenants.
    pub(crate) tenant_claim: Option<&'static str>,
    /// Whether it has an introspection endpoint (RFC 7662).
    pub(crate) introspection: bool,
    /// How its issuers look, for the operator.
    form: &'static str,
    fits: fn(&str) -> bool,
}

/// All of them, sorted by name.
pub(crate) static PRESETS: [Preset; 7] = [
    // auth0.com/docs/secure/tokens/access-tokens/access-token-profiles. `permissions` lists all that the user
    // may do, whatever the client asked for: whoever wants that adds it to `scope_claims`.
    Preset {
        name: "auth0",
        issuer: None,
        scope_claims: &["scope"],
        tenant_claim: Some("org_id"),
        introspection: false,
        form: "https://TENANT.auth0.com/ with the slash at its end",
        fits: |issuer| issuer.ends_with('/') && path(issuer) == "/",
    },
    // clerk.com/changelog/2026-01-08-jwt-oauth-access-tokens: a JWT by default, opaque for older applications.
    Preset {
        name: "clerk",
        issuer: None,
        scope_claims: &["scope", "scp"],
        tenant_claim: Some("org_id"),
        introspection: true,
        form: "the Frontend API URL, such as https://NAME.clerk.accounts.dev, without a slash at its end",
        fits: |issuer| path(issuer).is_empty(),
    },
    // learn.microsoft.com/entra/identity-platform/access-token-claims-reference. `scp` is for users, `roles`
    // for applications. The v2 `aud` is the client id of the API, the v1 `aud` its application ID URI.
    Preset {
        name: "entra",
        issuer: None,
        scope_claims: &["scp", "roles"],
        tenant_claim: Some("tid"),
        introspection: false,
        form: "https://login.microsoftonline.com/TENANT_ID/v2.0, or https://sts.windows.net/TENANT_ID/ for \
               v1 tokens, with the directory's own id",
        fits: is_entra,
    },
    // developers.google.com/identity: see above.
    Preset {
        name: "google",
        issuer: Some("https://accounts.google.com"),
        scope_claims: &["scope"],
        tenant_claim: None,
        introspection: false,
        form: "https://accounts.google.com",
        fits: |issuer| issuer == "https://accounts.google.com",
    },
    // ory.sh/docs/oauth2-oidc/jwt-access-token: `scp` is a list; own claims are below `ext`, unless named in
    // `oauth2.allowed_top_level_claims`, so none is the tenant by default. Introspection is on the admin port.
    Preset {
        name: "hydra",
        issuer: None,
        scope_claims: &["scp", "scope"],
        tenant_claim: None,
        introspection: true,
        form: "`urls.self.issuer` of its configuration",
        fits: |_| true,
    },
    // docs.logto.io/developers/signing-keys: its keys are of an elliptic curve that is not taken here (P-384)
    // until they are rotated to RSA. docs.logto.io/authorization: `organization_id`.
    Preset {
        name: "logto",
        issuer: None,
        scope_claims: &["scope"],
        tenant_claim: Some("organization_id"),
        introspection: true,
        form: "https://TENANT.logto.app/oidc",
        fits: |issuer| issuer.ends_with("/oidc"),
    },
    // workos.com/docs/reference/authkit/session-tokens. No scopes but those of OpenID can be asked for, so what
    // a caller may do is in `permissions`.
    Preset {
        name: "workos",
        issuer: None,
        scope_claims: &["scope", "permissions"],
        tenant_claim: Some("org_id"),
        introspection: true,
        form: "the AuthKit domain, such as https://NAME.authkit.app",
        fits: |_| true,
    },
];

impl Preset {
    /// The preset of that name.
    pub(crate) fn find(name: &str) -> Option<&'static Self> {
        PRESETS.iter().find(|preset| preset.name == name)
    }

    /// What is wrong with `issuer`, if this provider never issues tokens under it.
    pub(crate) fn issuer_problem(&self, issuer: &str) -> Option<String> {
        let (name, form) = (self.name, self.form);
        (!(self.fits)(issuer))
            .then(|| format!("is not what {name} writes in its tokens: write {form}"))
    }
}

/// What follows the host, from the slash on.
fn path(issuer: &str) -> &str {
    let host = issuer.split_once("://").map_or(issuer, |(_, rest)| rest);
    host.find('/').map_or("", |at| &host[at..])
}

/// Of one directory, and in the form of one version.
fn is_entra(issuer: &str) -> bool {
    let mut segments = path(issuer).split('/').skip(1);
    let directory = segments.next().unwrap_or_default();
    let shared = ["", "common", "organizations", "consumers", "{tenantid}"];
    let rest: Vec<_> = segments.collect();
    !shared.contains(&directory) && (rest == ["v2.0"] || rest == [""])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(preset: &str, issuer: &str) -> Option<String> {
        Preset::find(preset).unwrap().issuer_problem(issuer)
    }

    #[test]
    fn an_issuer_is_in_the_providers_form() {
        const ID: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";
        let entra = |form: &str| form.replace("ID", ID);
        for (preset, good) in [
            ("auth0", "https://acme.eu.auth0.com/"),
            ("auth0", "https://login.example.com/"),
            ("clerk", "https://verb-noun-42.clerk.accounts.dev"),
            ("entra", &entra("https://login.microsoftonline.com/ID/v2.0")),
            ("entra", &entra("https://sts.windows.net/ID/")),
            ("google", "https://accounts.google.com"),
            ("hydra", "https://auth.example.com/"),
            ("logto", "https://acme.logto.app/oidc"),
            ("workos", "https://acme.authkit.app"),
        ] {
            assert_eq!(problem(preset, good), None, "{preset} {good}");
        }
        for (preset, bad) in [
            ("auth0", "https://acme.eu.auth0.com"),
            ("auth0", "https://acme.eu.auth0.com/oauth/"),
            ("clerk", "https://verb-noun-42.clerk.accounts.dev/"),
            ("entra", "https://login.microsoftonline.com/common/v2.0"),
            (
                "entra",
                "https://login.microsoftonline.com/organizations/v2.0",
            ),
            ("entra", &entra("https://login.microsoftonline.com/ID")),
            (
                "entra",
                &entra("https://login.microsoftonline.com/ID/v2.0/"),
            ),
            ("entra", "https://sts.windows.net/"),
            ("google", "accounts.google.com"),
            ("google", "https://accounts.google.com/"),
            ("logto", "https://acme.logto.app"),
        ] {
            let problem = problem(preset, bad).unwrap_or_else(|| panic!("{preset} {bad}"));
            assert!(
                problem.contains(preset) && problem.contains("write "),
                "{problem}"
            );
        }
    }

    #[test]
    fn presets_are_found_by_their_names() {
        let names: Vec<_> = PRESETS.iter().map(|preset| preset.name).collect();
        assert!(names.is_sorted());
        for preset in &PRESETS {
            let found = Preset::find(preset.name).unwrap();
            assert_eq!(found.name, preset.name);
            assert!(!preset.scope_claims.is_empty());
            if let Some(issuer) = preset.issuer {
                assert_eq!(preset.issuer_problem(issuer), None);
            }
        }
        assert!(Preset::find("Auth0").is_none());
        assert!(Preset::find("okta").is_none());
    }

    #[test]
    fn what_a_preset_changes() {
        let row = |name| {
            let preset = Preset::find(name).unwrap();
            (
                preset.scope_claims,
                preset.tenant_claim,
                preset.introspection,
            )
        };
        assert_eq!(row("auth0"), (&["scope"][..], Some("org_id"), false));
        assert_eq!(row("clerk"), (&["scope", "scp"][..], Some("org_id"), true));
        assert_eq!(row("entra"), (&["scp", "roles"][..], Some("tid"), false));
        assert_eq!(row("google"), (&["scope"][..], None, false));
        assert_eq!(row("hydra"), (&["scp", "scope"][..], None, true));
        assert_eq!(
            row("logto"),
            (&["scope"][..], Some("organization_id"), true)
        );
        assert_eq!(
            row("workos"),
            (&["scope", "permissions"][..], Some("org_id"), true)
        );
    }
}
