//! Sending: one deadline, every hop vetted. What a connection is made of is [`connect`](crate::connect).

use std::error::Error as _;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, USER_AGENT};
use http::{HeaderValue, Uri};
use http_body_util::Full;
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::connect::{Connector, Dialler};
use crate::error::{OutboundError, RedirectProblem, Refusal};
use crate::reach::Reach;
use crate::redirect;
use crate::request::Request;
use crate::resolve::Resolver;
use crate::response::Response;

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
/// Stands for times that are too long to be counted.
const AN_AGE: Duration = Duration::from_hours(24 * 365);
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const DEFAULT_MAX_BODY: usize = 5 * 1024 * 1024;
/// Open connections kept for the next request: so many to a host, so long.
const IDLE_PER_HOST: usize = 4;
const IDLE_TIME: Duration = Duration::from_secs(5);
const DEFAULT_MAX_CONNECTIONS: usize = 256;
/// The most bytes of an answer's head.
const MAX_HEAD: usize = 64 * 1024;

/// Sends requests, as far as its [`Reach`] goes. Cheap to clone; clones share connections.
#[derive(Debug, Clone)]
pub struct Client {
    http: legacy::Client<Connector, Full<Bytes>>,
    connector: Connector,
    user_agent: HeaderValue,
    timeout: Duration,
    max_body: usize,
    max_connections: usize,
}

impl Client {
    /// Settings for a client with this reach.
    pub fn builder(reach: Reach) -> ClientBuilder {
        ClientBuilder {
            reach,
            resolver: Resolver::new(),
            user_agent: concat!("mcp-factory/", env!("CARGO_PKG_VERSION")).to_owned(),
            connect_timeout: DEFAULT_CONNECT_TIMEOUT,
            timeout: DEFAULT_TIMEOUT,
            max_body: DEFAULT_MAX_BODY,
            roots_file: None,
            max_connections: DEFAULT_MAX_CONNECTIONS,
            dialler: Dialler::Tcp,
        }
    }

    /// Loads the root certificates now, so that a wrong `roots_file` is told at start. Otherwise the first
    /// https request does it.
    pub async fn prepare(&self) -> Result<(), OutboundError> {
        self.connector.tls().await.map(drop)
    }

    /// How many connections are open now, idle ones included: for a gauge.
    pub fn open_connections(&self) -> usize {
        self.max_connections - self.connector.free_places()
    }

    /// What this client may reach.
    pub fn reach(&self) -> &Reach {
        self.connector.reach()
    }

    /// Sends a request and waits for the head of its answer, whatever its status. Dropping the future, or
    /// the response, closes the connection.
    pub async fn send(&self, mut request: Request) -> Result<Response, OutboundError> {
        if let Some(problem) = request.problem {
            return Err(OutboundError::Request(problem));
        }
        let now = Instant::now();
        let timeout = request.timeout.unwrap_or(self.timeout);
        let deadline = now.checked_add(timeout).unwrap_or(now + AN_AGE);
        let max_body = request.max_body.unwrap_or(self.max_body);
        let mut hops = 0;
        loop {
            let answer = timeout_at(deadline, self.send_once(&request))
                .await
                .map_err(|_| OutboundError::Timeout)??;
            if request.redirects.most > 0
                && let Some(to) = redirect::target(&request.url, answer.status(), answer.headers())?
            {
                hops += 1;
                if hops > request.redirects.most {
                    return Err(OutboundError::Redirect(RedirectProblem::TooMany));
                }
                redirect::prepare(&mut request, answer.status(), to)?;
                continue;
            }
            return Ok(Response::new(answer, request.url, deadline, max_body));
        }
    }

    async fn send_once(
        &self,
        request: &Request,
    ) -> Result<http::Response<hyper::body::Incoming>, OutboundError> {
        self.reach()
            .check(&request.url)
            .map_err(OutboundError::Refused)?;
        let mut wire = http::Request::new(Full::new(request.body.clone()));
        *wire.method_mut() = request.method.clone();
        *wire.uri_mut() = uri(&request.url)?;
        *wire.headers_mut() = request.headers.clone();
        for (name, value) in [
            (USER_AGENT, self.user_agent.clone()),
            (ACCEPT, HeaderValue::from_static("*/*")),
            (ACCEPT_ENCODING, HeaderValue::from_static("identity")),
        ] {
            wire.headers_mut().entry(name).or_insert(value);
        }
        self.http.request(wire).await.map_err(failure)
    }
}

/// What goes over the wire and to the connector. Both must mean the host that was checked.
fn uri(url: &Url) -> Result<Uri, OutboundError> {
    let mut bare = url.clone();
    bare.set_fragment(None);
    let uri: Uri = bare
        .as_str()
        .parse()
        .map_err(|_| OutboundError::Request("its URL holds a character that HTTP cannot carry"))?;
    if uri.host() != url.host_str() || uri.port_u16() != url.port() {
        return Err(OutboundError::Refused(Refusal::Host));
    }
    Ok(uri)
}

/// Our own error when the connector failed; else the connection broke.
fn failure(error: legacy::Error) -> OutboundError {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(ours) = inner.downcast_ref::<OutboundError>() {
            return ours.clone();
        }
        cause = inner.source();
    }
    if error.is_connect() {
        OutboundError::connect(error)
    } else {
        OutboundError::broken(error)
    }
}

/// Settings of a [`Client`].
#[derive(Clone)]
pub struct ClientBuilder {
    reach: Reach,
    resolver: Resolver,
    user_agent: String,
    connect_timeout: Duration,
    timeout: Duration,
    max_body: usize,
    roots_file: Option<PathBuf>,
    max_connections: usize,
    pub(crate) dialler: Dialler,
}

impl ClientBuilder {
    /// Shares a resolver, and its cache, with others. Default: one of its own.
    #[must_use]
    pub fn resolver(mut self, resolver: Resolver) -> Self {
        self.resolver = resolver;
        self
    }

    /// Who this server says it is. Default: `mcp-factory/` and the version.
    #[must_use]
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// How long a connection may take to open: name, TCP and TLS. Default: 10 s.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long a request may take, redirects and the last byte of the body included. Default: 30 s.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The most bytes of a body. Default: 5 MiB.
    #[must_use]
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// A PEM file of certificates to trust besides, named by the operator. Read at the first https request,
    /// or by [`Client::prepare`].
    #[must_use]
    pub fn roots_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.roots_file = Some(path.into());
        self
    }

    /// The most connections open at once, idle ones included; who needs one more waits for it, as long as
    /// `connect_timeout`. Default: 256.
    #[must_use]
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.max_connections = connections.clamp(1, 65_536);
        self
    }

    #[cfg(test)]
    pub(crate) fn dialler(mut self, dialler: Dialler) -> Self {
        self.dialler = dialler;
        self
    }

    /// The client. Opens nothing and reads nothing.
    pub fn build(self) -> Result<Client, OutboundError> {
        let user_agent = HeaderValue::try_from(self.user_agent)
            .map_err(|_| OutboundError::Request("its user agent cannot stand in a header"))?;
        let connector = Connector::new(
            self.reach,
            self.resolver,
            self.connect_timeout,
            self.roots_file,
            self.dialler,
            self.max_connections,
        );
        let http = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIME)
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .http1_max_buf_size(MAX_HEAD)
            .build(connector.clone());
        Ok(Client {
            http,
            connector,
            user_agent,
            timeout: self.timeout,
            max_body: self.max_body,
            max_connections: self.max_connections,
        })
    }
}

impl std::fmt::Debug for ClientBuilder {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ClientBuilder")
            .field("reach", &self.reach)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
