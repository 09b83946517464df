//! Where an answer sends the client on, and what may go along. Each hop is a request like the first: it is
//! vetted again by whoever sends it.

use http::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, LOCATION,
    PROXY_AUTHORIZATION,
};
use http::{HeaderMap, HeaderName, Method, StatusCode};
use url::Url;

use crate::error::{OutboundError, RedirectProblem};
use crate::request::Request;

/// How many redirects are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Redirects {
    pub(crate) most: u8,
}

impl Redirects {
    /// None: an answer that redirects is the answer.
    pub fn none() -> Self {
        Self { most: 0 }
    }

    /// At most so many; one more is an error.
    ///
    /// Every hop is vetted like the first. When the origin changes, `Authorization`, `Cookie` and headers
    /// marked sensitive are dropped, and a body is not sent on. From https to http is never followed.
    pub fn up_to(most: u8) -> Self {
        Self { most }
    }
}

/// The URL an answer sends to: `None` when it does not redirect.
pub(crate) fn target(
    from: &Url,
    status: StatusCode,
    headers: &HeaderMap,
) -> Result<Option<Url>, OutboundError> {
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = headers.get(LOCATION) else {
        return Ok(None);
    };
    let problem = OutboundError::Redirect;
    let mut to = std::str::from_utf8(location.as_bytes())
        .ok()
        .and_then(|location| from.join(location).ok())
        .filter(|to| matches!(to.scheme(), "http" | "https"))
        .ok_or(problem(RedirectProblem::NotAUrl))?;
    if from.scheme() == "https" && to.scheme() == "http" {
        return Err(problem(RedirectProblem::Downgrade));
    }
    to.set_fragment(None);
    Ok(Some(to))
}

/// Makes of a request the one for the next hop.
pub(crate) fn prepare(
    request: &mut Request,
    status: StatusCode,
    to: Url,
) -> Result<(), OutboundError> {
    let rewritten = match status {
        StatusCode::SEE_OTHER => request.method != Method::HEAD,
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => request.method == Method::POST,
        _ => false,
    };
    if rewritten {
        request.method = Method::GET;
        request.body.clear();
        for name in [CONTENT_TYPE, CONTENT_LENGTH, CONTENT_ENCODING] {
            request.headers.remove(name);
        }
    }
    if to.origin() != request.url.origin() {
        if !request.body.is_empty() {
            return Err(OutboundError::Redirect(RedirectProblem::Body));
        }
        drop_credentials(&mut request.headers);
    }
    request.url = to;
    Ok(())
}

/// And the name of the host they were for.
fn drop_credentials(headers: &mut HeaderMap) {
    let secret: Vec<HeaderName> = headers
        .iter()
        .filter(|(name, value)| {
            value.is_sensitive()
                || [AUTHORIZATION, COOKIE, HOST, PROXY_AUTHORIZATION].contains(name)
        })
        .map(|(name, _)| name.clone())
        .collect();
    for name in secret {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests;
