//! The collector's HTTP, through the crate that dials for everybody: its addresses, its roots, its bounds.

use std::pin::Pin;

use bytes::Bytes;
use mcp_factory_outbound::{Client, Request, Url};
use opentelemetry_http::{HttpClient, HttpError};

/// Bytes of an answer: a few words.
const MAX_ANSWER: usize = 64 << 10;

#[derive(Debug)]
pub(super) struct Outbound(pub(super) Client);

type Sent<'a> = Pin<Box<dyn Future<Output = Result<http::Response<Bytes>, HttpError>> + Send + 'a>>;

impl HttpClient for Outbound {
    // As the trait's macro writes it.
    fn send_bytes<'own, 'sent>(&'own self, request: http::Request<Bytes>) -> Sent<'sent>
    where
        'own: 'sent,
        Self: 'sent,
    {
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let url = Url::parse(&parts.uri.to_string())?;
            let mut request = Request::new(parts.method, url)
                .body(body)
                .max_body(MAX_ANSWER);
            for (name, value) in &parts.headers {
                let mut value = value.clone();
                // Any of them may be a token.
                value.set_sensitive(true);
                request = request.header(name.clone(), value);
            }
            let response = self.0.send(request).await?;
            let mut answer = http::Response::new(Bytes::new());
            *answer.status_mut() = response.status();
            *answer.headers_mut() = response.headers().clone();
            *answer.body_mut() = response.bytes().await?;
            Ok(answer)
        })
    }
}
