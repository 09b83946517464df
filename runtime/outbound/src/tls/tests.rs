//! Real TLS on loopback, under a certificate authority of the test's own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tempfile::NamedTempFile;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::testing::{TestServer, redirect, reply};
use crate::{Client, OutboundError, Reach, Redirects, Request};

fn file(text: impl AsRef<[u8]>) -> NamedTempFile {
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

/// The authority's certificate as a file, and a server's side with a certificate for `name`.
fn authority(name: &str) -> (NamedTempFile, TlsAcceptor) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let root = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec![name.to_owned()])
        .unwrap()
        .signed_by(&key, &issuer)
        .unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![leaf.der().clone()],
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )
        .unwrap();
    let pem = format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        STANDARD.encode(root.der())
    );
    (file(pem), TlsAcceptor::from(Arc::new(config)))
}

fn trusting(roots: &NamedTempFile) -> Client {
    Client::builder(Reach::operator())
        .roots_file(roots.path())
        .build()
        .unwrap()
}

#[tokio::test]
async fn an_authority_of_the_operators_is_trusted() {
    for name in ["localhost", "127.0.0.1"] {
        let (roots, acceptor) = authority(name);
        let server = TestServer::tls(acceptor, |_| reply(200, "", "hello")).await;
        let mut url = server.url("/");
        url.set_host(Some(name)).unwrap();
        let answer = trusting(&roots).send(Request::get(url)).await.unwrap();
        assert_eq!(answer.bytes().await.unwrap(), "hello", "{name}");
    }
}

#[tokio::test]
async fn a_dot_at_the_end_of_a_name_changes_nothing() {
    let (roots, acceptor) = authority("localhost");
    let server = TestServer::tls(acceptor, |_| reply(200, "", "")).await;
    let url = format!("https://localhost.:{}/", server.port)
        .parse()
        .unwrap();
    assert!(trusting(&roots).send(Request::get(url)).await.is_ok());
}

#[tokio::test]
async fn a_certificate_of_nobody_known_or_of_another_name_is_refused() {
    let (roots, acceptor) = authority("other.example");
    let server = TestServer::tls(acceptor, |_| reply(200, "", "")).await;
    let unknown = Client::builder(Reach::operator()).build().unwrap();
    for client in [unknown, trusting(&roots)] {
        let error = client
            .send(Request::get(server.url("/")))
            .await
            .unwrap_err();
        assert!(matches!(error, OutboundError::Tls(_)), "{error:?}");
        assert!(error.innermost().contains("certificate"), "{error:?}");
        assert!(!error.to_string().contains("127.0.0.1"));
    }
    assert!(server.seen().is_empty(), "nothing was sent");
}

#[tokio::test]
async fn a_server_without_tls_is_told_from_one_with() {
    let server = TestServer::start(|_| reply(200, "", "")).await;
    let url = format!("https://127.0.0.1:{}/", server.port)
        .parse()
        .unwrap();
    let client = Client::builder(Reach::operator())
        .connect_timeout(std::time::Duration::from_secs(2))
        .build()
        .unwrap();
    let error = client.send(Request::get(url)).await.unwrap_err();
    assert!(
        matches!(error, OutboundError::Tls(_) | OutboundError::Connect(_)),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_redirect_from_https_to_http_is_not_followed() {
    let plain = TestServer::start(|_| reply(200, "", "secret")).await;
    let to = plain.url("/").to_string();
    let (roots, acceptor) = authority("127.0.0.1");
    let server = TestServer::tls(acceptor, move |_| redirect(302, &to)).await;
    let request = Request::get(server.url("/")).follow(Redirects::up_to(5));
    let error = trusting(&roots).send(request).await.unwrap_err();
    assert!(
        error.to_string().contains("from https to plain http"),
        "{error}"
    );
    assert!(plain.seen().is_empty());
}

#[tokio::test]
async fn a_wrong_file_of_roots_is_told_at_start_with_its_path() {
    let missing = Path::new("/nonexistent/roots.pem").to_owned();
    let (empty, text, broken) = (
        file(""),
        file("hello"),
        file("-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n"),
    );
    let not_one = file("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let giant = file(vec![b'\n'; 4 * 1024 * 1024 + 1]);
    for (path, part) in [
        (missing.as_path(), "cannot be read"),
        (empty.path(), "holds no certificate"),
        (text.path(), "holds no certificate"),
        (broken.path(), "is not PEM"),
        (not_one.path(), "cannot be a root"),
        (giant.path(), "larger than 4 MiB"),
    ] {
        let client = Client::builder(Reach::operator())
            .roots_file(path)
            .build()
            .unwrap();
        let error = client.prepare().await.unwrap_err();
        assert!(matches!(error, OutboundError::Roots(_)), "{error:?}");
        let told = error.innermost();
        assert!(told.contains(part), "{told}");
        assert!(told.starts_with(&path.display().to_string()), "{told}");
        assert!(!error.to_string().contains('/'), "{error}");
    }
}

#[test]
fn mozillas_roots_are_inside() {
    let embedded = webpki_roots::TLS_SERVER_ROOTS.len();
    assert!(embedded > 50);
    assert!(common_roots().len() >= embedded);
    let config = client_config(None).unwrap();
    assert!(config.alpn_protocols.is_empty(), "postgres offers none");
}
