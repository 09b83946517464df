//! What is on the other end of https is asked for its certificate.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tempfile::NamedTempFile;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::fetch::{Endpoint, FetchError, Fetcher};

/// Answers https with `{}`, as `name`; the URL says `localhost`.
async fn start(name: &str) -> (Endpoint, CertificateDer<'static>) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec![name.to_owned()]).unwrap();
    let certificate = cert.der().clone();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let mut request = [0; 4096];
                drop(stream.read(&mut request).await);
                let answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}";
                drop(stream.write_all(answer).await);
                drop(stream.shutdown().await);
            }
        }
    });
    let url = format!("https://localhost:{port}/");
    (Endpoint::parse(&url).unwrap(), certificate)
}

fn trusting(certificate: &CertificateDer<'_>) -> (Fetcher, NamedTempFile) {
    let file = NamedTempFile::new().unwrap();
    let text = STANDARD.encode(certificate);
    let pem = format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n");
    std::fs::write(file.path(), pem).unwrap();
    (Fetcher::trusting(file.path()), file)
}

#[tokio::test]
async fn a_certificate_that_is_trusted_is_taken() {
    let (endpoint, certificate) = start("localhost").await;
    let (fetcher, _file) = trusting(&certificate);
    let read = fetcher.get_json(&endpoint).await;
    assert!(read.unwrap().is_empty());
}

#[tokio::test]
async fn a_certificate_nobody_vouches_for_is_refused() {
    let (endpoint, _) = start("localhost").await;
    let error = Fetcher::new().get_json(&endpoint).await.unwrap_err();
    assert!(
        matches!(&error, FetchError::Connect(cause) if cause.contains("certificate")),
        "{error}"
    );
}

#[tokio::test]
async fn a_certificate_of_another_name_is_refused() {
    let (endpoint, certificate) = start("evil.example").await;
    let (fetcher, _file) = trusting(&certificate);
    let error = fetcher.get_json(&endpoint).await.unwrap_err();
    assert!(
        matches!(&error, FetchError::Connect(cause) if cause.contains("certificate")),
        "{error}"
    );
}
