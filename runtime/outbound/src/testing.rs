//! Real servers on loopback for tests, which remember what they were asked.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use url::Url;

use crate::{Client, Reach};

/// What goes back over the wire, piece by piece, each after a wait. Then the connection is closed.
pub(crate) type Answer = Vec<(Duration, Vec<u8>)>;

/// An answer in one piece.
pub(crate) fn at_once(bytes: impl Into<Vec<u8>>) -> Answer {
    vec![(Duration::ZERO, bytes.into())]
}

/// A complete answer with this status, header lines and body.
pub(crate) fn reply(status: u16, headers: &str, body: &str) -> Answer {
    let length = body.len();
    at_once(format!(
        "HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    ))
}

/// A redirect.
pub(crate) fn redirect(status: u16, to: &str) -> Answer {
    reply(status, &format!("Location: {to}\r\n"), "")
}

/// A server, and the requests it has had: head and body as they came.
#[derive(Debug, Clone)]
pub(crate) struct TestServer {
    pub(crate) port: u16,
    scheme: &'static str,
    seen: Arc<Mutex<Vec<String>>>,
}

impl TestServer {
    /// Answers each request with what `answer` makes of its text.
    pub(crate) async fn start(answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        Self::listen(None, answer).await
    }

    /// The same over TLS.
    pub(crate) async fn tls(
        acceptor: TlsAcceptor,
        answer: impl Fn(&str) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::listen(Some(acceptor), answer).await
    }

    async fn listen(
        acceptor: Option<TlsAcceptor>,
        answer: impl Fn(&str) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::serve(
            TcpListener::bind("127.0.0.1:0").await.unwrap(),
            acceptor,
            answer,
        )
    }

    /// The same, where somebody listens already.
    pub(crate) fn serve(
        listener: TcpListener,
        acceptor: Option<TlsAcceptor>,
        answer: impl Fn(&str) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            scheme: if acceptor.is_some() { "https" } else { "http" },
            seen: Arc::default(),
        };
        let (seen, answer) = (Arc::clone(&server.seen), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    match acceptor {
                        None => serve(stream, &seen, answer.as_ref()).await,
                        Some(acceptor) => {
                            if let Ok(stream) = acceptor.accept(stream).await {
                                serve(stream, &seen, answer.as_ref()).await;
                            }
                        }
                    }
                });
            }
        });
        server
    }

    pub(crate) fn url(&self, path: &str) -> Url {
        format!("{}://127.0.0.1:{}{path}", self.scheme, self.port)
            .parse()
            .unwrap()
    }

    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// A client whose public reach is widened by exactly this server's machine and port.
    pub(crate) fn client(&self) -> Client {
        let reach = Reach::public()
            .allow("127.0.0.1/32".parse().unwrap())
            .ports(&[self.port]);
        Client::builder(reach).build().unwrap()
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    seen: &Mutex<Vec<String>>,
    answer: &(dyn Fn(&str) -> Answer + Send + Sync),
) {
    let mut bytes = Vec::new();
    loop {
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return;
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let expected = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .map_or(0, |(_, value)| value.trim().parse().unwrap());
        if body.len() < expected {
            continue;
        }
        seen.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(text.clone());
        for (wait, piece) in answer(&text) {
            tokio::time::sleep(wait).await;
            if stream.write_all(&piece).await.is_err() || stream.flush().await.is_err() {
                return;
            }
        }
        drop(stream.shutdown().await);
        return;
    }
}
