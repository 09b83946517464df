//! TLS: what is spoken under it, who is kept waiting, and for how long.

use std::path::Path;

use base64::Engine as _;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::*;
use crate::http::tls::HANDSHAKES;

/// A folder with a certificate and its key.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.renew();
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a new certificate and its key.
    fn renew(&self) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let text = pem("CERTIFICATE", certificate.der());
        std::fs::write(self.path().join("certificate.pem"), text).unwrap();
        self.write_key(&pem("PRIVATE KEY", &key.serialize_der()));
    }

    fn write_key(&self, text: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.path().join("key.pem");
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn load(&self) -> Tls {
        Tls::load(TlsFiles {
            certificate: self.path().join("certificate.pem"),
            key: format!("file:{}", self.path().join("key.pem").display())
                .parse()
                .unwrap(),
        })
        .unwrap()
    }

    /// A client that trusts the certificate of now and asks for these protocols.
    async fn connect(
        &self,
        server: &Server,
        names: &[&str],
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let pem = std::fs::read(self.path().join("certificate.pem")).unwrap();
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(&pem).unwrap())
            .unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = names.iter().map(|name| name.as_bytes().to_vec()).collect();
        let name = ServerName::try_from("localhost").unwrap();
        let stream = server.connect().await;
        TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
}

fn start(folder: &Folder, limits: HttpLimits) -> Server {
    Server::sealed(limits, Some(folder.load()))
}

/// One call over HTTP/1.1 under TLS, on a connection that goes on.
async fn call(stream: &mut TlsStream<TcpStream>) -> String {
    let request = post(message("echo", "sealed"));
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = vec![0; 1000];
    let read = stream.read(&mut answer).await.unwrap();
    String::from_utf8(answer[..read].to_vec()).unwrap()
}

#[tokio::test]
async fn both_versions_are_spoken_under_it() {
    let folder = Folder::new();
    let server = start(&folder, limits());
    for names in [&[][..], &["http/1.1"], &["http/1.1", "unknown"]] {
        let mut stream = folder.connect(&server, names).await.unwrap();
        assert_ne!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        for _ in 0..2 {
            assert!(
                call(&mut stream).await.starts_with("HTTP/1.1 200"),
                "{names:?}"
            );
        }
    }
    let stream = folder.connect(&server, &["h2", "http/1.1"]).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (requests, connection) = h2::client::handshake(stream).await.unwrap();
    let driving = tokio::spawn(connection);
    let mut requests = requests.ready().await.unwrap();
    let request = http::Request::get("https://localhost/livez")
        .body(())
        .unwrap();
    let (response, _) = requests.send_request(request, true).unwrap();
    assert_eq!(response.await.unwrap().status(), 200);
    driving.abort();
}

#[tokio::test]
async fn who_does_not_greet_in_time_is_closed() {
    let folder = Folder::new();
    let millis = Duration::from_millis;
    for (name, bytes, header) in [
        ("silence", &b""[..], 300),
        ("half a greeting", &[22, 3, 1, 1, 0, 1, 0, 0, 252][..], 300),
        // Nobody waits for these to be over.
        (
            "plain HTTP",
            &b"GET /livez HTTP/1.1\r\nhost: a\r\n\r\n"[..],
            30_000,
        ),
        (
            "plain HTTP/2",
            &b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..],
            30_000,
        ),
    ] {
        let server = start(&folder, patient(header, 30_000));
        let least = if header < 30_000 { 250 } else { 0 };
        let mut stream = server.connect().await;
        let began = Instant::now();
        stream.write_all(bytes).await.unwrap();
        let mut heard = Vec::new();
        let reading = stream.read_to_end(&mut heard);
        let closed = tokio::time::timeout(millis(5000), reading).await;
        assert!(closed.is_ok(), "{name}: still open");
        let took = began.elapsed();
        assert!(took >= millis(least), "{name}: {took:?}");
        assert!(!String::from_utf8_lossy(&heard).contains("HTTP/"), "{name}");
    }
}

#[tokio::test]
async fn under_it_the_same_silences_count() {
    let folder = Folder::new();
    let millis = Duration::from_millis;
    for (said, limits, least) in [
        ("", patient(300, 30_000), 250),
        ("POST /mcp HTTP/1.1\r\nhost: loc", patient(300, 30_000), 250),
        (
            "GET /livez HTTP/1.1\r\nhost: a\r\n\r\n",
            patient(30_000, 700),
            650,
        ),
    ] {
        let server = start(&folder, limits);
        let mut stream = folder.connect(&server, &[]).await.unwrap();
        let began = Instant::now();
        stream.write_all(said.as_bytes()).await.unwrap();
        let mut heard = Vec::new();
        let reading = stream.read_to_end(&mut heard);
        let closed = tokio::time::timeout(millis(5000), reading).await;
        assert!(closed.is_ok(), "{said}: still open");
        let took = began.elapsed();
        assert!(took >= millis(least), "{said}: {took:?}");
    }
    let server = start(&folder, limits());
    // And who does not read: the answers pile up in TLS before they do in the socket.
    let mut stream = folder.connect(&server, &[]).await.unwrap();
    let request = post(message("echo", "x".repeat(190_000)));
    let began = Instant::now();
    let flood = async { while stream.write_all(request.as_bytes()).await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(8), flood)
        .await
        .expect("the server cut it off");
    assert!(began.elapsed() > millis(450));
}

#[tokio::test]
async fn only_so_many_greet_at_once() {
    let folder = Folder::new();
    let server = start(
        &folder,
        HttpLimits {
            connections: 3 * HANDSHAKES,
            ..patient(30_000, 30_000)
        },
    );
    let mut silent = Vec::new();
    for _ in 0..HANDSHAKES {
        silent.push(server.connect().await);
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(
        folder.connect(&server, &[]).await.is_ok(),
        "who says nothing keeps nobody out"
    );
    let hello = hello();
    let mut begun = Vec::new();
    for _ in 0..HANDSHAKES {
        let mut stream = server.connect().await;
        stream.write_all(&hello).await.unwrap();
        // Its place is taken when the answer comes.
        stream.read_u8().await.unwrap();
        begun.push(stream);
    }
    assert!(folder.connect(&server, &[]).await.is_err(), "one too many");
    begun.truncate(HANDSHAKES / 2);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(
        folder.connect(&server, &[]).await.is_ok(),
        "there is room again"
    );
}

/// The first word of a client.
fn hello() -> Vec<u8> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let mut client = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    let mut bytes = Vec::new();
    while client.wants_write() {
        client.write_tls(&mut bytes).unwrap();
    }
    bytes
}

#[tokio::test]
async fn a_drain_does_not_wait_for_greetings() {
    let folder = Folder::new();
    let server = start(&folder, patient(30_000, 30_000));
    let mut silent = server.connect().await;
    let mut idle = folder.connect(&server, &[]).await.unwrap();
    call(&mut idle).await;
    let mut busy = folder.connect(&server, &[]).await.unwrap();
    let request = post(message("slow", 300));
    busy.write_all(request.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    server.lifecycle.drain();
    let soon = Duration::from_secs(3);
    let closed = tokio::time::timeout(soon, silent.read(&mut [0; 10])).await;
    assert!(matches!(closed, Ok(Ok(0) | Err(_))), "{closed:?}");
    let closed = tokio::time::timeout(soon, idle.read(&mut [0; 10])).await;
    assert!(matches!(closed, Ok(Ok(0) | Err(_))), "{closed:?}");
    let mut answer = String::new();
    busy.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    drop((silent, idle, busy));
    tokio::time::timeout(Duration::from_secs(5), server.serving)
        .await
        .expect("gone")
        .unwrap();
}

#[tokio::test]
async fn a_renewed_certificate_is_taken_and_a_broken_one_is_not() {
    let folder = Folder::new();
    let server = start(
        &folder,
        HttpLimits {
            patience: Patience {
                idle: Duration::from_secs(30),
                ..limits().patience
            },
            ..limits()
        },
    );
    let mut open = folder.connect(&server, &[]).await.unwrap();
    call(&mut open).await;
    let renewed = || async {
        for _ in 0..80 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            if folder.connect(&server, &[]).await.is_ok() {
                return true;
            }
        }
        false
    };
    folder.renew();
    assert!(renewed().await, "the new one is not shown");
    assert!(
        call(&mut open).await.starts_with("HTTP/1.1 200"),
        "the old connection goes on"
    );

    let good = std::fs::read_to_string(folder.path().join("key.pem")).unwrap();
    folder.write_key("-----BEGIN PRIVATE KEY-----\nbm8=\n-----END PRIVATE KEY-----\n");
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(
        folder.connect(&server, &[]).await.is_ok(),
        "the last good one stays"
    );
    folder.write_key(&good);
    folder.renew();
    assert!(renewed().await, "and is followed by the next");
}
