//! What comes back, read under the request's deadline and counted while it is read.

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_LENGTH;
use http::response::Parts;
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::error::OutboundError;
use crate::redirect;

/// An answer whose body is yet to be read. Dropping it closes the connection.
#[derive(Debug)]
pub struct Response {
    parts: Parts,
    url: Url,
    body: Incoming,
    deadline: Instant,
    max_body: usize,
    read: usize,
}

impl Response {
    pub(crate) fn new(
        response: http::Response<Incoming>,
        url: Url,
        deadline: Instant,
        max_body: usize,
    ) -> Self {
        let (parts, body) = response.into_parts();
        Self {
            parts,
            url,
            body,
            deadline,
            max_body,
            read: 0,
        }
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.parts.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    /// The URL that answered: the last one, after redirects.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Where it redirects to, for a caller that follows by hand: `None` when it does not. An error when the
    /// target is no web address, or plain http after https.
    pub fn redirect(&self) -> Result<Option<Url>, OutboundError> {
        redirect::target(&self.url, self.parts.status, &self.parts.headers)
    }

    /// The size the answer claims to have.
    pub fn content_length(&self) -> Option<u64> {
        let value = self.parts.headers.get(CONTENT_LENGTH)?;
        value.to_str().ok()?.parse().ok()
    }

    /// The next piece of the body: `None` at its end. [`OutboundError::TooLarge`] once there have been more
    /// bytes than allowed.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, OutboundError> {
        let chunk = self.data().await?;
        self.read += chunk.as_ref().map_or(0, Bytes::len);
        if self.read > self.max_body {
            return Err(self.too_large());
        }
        Ok(chunk)
    }

    /// The whole body; [`OutboundError::TooLarge`] when it is longer than allowed.
    pub async fn bytes(mut self) -> Result<Bytes, OutboundError> {
        if self
            .content_length()
            .is_some_and(|claimed| claimed > self.max_body as u64)
        {
            return Err(self.too_large());
        }
        let mut whole = BytesMut::new();
        while let Some(chunk) = self.chunk().await? {
            whole.extend_from_slice(&chunk);
        }
        Ok(whole.freeze())
    }

    /// The first `most` bytes of the body (or as many as are allowed), and whether there were more.
    pub async fn bytes_up_to(mut self, most: usize) -> Result<(Bytes, bool), OutboundError> {
        let most = most.min(self.max_body);
        let mut start = BytesMut::new();
        while let Some(chunk) = self.data().await? {
            let room = most - start.len();
            if chunk.len() > room {
                start.extend_from_slice(&chunk[..room]);
                return Ok((start.freeze(), true));
            }
            start.extend_from_slice(&chunk);
        }
        Ok((start.freeze(), false))
    }

    /// The whole body, read as JSON.
    pub async fn json<T: DeserializeOwned>(self) -> Result<T, OutboundError> {
        let body = self.bytes().await?;
        serde_json::from_slice(&body)
            .map_err(|error| OutboundError::Json(std::sync::Arc::new(error)))
    }

    async fn data(&mut self) -> Result<Option<Bytes>, OutboundError> {
        loop {
            let frame = timeout_at(self.deadline, self.body.frame())
                .await
                .map_err(|_| OutboundError::Timeout)?;
            match frame {
                None => return Ok(None),
                Some(Err(error)) => return Err(OutboundError::broken(error)),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) if !data.is_empty() => return Ok(Some(data)),
                    // Trailers, or nothing: on to the next.
                    _ => {}
                },
            }
        }
    }

    fn too_large(&self) -> OutboundError {
        OutboundError::TooLarge {
            limit: self.max_body,
        }
    }
}
