//! Why a request is not let in, as far as the client is told.
//!
//! The cause (which claim, which signature) goes to the log, where the operator is; here are only words
//! that help a client and no attacker. Not here: the challenge that goes with it (`challenge`).

use std::time::Duration;

use http::StatusCode;

/// A request that is refused before it reaches anything. `Display` is the sentence for the client.
///
/// It never holds the credential, a claim of it, or the cause.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nothing was presented, or nothing of a kind this server knows.
    #[error("authentication is required: send an access token in the Authorization header")]
    NoCredential,
    /// What was presented is not good (any more): expired, forged, revoked, or meant for another server.
    #[error("the credential is invalid, expired or not meant for this server: get a new one")]
    InvalidToken,
    /// The header cannot be read in one way only.
    #[error("{0}")]
    InvalidRequest(&'static str),
    /// The credential is good, but every request here needs these scopes.
    #[error("the credential lacks a scope that every request needs: {}", .0.join(" "))]
    InsufficientScope(Vec<String>),
    /// The credential is good, but names no tenant.
    #[error("the credential belongs to no tenant of this server")]
    NoTenant,
    /// Whether the credential is good cannot be said now. Never a reason to log in anew.
    #[error("the credential cannot be checked at the moment: try again later")]
    Unavailable {
        /// When it is worth trying again.
        retry_after: Duration,
    },
}

impl Refusal {
    /// The HTTP status: 401, 401, 400, 403, 403 or 503.
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::NoCredential | Self::InvalidToken => StatusCode::UNAUTHORIZED,
            Self::InvalidRequest(_) => StatusCode::BAD_REQUEST,
            Self::InsufficientScope(_) | Self::NoTenant => StatusCode::FORBIDDEN,
            Self::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_has_its_status() {
        let lacking = Refusal::InsufficientScope(vec!["read".into(), "write".into()]);
        assert!(lacking.to_string().ends_with(": read write"));
        let unavailable = Refusal::Unavailable {
            retry_after: Duration::from_secs(1),
        };
        for (refusal, status) in [
            (Refusal::NoCredential, 401),
            (Refusal::InvalidToken, 401),
            (Refusal::InvalidRequest("two credentials"), 400),
            (lacking, 403),
            (Refusal::NoTenant, 403),
            (unavailable, 503),
        ] {
            assert_eq!(refusal.status().as_u16(), status, "{refusal}");
            assert!(!refusal.to_string().is_empty());
        }
    }
}
