//! Why nothing came back. What is printed names no URL, no address and no secret, so a plugin may show it
//! to a model; the cause, for the log, is the error's source.

use std::error::Error;
use std::sync::Arc;

/// A cause for the log. It may name hosts and addresses.
pub(crate) type Cause = Arc<dyn Error + Send + Sync>;

/// A request that got no answer, or not all of it.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum OutboundError {
    /// The request was not sent: its URL or the address behind it may not be reached.
    #[error("{0}")]
    Refused(Refusal),
    /// The name has no address, or no name server said so in time.
    #[error("the name of the host could not be resolved")]
    Resolve(#[source] Cause),
    /// Nothing answers there.
    #[error("no connection to the host could be made")]
    Connect(#[source] Cause),
    /// The host could not prove who it is, or speaks no TLS.
    #[error("no trusted TLS connection to the host could be made")]
    Tls(#[source] Cause),
    /// The answer was not complete in time.
    #[error("there was no complete answer in the time allowed")]
    Timeout,
    /// The connection ended, or what came was not HTTP.
    #[error("the answer broke off or was not valid HTTP")]
    Broken(#[source] Cause),
    /// The body is larger than allowed.
    #[error("the answer is larger than the {limit} bytes allowed")]
    TooLarge {
        /// The most bytes allowed.
        limit: usize,
    },
    /// A redirect that is not followed.
    #[error("{0}")]
    Redirect(RedirectProblem),
    /// A header, a body or a URL that cannot be sent.
    #[error("the request cannot be sent: {0}")]
    Request(&'static str),
    /// The body is not the JSON that was asked for.
    #[error("the answer is not the JSON that was expected")]
    Json(#[source] Cause),
    /// The certificates of `roots_file` could not be read.
    #[error("the additional root certificates could not be loaded")]
    Roots(#[source] Cause),
}

impl OutboundError {
    pub(crate) fn connect(cause: impl Error + Send + Sync + 'static) -> Self {
        Self::Connect(Arc::new(cause))
    }

    pub(crate) fn broken(cause: impl Error + Send + Sync + 'static) -> Self {
        Self::Broken(Arc::new(cause))
    }

    /// Whether the request was on its way, so that the other side may have done what it asks for.
    pub const fn was_sent(&self) -> bool {
        match self {
            Self::Refused(_)
            | Self::Resolve(_)
            | Self::Connect(_)
            | Self::Tls(_)
            | Self::Request(_)
            | Self::Roots(_) => false,
            Self::Timeout
            | Self::Broken(_)
            | Self::TooLarge { .. }
            | Self::Redirect(_)
            | Self::Json(_) => true,
        }
    }

    /// The innermost cause, for the operator's log: it may name hosts, paths and addresses.
    pub fn innermost(&self) -> String {
        let mut cause: &dyn Error = self;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        cause.to_string()
    }
}

/// Why a URL was not even tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Neither http nor https.
    #[error("only http and https URLs can be reached")]
    Scheme,
    /// `https://user:password@host`.
    #[error("the URL holds a user name or password: take it out")]
    UserInfo,
    /// A URL without a host.
    #[error("the URL names no host")]
    Host,
    /// A port outside of those allowed.
    #[error("the port of the URL is not one that may be reached")]
    Port,
    /// The host has no address that may be reached.
    #[error("the host is not on the public internet, and may not be reached from here")]
    Address,
}

/// Why a redirect was not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedirectProblem {
    /// More hops than allowed.
    #[error("the host redirects too often")]
    TooMany,
    /// A `Location` that is no URL, or no http(s) one.
    #[error("the host redirects to something that is not a web address")]
    NotAUrl,
    /// From https to http.
    #[error("the host redirects from https to plain http, which is not followed")]
    Downgrade,
    /// A body would be sent to a host the caller did not name.
    #[error("the host redirects the request's body to another host, which is not followed")]
    Body,
}
