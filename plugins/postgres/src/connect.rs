//! Making a connection: the URL is read, a name resolved without libc, the server dialled, TLS spoken, and the
//! role looked at before anybody gets to use it.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use futures_util::future::{BoxFuture, poll_fn};
use mcp_factory_outbound::{OutboundError, Resolver, tls};
use mcp_factory_sdk::SecretProblem;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpStream, UnixStream},
    sync::OnceCell,
    task::JoinHandle,
};
use tokio_postgres::{
    CancelToken, Client, Connection, NoTls,
    config::SslMode,
    tls::{MakeTlsConnect, TlsConnect},
};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_util::task::TaskTracker;

use crate::{
    bounded::{Bounded, Oversized},
    config::{Settings, Tls},
    role::{self, RoleProblem},
    target::{Server, Target},
};

/// What a message of the server may hold beyond the bytes of an answer.
const SLACK: usize = 64 << 10;
/// How long a connection is believed to stand without being asked.
const TRUST: Duration = Duration::from_millis(250);
/// How long one that is asked may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Why there is no connection: for the operator. Names no host, and nothing of the URL.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the sentences are the documentation")]
pub enum ConnectError {
    #[error("`url`: {0}")]
    Secret(#[from] SecretProblem),
    #[error("the connection URL cannot be used: {0}")]
    Url(&'static str),
    #[error("the name of its host could not be resolved")]
    Resolve(#[source] OutboundError),
    #[error("its server does not answer: {0}")]
    Dial(io::ErrorKind),
    #[error("`tls_roots` cannot be used: {0}")]
    Roots(String),
    #[error("no trusted TLS connection could be made: {0}; see `tls` and `tls_roots`")]
    Tls(String),
    #[error("its server refused the connection: {0}")]
    Refused(String),
    #[error("there was no connection within `connect_timeout`")]
    TimedOut,
    #[error("{0}")]
    Role(RoleProblem),
}

/// Makes connections.
#[derive(Debug)]
pub(crate) struct Connector {
    settings: Arc<Settings>,
    resolver: Resolver,
    tls: OnceCell<Arc<tls::rustls::ClientConfig>>,
    tasks: TaskTracker,
    /// Counts the times when a connection was found lost: those made before are suspect.
    losses: AtomicU64,
}

/// A connection and what is needed to cancel what it does.
pub(crate) struct Link {
    pub(crate) client: Client,
    /// What fixes a transaction as it began: see `session`.
    pub(crate) pin: tokio_postgres::Statement,
    pub(crate) oversized: Oversized,
    route: Route,
    cancel: CancelToken,
    driver: JoinHandle<()>,
    losses: u64,
}

/// How a server was reached.
#[derive(Clone, Debug)]
struct Route {
    address: Address,
    /// The name that its certificate must have, when TLS is spoken.
    tls: Option<String>,
}

#[derive(Clone, Debug)]
enum Address {
    Unix(PathBuf),
    Tcp(SocketAddr),
}

impl Connector {
    pub(crate) fn new(settings: Arc<Settings>, tasks: TaskTracker) -> Self {
        Self {
            settings,
            resolver: Resolver::new(),
            tls: OnceCell::new(),
            tasks,
            losses: AtomicU64::new(0),
        }
    }

    /// A connection was found lost; the others may be as well.
    pub(crate) fn suspect(&self) {
        self.losses.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether a connection still stands. One that was used a moment ago is believed.
    pub(crate) async fn stands(&self, link: &mut Link, idle: Duration) -> bool {
        let losses = self.losses.load(Ordering::Relaxed);
        if link.client.is_closed() {
            return false;
        }
        if link.losses == losses && idle < TRUST {
            return true;
        }
        link.losses = losses;
        let asked = tokio::time::timeout(PATIENCE, link.client.check_connection()).await;
        matches!(asked, Ok(Ok(())))
    }

    /// A connection whose role may be used.
    pub(crate) async fn connect(&self) -> Result<Link, ConnectError> {
        let limit = self.settings.connect_timeout;
        let made = tokio::time::timeout(limit, self.connect_unbounded()).await;
        made.map_err(|_| ConnectError::TimedOut)?
    }

    async fn connect_unbounded(&self) -> Result<Link, ConnectError> {
        if self.settings.tls_roots.is_some() {
            self.tls_config().await?;
        }
        let target = self.target().await?;
        let mut last = ConnectError::Url("it names no host");
        for server in &target.servers {
            let routes = match self.routes(server, target.tls).await {
                Ok(routes) => routes,
                Err(error) => {
                    last = error;
                    continue;
                }
            };
            for route in routes {
                match self.open(route, &target).await {
                    Ok(link) => return Ok(link),
                    // That one of several addresses does not answer says least.
                    Err(ConnectError::Dial(_)) if matches!(last, ConnectError::Tls(_)) => {}
                    Err(error) => last = error,
                }
            }
        }
        Err(last)
    }

    /// The URL as it is now: a file may have been written anew.
    async fn target(&self) -> Result<Target, ConnectError> {
        let reference = self.settings.url.clone();
        let read = tokio::task::spawn_blocking(move || reference.read()).await;
        let url = read.map_err(|_| ConnectError::Url("reading it was interrupted"))??;
        Target::parse(url.expose())
    }

    /// Every address of a server.
    async fn routes(&self, server: &Server, wish: Tls) -> Result<Vec<Route>, ConnectError> {
        let (name, address, port) = match server {
            Server::Unix(path) => {
                return Ok(vec![Route {
                    address: Address::Unix(path.clone()),
                    tls: None,
                }]);
            }
            Server::Tcp {
                name,
                address,
                port,
            } => (name, address, *port),
        };
        let addresses = match address {
            Some(address) => vec![*address],
            None => match name.parse::<IpAddr>() {
                Ok(address) => vec![address],
                Err(_) => self
                    .resolver
                    .addresses(name)
                    .await
                    .map_err(ConnectError::Resolve)?,
            },
        };
        let wish = match self.settings.tls {
            Tls::Auto => wish,
            set => set,
        };
        let route = |address: IpAddr| {
            let encrypted = match wish {
                Tls::Auto => !address.is_loopback(),
                Tls::Require => true,
                Tls::Disable => false,
            };
            Route {
                address: Address::Tcp(SocketAddr::new(address, port)),
                tls: encrypted.then(|| name.clone()),
            }
        };
        Ok(addresses.into_iter().map(route).collect())
    }

    async fn open(&self, route: Route, target: &Target) -> Result<Link, ConnectError> {
        let stream = dial(&route.address).await?;
        let limit = self.settings.max_bytes + SLACK;
        let oversized = Oversized::default();
        let mut config = target.config.clone();
        let (client, driver) = if let Some(name) = &route.tls {
            config.ssl_mode(SslMode::Require);
            let tls = BoundedTls {
                inner: self.tls_connector(name).await?,
                limit,
                oversized: Arc::clone(&oversized),
            };
            let (client, connection) = config.connect_raw(stream, tls).await.map_err(refused)?;
            (client, self.tasks.spawn(drive(connection)))
        } else {
            config.ssl_mode(SslMode::Disable);
            let stream = Bounded::new(stream, limit, Arc::clone(&oversized));
            let (client, connection) = config.connect_raw(stream, NoTls).await.map_err(refused)?;
            (client, self.tasks.spawn(drive(connection)))
        };
        let problem = role::check(&client, self.settings.allow_superuser).await;
        if let Some(problem) = problem.map_err(refused)? {
            return Err(ConnectError::Role(problem));
        }
        let pin = client.prepare(crate::session::PIN).await.map_err(refused)?;
        Ok(Link {
            pin,
            oversized,
            route,
            cancel: client.cancel_token(),
            driver,
            losses: self.losses.load(Ordering::Relaxed),
            client,
        })
    }

    /// Asks the server to stop what a connection is doing.
    pub(crate) async fn cancel(&self, link: &Link) -> Result<(), ConnectError> {
        let stream = dial(&link.route.address).await?;
        let sent = match &link.route.tls {
            Some(name) => {
                let tls = self.tls_connector(name).await?;
                link.cancel.cancel_query_raw(stream, tls).await
            }
            None => link.cancel.cancel_query_raw(stream, NoTls).await,
        };
        sent.map_err(refused)
    }

    async fn tls_connector(
        &self,
        name: &str,
    ) -> Result<<MakeRustlsConnect as MakeTlsConnect<Socket>>::TlsConnect, ConnectError> {
        let config = self.tls_config().await?;
        let mut maker = MakeRustlsConnect::new(tls::rustls::ClientConfig::clone(&config));
        let Ok(connector) = MakeTlsConnect::<Socket>::make_tls_connect(&mut maker, name);
        Ok(connector)
    }

    async fn tls_config(&self) -> Result<Arc<tls::rustls::ClientConfig>, ConnectError> {
        let roots = self.settings.tls_roots.clone();
        let load = || async {
            let loaded =
                tokio::task::spawn_blocking(move || tls::client_config(roots.as_deref())).await;
            match loaded {
                Ok(Ok(config)) => Ok(config),
                Ok(Err(error)) => Err(ConnectError::Roots(error.innermost())),
                Err(_) => Err(ConnectError::Roots("reading it was interrupted".to_owned())),
            }
        };
        self.tls.get_or_try_init(load).await.cloned()
    }
}

impl std::fmt::Debug for Link {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let closed = self.client.is_closed();
        formatter
            .debug_struct("Link")
            .field("closed", &closed)
            .finish_non_exhaustive()
    }
}

impl Link {
    /// Lets the connection go, and waits a moment for its end.
    pub(crate) async fn end(self, patience: Duration) {
        let Self { client, driver, .. } = self;
        let abort = driver.abort_handle();
        drop(client);
        if tokio::time::timeout(patience, driver).await.is_err() {
            abort.abort();
        }
    }
}

async fn dial(address: &Address) -> Result<Socket, ConnectError> {
    let dialled = match address {
        Address::Unix(path) => UnixStream::connect(path).await.map(Socket::Unix),
        Address::Tcp(address) => match TcpStream::connect(address).await {
            Ok(stream) => prepare(&stream).map(|()| Socket::Tcp(stream)),
            Err(error) => Err(error),
        },
    };
    dialled.map_err(|error| ConnectError::Dial(error.kind()))
}

/// Sends small messages at once, and notices within a minute that the other side is gone.
fn prepare(stream: &TcpStream) -> io::Result<()> {
    use rustix::net::sockopt;
    stream.set_nodelay(true)?;
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, Duration::from_secs(30))?;
    sockopt::set_tcp_keepintvl(stream, Duration::from_secs(10))?;
    sockopt::set_tcp_keepcnt(stream, 3)?;
    Ok(())
}

/// Puts why a server was not joined into words.
fn refused(error: tokio_postgres::Error) -> ConnectError {
    if let Some(database) = error.as_db_error() {
        return ConnectError::Refused(format!(
            "{} (SQLSTATE {})",
            database.message(),
            database.code().code()
        ));
    }
    let text = error.to_string();
    let cause = error.into_source();
    if text.contains("TLS") {
        let cause = cause.map_or(text, |cause| cause.to_string());
        return ConnectError::Tls(cause);
    }
    match cause.and_then(|cause| cause.downcast::<io::Error>().ok()) {
        Some(cause) => ConnectError::Dial(cause.kind()),
        None => ConnectError::Refused(text),
    }
}

/// Moves the bytes of a connection until it ends. Notices and notifications go nowhere: they may hold data.
async fn drive<S, T>(mut connection: Connection<S, T>)
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(Ok(_)) = poll_fn(|context| connection.poll_message(context)).await {}
}

/// A TLS handshake whose stream is watched.
struct BoundedTls<C> {
    inner: C,
    limit: usize,
    oversized: Oversized,
}

impl<S, C> TlsConnect<S> for BoundedTls<C>
where
    C: TlsConnect<S>,
    C::Future: Send + 'static,
{
    type Stream = Bounded<C::Stream>;
    type Error = C::Error;
    type Future = BoxFuture<'static, Result<Self::Stream, C::Error>>;

    fn connect(self, stream: S) -> Self::Future {
        let handshake = self.inner.connect(stream);
        Box::pin(async move { Ok(Bounded::new(handshake.await?, self.limit, self.oversized)) })
    }
}

/// A stream to a server.
#[derive(Debug)]
pub(crate) enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Unix(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Unix(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(context),
            Self::Unix(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
