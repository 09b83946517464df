//! Engines behind https: trusted ones get the question, others get nothing.

use std::{io::Write as _, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use serde_json::json;
use tempfile::NamedTempFile;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

use crate::{
    fake::Fake,
    server::{Keyfile, hello, keyed, no_hello, start, story_of},
};

/// Puts TLS before an engine: the port, and the certificate (for `localhost`) as PEM.
async fn encrypted(fake: &Fake) -> (u16, NamedTempFile) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let behind = fake.port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // Who does not trust the certificate leaves here.
            if let Ok(mut outside) = acceptor.accept(stream).await {
                let mut inside = TcpStream::connect(("127.0.0.1", behind)).await.unwrap();
                tokio::spawn(async move { copy_bidirectional(&mut outside, &mut inside).await });
            }
        }
    });
    let mut pem = NamedTempFile::new().unwrap();
    let body = STANDARD.encode(cert.der());
    write!(
        pem,
        "-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"
    )
    .unwrap();
    (port, pem)
}

#[tokio::test]
async fn a_certificate_is_trusted_when_the_operator_says_so_and_not_otherwise() {
    let fake = Fake::answers("hi").await;
    let (port, pem) = encrypted(&fake).await;
    let key = Keyfile::new("a-key-of-ours");
    let chain = |host| {
        let address = json!({ "base_url": format!("https://{host}:{port}/v1") });
        vec![keyed("a", &fake, &[&key], address)]
    };
    let error = no_hello(&start(chain("localhost"), json!({})).await).await;
    assert_eq!(story_of(&error), ["a unreachable"]);
    let roots = json!({ "roots_file": pem.path() });
    // The right certificate at another name.
    let error = no_hello(&start(chain("127.0.0.1"), roots.clone()).await).await;
    assert_eq!(story_of(&error), ["a unreachable"]);
    assert_eq!(fake.count(), 0, "neither the key nor the question was sent");
    assert_eq!(
        hello(&start(chain("localhost"), roots).await).await["text"],
        "hi"
    );
    assert_eq!(
        fake.asked()[0].authorization.as_deref(),
        Some("Bearer a-key-of-ours")
    );
}
