//! What a verified credential grants: claims become a principal.
//!
//! In the room: the caller's name, tenant and scopes, and the scopes that everybody needs. Not here:
//! whether the claims are true (`jwt`, `introspection`).

use mcp_factory_sdk::{Principal, ScopeHierarchy, ScopeSet};
use serde_json::{Map, Value};

use crate::Refusal;

/// The most characters of a subject, a tenant or one scope.
const LONGEST_NAME: usize = 256;
/// The most scopes of one caller.
const MOST_SCOPES: usize = 256;

/// How claims are read. The same for every caller.
#[derive(Debug, Clone)]
pub(crate) struct Grants {
    /// The claims whose words are scopes.
    pub(crate) scope_claims: Vec<String>,
    /// The claim that names the tenant, where callers have one.
    pub(crate) tenant_claim: Option<String>,
    /// What every request needs.
    pub(crate) required_scopes: Vec<String>,
    /// Which scope contains which.
    pub(crate) hierarchy: ScopeHierarchy,
}

impl Grants {
    /// The caller that `claims` of `issuer` speak of.
    ///
    /// # Errors
    /// `InvalidToken` when they name nobody, or are larger than anything honest; `NoTenant`;
    /// `InsufficientScope` with all the required scopes when one of them is not held.
    pub(crate) fn of_claims(
        &self,
        issuer: &str,
        claims: &Map<String, Value>,
    ) -> Result<Principal, Refusal> {
        // Whoever stole a token that is bound to a key (RFC 7800) must not get in by not showing the key.
        if claims.get("cnf").is_some_and(|bound| !bound.is_null()) {
            return Err(refused("bound to a key, which a bearer does not show"));
        }
        let subject = subject(claims).map_err(refused)?;
        let scopes = self.scopes(claims).map_err(refused)?;
        let tenant = match &self.tenant_claim {
            None => None,
            Some(claim) => Some(tenant(claims, claim)?),
        };
        self.principal(&identity(issuer, &subject), &scopes, tenant)
    }

    /// The holder of the key `name`.
    ///
    /// # Errors
    /// `InsufficientScope`, as above.
    pub(crate) fn of_key(
        &self,
        name: &str,
        scopes: &[String],
        tenant: Option<&str>,
    ) -> Result<Principal, Refusal> {
        let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
        self.principal(&format!("key|{name}"), &scopes, tenant)
    }

    fn principal(
        &self,
        id: &str,
        scopes: &[&str],
        tenant: Option<&str>,
    ) -> Result<Principal, Refusal> {
        let scopes = ScopeSet::granted(scopes, &self.hierarchy);
        if !self
            .required_scopes
            .iter()
            .all(|name| scopes.contains_name(name))
        {
            return Err(Refusal::InsufficientScope(self.required_scopes.clone()));
        }
        let principal = Principal::new(id, scopes);
        Ok(match tenant {
            Some(tenant) => principal.of_tenant(tenant),
            None => principal,
        })
    }

    /// The words of all configured claims. A claim of another type says nothing, which grants nothing.
    fn scopes<'a>(&self, claims: &'a Map<String, Value>) -> Result<Vec<&'a str>, &'static str> {
        let mut scopes = Vec::new();
        for claim in &self.scope_claims {
            match claims.get(claim) {
                Some(Value::String(text)) => scopes.extend(text.split_ascii_whitespace()),
                Some(Value::Array(items)) => scopes.extend(items.iter().filter_map(Value::as_str)),
                _ => {}
            }
            if scopes.len() > MOST_SCOPES {
                return Err("more than 256 scopes");
            }
        }
        if scopes.iter().any(|scope| scope.len() > LONGEST_NAME) {
            return Err("a scope of more than 256 bytes");
        }
        Ok(scopes)
    }
}

/// The cause is the operator's to read; the client learns that its token is no good.
fn refused(cause: &'static str) -> Refusal {
    tracing::debug!(cause, "claims were refused");
    Refusal::InvalidToken
}

/// The user, or the client where a token was issued to no user. The prefixes keep the two apart.
fn subject(claims: &Map<String, Value>) -> Result<String, &'static str> {
    let text = |claim: &str| match claims.get(claim) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Err("an empty name of the caller"),
        Some(Value::String(text)) if text.chars().count() > LONGEST_NAME => {
            Err("a name of the caller of more than 256 characters")
        }
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err("a name of the caller that is no text"),
    };
    if let Some(user) = text("sub")? {
        let user = escaped(user, "%");
        return Ok(match user.strip_prefix("client:") {
            Some(rest) => format!("client%3A{rest}"),
            None => user,
        });
    }
    let client = match text("client_id")? {
        Some(client) => Some(client),
        None => text("azp")?,
    };
    client
        .map(|client| format!("client:{}", escaped(client, "%")))
        .ok_or("neither `sub` nor `client_id`")
}

/// `issuer|subject`; the first bar ends the issuer, so no two pairs make one name.
fn identity(issuer: &str, subject: &str) -> String {
    format!("{}|{subject}", escaped(issuer, "%|"))
}

/// `text` with these characters, and those that control a terminal or a log, as `%XX` of their UTF-8 bytes.
fn escaped(text: &str, characters: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() || characters.contains(character) {
            let mut bytes = [0; 4];
            for byte in character.encode_utf8(&mut bytes).bytes() {
                let digit = |half: u8| char::from(b"0123456789ABCDEF"[usize::from(half)]);
                out.extend(['%', digit(byte >> 4), digit(byte & 15)]);
            }
        } else {
            out.push(character);
        }
    }
    out
}

fn tenant<'a>(claims: &'a Map<String, Value>, claim: &str) -> Result<&'a str, Refusal> {
    let tenant = claims.get(claim).and_then(Value::as_str);
    tenant
        .filter(|tenant| !tenant.is_empty() && tenant.chars().count() <= LONGEST_NAME)
        .ok_or_else(|| {
            tracing::debug!(claim, "a credential names no tenant");
            Refusal::NoTenant
        })
}

#[cfg(test)]
mod tests;
