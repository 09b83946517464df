//! The collector's gRPC: tonic speaks it, on a connection that is made like all others (names without libc, the same
//! roots, one crypto provider).

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::rt::TokioIo;
use mcp_factory_outbound::{Resolver, tls};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint};
use tower_service::Service;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);

/// A channel to the collector at `url`, that connects when there is something to send, and again when it has to.
pub(super) fn channel(url: &str, timeout: Duration) -> Result<Channel, String> {
    let endpoint = Endpoint::from_shared(url.to_owned())
        .map_err(|_| "it is no URL".to_owned())?
        .timeout(timeout)
        .connect_timeout(CONNECT);
    let connector = Connector {
        resolver: Resolver::new(),
    };
    Ok(endpoint.connect_with_connector_lazy(connector))
}

#[derive(Clone)]
struct Connector {
    resolver: Resolver,
}

/// A connection with TLS or without.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

type Connected = TokioIo<Box<dyn Stream>>;

impl Service<http::Uri> for Connector {
    type Response = Connected;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Connected>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: http::Uri) -> Self::Future {
        let resolver = self.resolver.clone();
        Box::pin(async move { connect(&resolver, &uri).await.map(TokioIo::new) })
    }
}

async fn connect(resolver: &Resolver, uri: &http::Uri) -> io::Result<Box<dyn Stream>> {
    let host = uri.host().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let is_sealed = uri.scheme() == Some(&http::uri::Scheme::HTTPS);
    let port = uri.port_u16().unwrap_or(if is_sealed { 443 } else { 80 });
    let addresses = match host.parse() {
        Ok(address) => vec![address],
        Err(_) => resolver.addresses(host).await.map_err(io::Error::other)?,
    };
    let all: Vec<SocketAddr> = addresses.into_iter().map(|ip| (ip, port).into()).collect();
    let stream = TcpStream::connect(all.as_slice()).await?;
    stream.set_nodelay(true)?;
    if !is_sealed {
        return Ok(Box::new(stream));
    }
    let config = tokio::task::spawn_blocking(|| tls::client_config(None)).await?;
    let mut config = config.map_err(io::Error::other)?;
    Arc::make_mut(&mut config).alpn_protocols = vec![b"h2".to_vec()];
    let name =
        rustls::pki_types::ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let stream = TlsConnector::from(config).connect(name, stream).await?;
    Ok(Box::new(stream))
}
