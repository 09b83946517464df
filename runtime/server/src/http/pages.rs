//! A listener that has pages and no protocol: what comes in there is read, bounded and handed over whole.
//!
//! It is the same service with another table of routes, so that the management port is looked after like every
//! other: its connections, its silences, its end. Not here: what the pages say (`management`).

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, HOST, ORIGIN};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body::Body as _;
use mcp_factory_sdk::BoxFuture;
use tokio::sync::Semaphore;

use super::body;
use super::hosts::HostList;
use super::incoming::Incoming;
use super::refusal::{Refusal, json};
use super::service::Service;
use super::silence::Patience;
use crate::response_body::ResponseBody;

/// Bytes of a body: a word.
const MAX_BODY: usize = 1 << 10;
/// For its body.
const BODY: Duration = Duration::from_secs(5);
/// Connections, and requests at once: some probes, a scraper or two, and a person.
pub(super) const CONNECTIONS: usize = 64;
pub(super) const IN_FLIGHT: usize = 32;

pub(super) const PATIENCE: Patience = Patience {
    header: Duration::from_secs(10),
    idle: Duration::from_secs(75),
    write: Duration::from_secs(10),
};

/// What somebody asks of a page.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) accept: String,
    pub(crate) body: Bytes,
    /// Whether it comes from this machine, and not from a page in its browser.
    pub(crate) is_local: bool,
}

/// Whoever answers for a listener that has pages.
pub(crate) trait Pages: Send + Sync + 'static {
    fn answer(&self, asked: Asked) -> BoxFuture<'_, Response<ResponseBody>>;
}

/// The pages of a listener, and under which names it is asked for them.
pub(super) struct Table {
    pub(super) pages: Arc<dyn Pages>,
    pub(super) hosts: HostList,
    pub(super) in_flight: Semaphore,
}

impl Table {
    /// Answers one request of the client at `peer`.
    pub(super) async fn respond(
        &self,
        request: Request<Incoming>,
        peer: IpAddr,
    ) -> Response<ResponseBody> {
        self.read(request, peer)
            .await
            .unwrap_or_else(Refusal::into_response)
    }

    async fn read(
        &self,
        request: Request<Incoming>,
        peer: IpAddr,
    ) -> Result<Response<ResponseBody>, Refusal> {
        let _place = self
            .in_flight
            .try_acquire()
            .map_err(|_| Refusal::overloaded(None).closing())?;
        let (parts, incoming) = request.into_parts();
        let host = one(&parts.headers, HOST.as_str());
        if !host.is_none_or(|host| self.hosts.names_a_machine(host)) {
            return Err(Refusal::forbidden(
                "this Host is not allowed: the operator can add it to management.allowed_hosts",
            ));
        }
        let body = if incoming.is_end_stream() {
            Bytes::new()
        } else {
            // None is larger than what is free.
            let large = Semaphore::const_new(0);
            body::read(incoming, MAX_BODY, BODY, &large).await?.bytes
        };
        let is_local = peer.to_canonical().is_loopback()
            && !parts.headers.contains_key(ORIGIN)
            && host.is_some_and(|host| HostList::loopback().allows(host));
        let asked = Asked {
            method: parts.method,
            path: parts.uri.path().to_owned(),
            accept: one(&parts.headers, ACCEPT.as_str())
                .unwrap_or_default()
                .to_owned(),
            body,
            is_local,
        };
        Ok(self.pages.answer(asked).await)
    }
}

fn one<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// A page of JSON.
pub(crate) fn page(status: StatusCode, body: impl Into<Bytes>) -> Response<ResponseBody> {
    json(status, body)
}

impl<P> Service<P> {
    /// The table of a listener that has pages.
    pub(super) const fn table(&self) -> Option<&Table> {
        self.table.as_ref()
    }
}
