//! Claims in, principals out.

use mcp_factory_sdk::Scope;
use proptest::prelude::*;
use serde_json::json;

use super::*;

const ISSUER: &str = "https://id.example.com/";

fn grants() -> Grants {
    Grants {
        scope_claims: vec!["scope".into(), "scp".into(), "permissions".into()],
        tenant_claim: None,
        required_scopes: Vec::new(),
        hierarchy: ScopeHierarchy::default(),
    }
}

fn of(grants: &Grants, claims: Value) -> Result<Principal, Refusal> {
    let Value::Object(claims) = claims else {
        panic!("claims are an object");
    };
    grants.of_claims(ISSUER, &claims)
}

#[test]
fn scopes_of_all_claims_are_united() {
    let claims =
        json!({"sub": "ann", "scope": "a b", "scp": ["c", 7], "permissions": ["fs:write"]});
    let principal = of(&grants(), claims).expect("a principal");
    for scope in ["a", "b", "c", "fs:write", "fs:read"] {
        assert!(principal.scopes().contains_name(scope), "{scope}");
    }
    assert!(!principal.scopes().contains(Scope::new("write")));
    let texts = of(&grants(), json!({"sub": "ann", "scp": "c d"})).expect("a principal");
    assert!(texts.scopes().contains_name("d"));
}

#[test]
fn only_configured_claims_grant() {
    let mut grants = grants();
    grants.scope_claims = vec!["scp".into()];
    let principal = of(&grants, json!({"sub": "ann", "scope": "admin", "scp": 5})).expect("known");
    assert_eq!(principal.scopes(), &ScopeSet::Granted([].into()));
}

#[test]
fn required_scopes_honour_the_hierarchy() {
    let mut grants = grants();
    grants.required_scopes = vec!["read".into(), "fs:read".into()];
    assert!(of(&grants, json!({"sub": "ann", "scope": "write"})).is_ok());
    let lacking = Refusal::InsufficientScope(vec!["read".into(), "fs:read".into()]);
    assert_eq!(
        of(&grants, json!({"sub": "ann", "scope": "fs:admin"})),
        Err(lacking.clone())
    );
    assert_eq!(grants.of_key("ci", &[], None), Err(lacking));
}

#[test]
fn a_tenant_is_demanded_where_there_are_tenants() {
    let mut grants = grants();
    grants.tenant_claim = Some("org_id".into());
    let principal = of(&grants, json!({"sub": "ann", "org_id": "acme"})).expect("a member");
    assert_eq!(principal.tenant(), Some("acme"));
    let long = "x".repeat(257);
    for org in [
        json!(null),
        json!(7),
        json!(""),
        json!(["acme"]),
        json!(long),
    ] {
        let refusal = of(&grants, json!({"sub": "ann", "org_id": org})).expect_err("no tenant");
        assert_eq!(refusal, Refusal::NoTenant);
    }
    assert_eq!(of(&grants, json!({"sub": "ann"})), Err(Refusal::NoTenant));
}

#[test]
fn a_caller_without_a_name_is_nobody() {
    let long = "x".repeat(257);
    for claims in [
        json!({}),
        json!({"sub": ""}),
        json!({"sub": 7, "client_id": "app"}),
        json!({"sub": long}),
        json!({"client_id": ["app"]}),
    ] {
        assert_eq!(
            of(&grants(), claims.clone()),
            Err(Refusal::InvalidToken),
            "{claims}"
        );
    }
    for (claims, id) in [
        (json!({"sub": "auth0|7"}), "https://id.example.com/|auth0|7"),
        (
            json!({"client_id": "app"}),
            "https://id.example.com/|client:app",
        ),
        (
            json!({"sub": null, "azp": "app"}),
            "https://id.example.com/|client:app",
        ),
        (
            json!({"sub": "client:app"}),
            "https://id.example.com/|client%3Aapp",
        ),
        (json!({"sub": "a\nb%"}), "https://id.example.com/|a%0Ab%25"),
    ] {
        assert_eq!(of(&grants(), claims).expect(id).id(), id);
    }
    let key = grants()
        .of_key("ci", &["read".into()], Some("acme"))
        .expect("a key");
    assert_eq!((key.id(), key.tenant()), ("key|ci", Some("acme")));
}

#[test]
fn a_token_that_is_bound_to_a_key_is_not_for_bearers() {
    for cnf in [json!({"jkt": "x"}), json!({"x5t#S256": "x"}), json!({})] {
        let claims = json!({"sub": "ann", "cnf": cnf});
        assert_eq!(of(&grants(), claims), Err(Refusal::InvalidToken));
    }
    assert!(of(&grants(), json!({"sub": "ann", "cnf": null})).is_ok());
}

#[test]
fn what_is_too_much_is_refused() {
    let names: Vec<String> = (0..257).map(|number| format!("s{number}")).collect();
    let claims = json!({"sub": "ann", "scope": names.join(" ")});
    assert_eq!(of(&grants(), claims), Err(Refusal::InvalidToken));
    let halves = json!({"sub": "ann", "scope": names[..200].join(" "), "scp": names[100..]});
    assert_eq!(of(&grants(), halves), Err(Refusal::InvalidToken));
    let long = json!({"sub": "ann", "scope": "x".repeat(257)});
    assert_eq!(of(&grants(), long), Err(Refusal::InvalidToken));
    let most = json!({"sub": "ann", "scope": names[..256].join(" ")});
    assert!(of(&grants(), most).is_ok());
}

#[test]
fn the_longest_names_are_256_characters() {
    let mut grants = grants();
    grants.tenant_claim = Some("org_id".into());
    // Characters of people's names count as one each, however many bytes they take.
    let (scope, name) = ("x".repeat(256), "é".repeat(256));
    let claims = json!({"sub": name, "org_id": name, "scope": scope});
    let principal = of(&grants, claims).expect("a principal");
    assert_eq!(principal.id(), format!("{ISSUER}|{name}"));
    assert_eq!(principal.tenant(), Some(name.as_str()));
    assert!(principal.scopes().contains_name(&scope));
    let claims = json!({"client_id": name, "org_id": "acme"});
    let client = of(&grants, claims).expect("a client");
    assert_eq!(client.id(), format!("{ISSUER}|client:{name}"));
}

#[test]
fn a_bar_in_the_issuer_does_not_end_it() {
    let name = |issuer: &str, subject: &str| {
        let claims = Map::from_iter([("sub".to_owned(), json!(subject))]);
        let principal = grants().of_claims(issuer, &claims);
        principal.expect("a name").id().to_owned()
    };
    assert_ne!(name("a|b", "c"), name("a", "b|c"));
    assert_ne!(name("a%7Cb", "c"), name("a|b", "c"));
}

proptest! {
    #[test]
    fn no_two_callers_share_a_name(
        one in ("[a|%:]{0,4}", "[ac|%:\n]{1,4}|client:[a|%]{1,2}", any::<bool>()),
        other in ("[a|%:]{0,4}", "[ac|%:\n]{1,4}|client:[a|%]{1,2}", any::<bool>()),
    ) {
        let name = |(issuer, name, user): &(String, String, bool)| {
            let claim = if *user { "sub" } else { "client_id" };
            let claims = Map::from_iter([(claim.to_owned(), json!(name))]);
            grants().of_claims(issuer, &claims).expect("a name").id().to_owned()
        };
        prop_assert_eq!(name(&one) == name(&other), one == other);
    }
}
