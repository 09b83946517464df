//! A connection: the name looked up, every address vetted, the vetted address dialled, TLS around it.
//! Names and addresses written in the URL take the same way, so no form of a URL goes around the vetting.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use http::Uri;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::sync::{OnceCell, Semaphore};
use tokio_rustls::TlsConnector;

use crate::error::{OutboundError, Refusal};
use crate::reach::Reach;
use crate::resolve::Resolver;
use crate::tls;

mod stream;
pub(crate) use stream::Stream;

/// The most addresses of one host that are tried, and how long one is given before the next joins in.
const MAX_TRIED: usize = 8;
const HEAD_START: Duration = Duration::from_millis(250);

/// Connects for one client. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Connector(Arc<Inner>);

struct Inner {
    reach: Reach,
    resolver: Resolver,
    timeout: Duration,
    roots_file: Option<PathBuf>,
    tls: OnceCell<TlsConnector>,
    dialler: Dialler,
    places: Arc<Semaphore>,
}

/// What opens a socket: the one line of the crate that does.
#[derive(Clone)]
pub(crate) enum Dialler {
    Tcp,
    #[cfg(test)]
    Recorded(Recorder),
}

/// How long a dial takes, and where it ends up.
#[cfg(test)]
pub(crate) type Recorder = Arc<dyn Fn(SocketAddr) -> Dialled + Send + Sync>;
#[cfg(test)]
pub(crate) type Dialled = (Duration, io::Result<SocketAddr>);

impl Dialler {
    async fn dial(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let address = match self {
            Self::Tcp => address,
            #[cfg(test)]
            Self::Recorded(record) => {
                let (time, end) = record(address);
                if !time.is_zero() {
                    tokio::time::sleep(time).await;
                }
                end?
            }
        };
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

impl Connector {
    pub(crate) fn new(
        reach: Reach,
        resolver: Resolver,
        timeout: Duration,
        roots_file: Option<PathBuf>,
        dialler: Dialler,
        max_connections: usize,
    ) -> Self {
        Self(Arc::new(Inner {
            reach,
            resolver,
            timeout,
            roots_file,
            tls: OnceCell::new(),
            dialler,
            places: Arc::new(Semaphore::new(max_connections)),
        }))
    }

    /// How many more connections may be opened.
    pub(crate) fn free_places(&self) -> usize {
        self.0.places.available_permits()
    }

    pub(crate) fn reach(&self) -> &Reach {
        &self.0.reach
    }

    /// Loads the root certificates, once, where blocking is allowed.
    pub(crate) async fn tls(&self) -> Result<&TlsConnector, OutboundError> {
        let load = || async {
            let roots_file = self.0.roots_file.clone();
            let config =
                tokio::task::spawn_blocking(move || tls::client_config(roots_file.as_deref()))
                    .await
                    .map_err(|error| OutboundError::Tls(Arc::new(error)))??;
            let mut config = Arc::unwrap_or_clone(config);
            config.alpn_protocols = vec![b"http/1.1".to_vec()];
            Ok(TlsConnector::from(Arc::new(config)))
        };
        self.0.tls.get_or_try_init(load).await
    }

    async fn connect(&self, uri: &Uri) -> Result<Stream, OutboundError> {
        let host = uri.host().ok_or(OutboundError::Refused(Refusal::Host))?;
        let secure = uri.scheme_str() == Some("https");
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        if !self.0.reach.permits_port(port) {
            return Err(OutboundError::Refused(Refusal::Port));
        }
        // One that was never closed waits for its idle time at most.
        let place = Arc::clone(&self.0.places).acquire_owned().await;
        let place = place.map_err(OutboundError::connect)?;
        let addresses = self.0.resolver.addresses(host).await?;
        let tcp = self.dial_first(self.vetted(addresses)?, port).await?;
        if !secure {
            return Ok(Stream::plain(tcp, place));
        }
        let name = server_name(host)?;
        let stream = self.tls().await?.connect(name, tcp).await;
        stream
            .map(|stream| Stream::tls(stream, place))
            .map_err(|error| OutboundError::Tls(Arc::new(error)))
    }

    /// Those that may be dialled, the families taking turns.
    fn vetted(&self, addresses: Vec<IpAddr>) -> Result<VecDeque<IpAddr>, OutboundError> {
        let (six, four): (Vec<_>, Vec<_>) = addresses
            .into_iter()
            .filter(|address| self.0.reach.permits(*address))
            .partition(IpAddr::is_ipv6);
        let mut ordered = VecDeque::with_capacity(six.len() + four.len());
        let (mut six, mut four) = (six.into_iter(), four.into_iter());
        loop {
            let turn = [six.next(), four.next()];
            if turn == [None, None] {
                break;
            }
            ordered.extend(turn.into_iter().flatten());
        }
        ordered.truncate(MAX_TRIED);
        if ordered.is_empty() {
            return Err(OutboundError::Refused(Refusal::Address));
        }
        Ok(ordered)
    }

    /// RFC 8305 in small: the next address joins in when the one before fails or takes its time.
    async fn dial_first(
        &self,
        mut addresses: VecDeque<IpAddr>,
        port: u16,
    ) -> Result<TcpStream, OutboundError> {
        let mut attempts = FuturesUnordered::new();
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        loop {
            match addresses.pop_front() {
                Some(address) => attempts.push(self.0.dialler.dial((address, port).into())),
                None if attempts.is_empty() => return Err(OutboundError::connect(last)),
                None => {}
            }
            tokio::select! {
                Some(result) = attempts.next() => match result {
                    Ok(stream) => return Ok(stream),
                    Err(error) => last = error,
                },
                () = tokio::time::sleep(HEAD_START), if !addresses.is_empty() => {}
            }
        }
    }
}

/// The name a certificate must be for: without the dot that ends a complete name.
fn server_name(host: &str) -> Result<ServerName<'static>, OutboundError> {
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or_else(|| host.strip_suffix('.').unwrap_or(host));
    ServerName::try_from(bare.to_owned()).map_err(|error| OutboundError::Tls(Arc::new(error)))
}

impl tower_service::Service<Uri> for Connector {
    type Response = TokioIo<Stream>;
    type Error = OutboundError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move {
            tokio::time::timeout(connector.0.timeout, connector.connect(&uri))
                .await
                // Nothing was sent yet, which is what a caller has to know.
                .map_err(|_| OutboundError::connect(io::Error::from(io::ErrorKind::TimedOut)))?
                .map(TokioIo::new)
        })
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Connector")
    }
}
