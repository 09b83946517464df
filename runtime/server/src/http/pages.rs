//! A listener that has pages and no protocol: what comes in there is read, bounded and handed over whole.
//!
//! It is the same service with another table of routes, so that the management port is looked after like every
//! other: its connections, its silences, its end. Not here: what the pages say (`management`).

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONNECTION, FORWARDED, HOST, ORIGIN, VIA};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body::Body as _;
use http_body_util::BodyExt;
use mcp_factory_sdk::BoxFuture;
use tokio::sync::Semaphore;

use super::body;
use super::guests::Busy;
use super::hosts::HostList;
use super::incoming::Incoming;
use super::refusal::{Refusal, json};
use super::service::Service;
use super::silence::Patience;
use crate::held::hold;
use crate::response_body::ResponseBody;

/// Bytes of a body: a word.
const MAX_BODY: usize = 1 << 10;
/// For its body.
const BODY: Duration = Duration::from_secs(5);
/// What a proxy adds to a request that it sends on: then it is not from this machine, wherever the proxy is.
const SENT_ON: [HeaderName; 4] = [
    FORWARDED,
    VIA,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-real-ip"),
];
/// Connections, and requests at once: some probes, a scraper or two, and a person.
pub(super) const CONNECTIONS: usize = 64;
pub(super) const IN_FLIGHT: usize = 32;

/// Short: whoever asks asks at once, and a place that is kept is one that a probe does not get.
pub(super) const PATIENCE: Patience = Patience {
    header: Duration::from_secs(5),
    idle: Duration::from_secs(5),
    write: Duration::from_secs(10),
};

/// What somebody asks of a page.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) accept: String,
    pub(crate) body: Bytes,
    /// Whether it comes from this machine, and not from a page in its browser nor by a proxy.
    pub(crate) is_local: bool,
}

/// A request that is there, as far as it is wanted.
struct Received {
    asked: Asked,
    /// Its body was not read.
    leaves_a_body: bool,
}

/// Whoever answers for a listener that has pages.
pub(crate) trait Pages: Send + Sync + 'static {
    /// Whether the page costs nothing and waits for nothing: then it is answered however many others are.
    fn is_free(&self, path: &str) -> bool;

    /// Whether the body of such a request is read. It is of this machine only.
    fn takes_body(&self, method: &Method, path: &str) -> bool;

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
        let received = self.receive(request, peer).await;
        // Not before the body is there: a client that is slow with it keeps nobody else out, neither from a connection
        // nor from a request's place.
        let busy = Busy::now();
        let response = match received {
            Ok(received) => self.answer(received).await,
            Err(refusal) => Err(refusal),
        };
        let response = response.unwrap_or_else(Refusal::into_response);
        hold(response.map(BodyExt::boxed), busy).map(ResponseBody::Boxed)
    }

    async fn receive(&self, request: Request<Incoming>, peer: IpAddr) -> Result<Received, Refusal> {
        let (parts, incoming) = request.into_parts();
        let host = self.host(&parts)?;
        let here = HostList::loopback();
        let is_local = peer.to_canonical().is_loopback()
            && !parts.headers.contains_key(ORIGIN)
            && !SENT_ON.iter().any(|name| parts.headers.contains_key(name))
            && host.is_some_and(|host| here.allows(host))
            && authority(&parts).is_none_or(|target| here.allows(target));
        let path = parts.uri.path();
        let has_body = !incoming.is_end_stream();
        let is_read = is_local && self.pages.takes_body(&parts.method, path);
        let body = if has_body && is_read {
            // None is larger than what is free.
            let large = Semaphore::const_new(0);
            body::read(incoming, MAX_BODY, BODY, &large).await?.bytes
        } else {
            Bytes::new()
        };
        let asked = Asked {
            path: path.to_owned(),
            accept: one(&parts.headers, ACCEPT.as_str())
                .unwrap_or_default()
                .to_owned(),
            method: parts.method,
            body,
            is_local,
        };
        let leaves_a_body = has_body && !is_read;
        Ok(Received {
            asked,
            leaves_a_body,
        })
    }

    async fn answer(&self, received: Received) -> Result<Response<ResponseBody>, Refusal> {
        let Received {
            asked,
            leaves_a_body,
        } = received;
        let _place = if self.pages.is_free(&asked.path) {
            None
        } else {
            let place = self.in_flight.try_acquire();
            Some(place.map_err(|_| Refusal::overloaded(None).closing())?)
        };
        let mut response = self.pages.answer(asked).await;
        // Nobody reads it, so nothing can follow it.
        if leaves_a_body {
            let headers = response.headers_mut();
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(response)
    }

    /// The name that the request was sent to, if it says one. Two are refused, for a proxy may have judged the other.
    fn host<'a>(&self, parts: &'a Parts) -> Result<Option<&'a str>, Refusal> {
        let mut hosts = parts.headers.get_all(HOST).iter();
        let host = hosts.next();
        if hosts.next().is_some() {
            return Err(Refusal::bad_request("a request has one Host header"));
        }
        // One that is no text names nothing.
        let host = host.map(|host| host.to_str().unwrap_or_default());
        let mut named = host.into_iter().chain(authority(parts));
        if named.all(|name| self.hosts.names_a_machine(name)) {
            Ok(host)
        } else {
            Err(Refusal::forbidden(
                "this Host is not allowed: the operator can add it to management.allowed_hosts",
            ))
        }
    }
}

/// That of an absolute target.
fn authority(parts: &Parts) -> Option<&str> {
    parts.uri.authority().map(http::uri::Authority::as_str)
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
