//! TLS towards clients: 1.2 and 1.3, one certificate, one crypto provider.
//!
//! In the room: the handshake and its bounds (this file), reading a certificate and its key (`pair`), and
//! taking new ones while running (`renewal`). Not here: who a client is; none has a certificate.

mod pair;
mod renewal;

use std::io;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::server::{Acceptor, ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

pub(crate) use self::pair::{TlsFiles, TlsProblem};

use self::pair::Pair;
use crate::lifecycle::Lifecycle;

/// Handshakes at once: they cost more than anything else that a stranger can ask for.
pub(super) const HANDSHAKES: usize = 256;
/// What is offered by name; a client that asks for no name gets HTTP/1.1.
const HTTP2: &[u8] = b"h2";
const HTTP1: &[u8] = b"http/1.1";

/// The certificate, and everything that a handshake needs.
pub(crate) struct Tls {
    files: TlsFiles,
    shown: Arc<Shown>,
    config: Arc<ServerConfig>,
    handshakes: Semaphore,
}

/// The certificate that clients are shown.
#[derive(Debug)]
struct Shown(RwLock<Pair>);

impl Tls {
    /// Reads the files: call it where blocking is allowed.
    ///
    /// # Errors
    /// Which of them is wrong, and what is.
    pub(crate) fn load(files: TlsFiles) -> Result<Self, TlsProblem> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let pair = Pair::read(&files, &provider)?;
        pair.warn_of_its_age(&files);
        let shown = Arc::new(Shown(RwLock::new(pair)));
        let config =
            config(provider, Arc::clone(&shown)).map_err(|error| TlsProblem::of_tls(&error))?;
        Ok(Self {
            files,
            shown,
            config: Arc::new(config),
            handshakes: Semaphore::new(HANDSHAKES),
        })
    }

    /// Takes new files while the server runs.
    pub(super) fn keep_up(&self, lifecycle: &Lifecycle) {
        let renewal = renewal::run(
            self.files.clone(),
            Arc::clone(&self.shown),
            lifecycle.clone(),
        );
        lifecycle.tasks().spawn(renewal);
    }

    /// Greets a client, within the bounds of time and number. Who has not said a first word yet takes no
    /// place: sockets that stay silent cost no more than other connections, and keep nobody out.
    pub(super) async fn greet(
        &self,
        stream: TcpStream,
        patience: Duration,
    ) -> io::Result<TlsStream<TcpStream>> {
        let greeting = async {
            let hello = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
            let Ok(_place) = self.handshakes.try_acquire() else {
                return Err(io::ErrorKind::ResourceBusy.into());
            };
            hello.into_stream(Arc::clone(&self.config)).await
        };
        tokio::time::timeout(patience, greeting).await?
    }
}

fn config(provider: Arc<CryptoProvider>, shown: Arc<Shown>) -> Result<ServerConfig, rustls::Error> {
    let versions = [&rustls::version::TLS13, &rustls::version::TLS12];
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&versions)?
        .with_no_client_auth()
        .with_cert_resolver(shown);
    config.alpn_protocols = vec![HTTP2.to_vec(), HTTP1.to_vec()];
    Ok(config)
}

/// Whether the client asked for HTTP/2 by its name.
pub(super) fn speaks_http2(stream: &TlsStream<TcpStream>) -> bool {
    stream.get_ref().1.alpn_protocol() == Some(HTTP2)
}

impl Shown {
    fn is(&self, other: &Pair) -> bool {
        let shown = self.0.read().unwrap_or_else(PoisonError::into_inner);
        shown.is_same(other)
    }

    fn replace(&self, pair: Pair) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = pair;
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let shown = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Some(shown.certified())
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Tls")
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}
