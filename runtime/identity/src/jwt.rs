//! Access tokens that are JWTs, checked with the keys of their issuer.
//!
//! In the rooms: what a header may say, and what the claims must. `jsonwebtoken` checks the signature and
//! nothing else: everything a token says is read here, strictly and by our own clock.

mod claims;
mod header;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use mcp_factory_sdk::Principal;
use serde_json::{Map, Value};

use self::claims::Checked;
use self::header::Header;
use crate::grants::Grants;
use crate::jwks::KeyCache;
use crate::refresh::Missing;
use crate::verified::{CAPACITY, TokenCache, TokenDigest};
use crate::{Clock, Refusal, strict_json};

/// The longest token read.
const MAX_TOKEN: usize = 8 * 1024;
/// How long a token is taken for verified without its signature: what a key withdrawn goes on working at most
/// after the set of keys is without it.
const REMEMBERED: Duration = Duration::from_mins(5);

/// The algorithm of that name, of the four that are ever taken.
pub(crate) fn algorithm(name: &str) -> Option<Algorithm> {
    match name {
        "RS256" => Some(Algorithm::RS256),
        "PS256" => Some(Algorithm::PS256),
        "ES256" => Some(Algorithm::ES256),
        "EdDSA" => Some(Algorithm::EdDSA),
        _ => None,
    }
}

/// What a token must say.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    /// Its `iss`, to the letter.
    pub(crate) issuer: String,
    /// One of these must be in its `aud`.
    pub(crate) audience: Vec<String>,
    /// The signatures taken.
    pub(crate) algorithms: Vec<Algorithm>,
    /// How far the issuer's clock may be from ours.
    pub(crate) leeway: Duration,
}

/// Checks tokens of one issuer.
pub(crate) struct JwtVerifier {
    expected: Expected,
    keys: KeyCache,
    grants: Grants,
    clock: Clock,
    seen: TokenCache<Arc<Principal>>,
}

/// Why a token is refused, for the operator's log.
type Cause = &'static str;

impl JwtVerifier {
    /// Fetches nothing yet.
    pub(crate) fn new(expected: Expected, keys: KeyCache, grants: Grants, clock: Clock) -> Self {
        Self {
            expected,
            keys,
            grants,
            clock,
            seen: TokenCache::new(CAPACITY),
        }
    }

    /// Who `token` stands for, from memory or verified.
    ///
    /// # Errors
    /// `InvalidToken`; `Unavailable` when its key cannot be had; and what the claims are refused for.
    pub(crate) async fn authenticate(&self, token: &str) -> Result<Arc<Principal>, Refusal> {
        let digest = TokenDigest::of(token);
        if let Some(principal) = self.seen.get(&digest, self.clock.unix_now()) {
            return Ok(principal);
        }
        let checked = self.verify(token).await?;
        let principal = self
            .grants
            .of_claims(&self.expected.issuer, &checked.claims)?;
        let principal = Arc::new(principal);
        let (kept, until) = (Arc::clone(&principal), checked.refused_from);
        self.seen.insert(digest, kept, REMEMBERED, Some(until));
        Ok(principal)
    }

    /// Who `token` stands for, if that was verified a short while ago and it has not expired since.
    pub(crate) fn verified(&self, token: &str) -> Option<Arc<Principal>> {
        self.seen
            .get(&TokenDigest::of(token), self.clock.unix_now())
    }

    async fn verify(&self, token: &str) -> Result<Checked, Refusal> {
        let refused = |cause: Cause, header: Option<&Header>| {
            let kid = header.and_then(|header| header.kid.as_deref());
            let algorithm = header.map(|header| header.algorithm);
            tracing::debug!(cause, ?kid, ?algorithm, "a token is refused");
            Refusal::InvalidToken
        };
        let parts = Parts::split(token).map_err(|cause| refused(cause, None))?;
        let header = Header::read(&parts.header().map_err(|cause| refused(cause, None))?)
            .map_err(|cause| refused(cause, None))?;
        if !self.expected.algorithms.contains(&header.algorithm) {
            return Err(refused(
                "its algorithm is not among those allowed",
                Some(&header),
            ));
        }
        let key = self
            .keys
            .key(header.kid.as_deref())
            .await
            .map_err(|missing| match missing {
                Missing::Unknown => {
                    refused("no key of the issuer is the one it names", Some(&header))
                }
                Missing::Unavailable { retry_after } => Refusal::Unavailable { retry_after },
            })?;
        if !key.serves(header.algorithm) {
            return Err(refused("its key is for another algorithm", Some(&header)));
        }
        jsonwebtoken::crypto::verify(
            parts.signature,
            parts.signed.as_bytes(),
            key.decoding(),
            header.algorithm,
        )
        .is_ok_and(|good| good)
        .then_some(())
        .ok_or_else(|| refused("its signature is wrong", Some(&header)))?;
        parts
            .claims()
            .and_then(|claims| self.expected.check(claims, self.clock.unix_now()))
            .map_err(|cause| refused(cause, Some(&header)))
    }
}

/// The three parts of a compact JWS, still encoded.
struct Parts<'a> {
    header: &'a str,
    claims: &'a str,
    signature: &'a str,
    /// Header, dot and claims: what the signature is of.
    signed: &'a str,
}

impl<'a> Parts<'a> {
    fn split(token: &'a str) -> Result<Self, Cause> {
        if token.len() > MAX_TOKEN {
            return Err("it is longer than 8 KiB");
        }
        let not_three = "it is not three parts with dots between them";
        let (signed, signature) = token.rsplit_once('.').ok_or(not_three)?;
        let (header, claims) = signed.split_once('.').ok_or(not_three)?;
        if claims.contains('.') || header.is_empty() || claims.is_empty() || signature.is_empty() {
            return Err(not_three);
        }
        Ok(Self {
            header,
            claims,
            signature,
            signed,
        })
    }

    fn header(&self) -> Result<Map<String, Value>, Cause> {
        decode(self.header).ok_or("its header is not a JSON object with distinct keys")
    }

    fn claims(&self) -> Result<Map<String, Value>, Cause> {
        decode(self.claims).ok_or("its claims are not a JSON object with distinct keys")
    }
}

/// Unpadded and canonical base64url only: one token has one spelling.
fn decode(part: &str) -> Option<Map<String, Value>> {
    let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
    strict_json::object(&bytes).ok()
}

#[cfg(test)]
mod tests;
