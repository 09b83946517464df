//! `rediss://`: the certificate is checked against what the machine trusts.
//!
//! What it trusts is told by `SSL_CERT_FILE`, so each test runs another time in a process of its own.

use std::{env, path::Path, process::Command};

use tempfile::TempDir;

use crate::{
    log::Log,
    rates::admitted,
    server::{Redis, config, replica},
};

fn openssl(folder: &Path, arguments: &[&str]) {
    let output = Command::new("openssl")
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("openssl, which makes the certificates of this test, is installed");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
}

/// An authority `ca.pem`, and a certificate `server.pem` of it for 127.0.0.1.
fn certificates() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let key = [
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
    ];
    let request = |arguments: &[&str]| {
        let mut all = vec!["req"];
        all.extend(key);
        all.extend(arguments);
        openssl(folder.path(), &all);
    };
    request(&[
        "-x509",
        "-subj",
        "/CN=test authority",
        "-keyout",
        "ca.key",
        "-out",
        "ca.pem",
    ]);
    request(&[
        "-subj",
        "/CN=redis",
        "-keyout",
        "server.key",
        "-out",
        "server.csr",
    ]);
    std::fs::write(folder.path().join("names"), "subjectAltName=IP:127.0.0.1").expect("a file");
    openssl(
        folder.path(),
        &[
            "x509",
            "-req",
            "-in",
            "server.csr",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-days",
            "2",
            "-CAcreateserial",
            "-extfile",
            "names",
            "-out",
            "server.pem",
        ],
    );
    folder
}

fn tls_server(folder: &TempDir) -> Redis {
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (authority, certificate, key) = (path("ca.pem"), path("server.pem"), path("server.key"));
    Redis::start_with(
        &[
            "--tls-port",
            "PORT",
            "--tls-auth-clients",
            "no",
            "--tls-ca-cert-file",
            &authority,
            "--tls-cert-file",
            &certificate,
            "--tls-key-file",
            &key,
        ],
        None,
    )
}

/// Runs the ignored test `name` in a process that trusts `authority` alone.
fn again(name: &str, authority: &Path, redis: &Redis) {
    let output = Command::new(env::current_exe().expect("this program"))
        .args([name, "--exact", "--ignored", "--nocapture"])
        .env("SSL_CERT_FILE", authority)
        .env_remove("SSL_CERT_DIR")
        .env("REDIS_TEST_PORT", redis.port.to_string())
        .output()
        .expect("this program again");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}"
    );
}

#[test]
fn a_certificate_of_a_trusted_authority() {
    let folder = certificates();
    let redis = tls_server(&folder);
    again("tls::trusting", &folder.path().join("ca.pem"), &redis);
    assert_eq!(redis.keys().len(), 1);
}

#[test]
fn a_certificate_of_anybody_else() {
    let (folder, other) = (certificates(), certificates());
    let redis = tls_server(&folder);
    again("tls::doubting", &other.path().join("ca.pem"), &redis);
    assert_eq!(redis.keys().len(), 0);
}

fn url() -> String {
    let port = env::var("REDIS_TEST_PORT").expect("run by another test");
    format!("rediss://127.0.0.1:{port}")
}

#[tokio::test]
#[ignore = "run by a_certificate_of_a_trusted_authority"]
async fn trusting() {
    let config = config(&url());
    assert_eq!(admitted(&replica(&config), "a", 6).await, 6);
    assert_eq!(admitted(&replica(&config), "a", 6).await, 4);
}

#[tokio::test]
#[ignore = "run by a_certificate_of_anybody_else"]
async fn doubting() {
    let (log, _guard) = Log::capture();
    let config = config(&url());
    assert_eq!(
        admitted(&replica(&config), "a", 20).await,
        10,
        "the local limit"
    );
    assert!(
        log.text().contains("invalid peer certificate"),
        "{}",
        log.text()
    );
}
