//! From an address to a connection that takes commands.

use std::sync::Arc;

use redis::{AsyncConnectionConfig, aio::MultiplexedConnection};
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::OnceCell,
    task::spawn_blocking,
};
use tokio_rustls::TlsConnector;
use tokio_util::task::AbortOnDropHandle;

use super::{
    loss::Loss,
    url::{self, RedisUrl, Target},
};

/// A connection: closed when its last clone is dropped.
#[derive(Clone)]
pub(super) struct Connection {
    pub(super) redis: MultiplexedConnection,
    driver: Arc<AbortOnDropHandle<()>>,
}

impl Connection {
    /// Whether the other side has not closed it, as far as is known.
    pub(super) fn is_open(&self) -> bool {
        !self.driver.is_finished()
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.driver, &other.driver)
    }
}

/// Where to connect, and what was learnt about how.
pub(super) struct Address {
    url: RedisUrl,
    tls: OnceCell<Arc<ClientConfig>>,
}

impl Address {
    pub(super) fn new(url: RedisUrl) -> Self {
        Self {
            url,
            tls: OnceCell::new(),
        }
    }

    /// The URL is read anew, so that a changed password is used.
    pub(super) async fn connect(&self) -> Result<Connection, Loss> {
        let url = self.url.clone();
        let target = spawn_blocking(move || url::resolve(&url))
            .await
            .map_err(|_| Loss::Abandoned)??;
        let stream = TcpStream::connect((target.host.as_str(), target.port))
            .await
            .map_err(|error| Loss::io(&target, error))?;
        stream
            .set_nodelay(true)
            .map_err(|error| Loss::io(&target, error))?;
        if !target.tls {
            return greet(&target, stream).await;
        }
        let name = ServerName::try_from(target.host.clone()).map_err(|_| Loss::Name)?;
        let stream = TlsConnector::from(self.tls().await?)
            .connect(name, stream)
            .await
            .map_err(|error| Loss::io(&target, error))?;
        greet(&target, stream).await
    }

    async fn tls(&self) -> Result<Arc<ClientConfig>, Loss> {
        self.tls
            .get_or_try_init(async || spawn_blocking(trust).await.map_err(|_| Loss::Abandoned)?)
            .await
            .cloned()
    }
}

/// Logs in. Limits on time and number are kept by who calls.
async fn greet<S>(target: &Target, stream: S) -> Result<Connection, Loss>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let config = AsyncConnectionConfig::new()
        .set_response_timeout(None)
        .set_connection_timeout(None)
        .set_pipeline_buffer_size(super::IN_FLIGHT);
    let (redis, driver) = MultiplexedConnection::new_with_config(&target.login, stream, config)
        .await
        .map_err(|error| Loss::of(&error))?;
    Ok(Connection {
        redis,
        driver: Arc::new(AbortOnDropHandle::new(tokio::spawn(driver))),
    })
}

/// The certificates that this machine trusts.
fn trust() -> Result<Arc<ClientConfig>, Loss> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(Loss::NoRoots);
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| Loss::Abandoned)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
