//! Everything that can be wrong with the files, in the operator's words.

use std::os::unix::fs::PermissionsExt as _;

use base64::Engine as _;
use rcgen::{CertificateParams, KeyPair, date_time_ymd};

use super::*;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    fn read(&self, certificate: &str, key: &str) -> Result<Pair, TlsProblem> {
        let files = TlsFiles {
            certificate: self.write("certificate.pem", certificate),
            key: SecretReference::File(self.write("key.pem", key)),
        };
        read_files(&files)
    }
}

fn read_files(files: &TlsFiles) -> Result<Pair, TlsProblem> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    Pair::read(files, &provider)
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
}

/// A certificate of these years and its key, as PEM.
fn made(from: i32, to: i32) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(to, 1, 1);
    let certificate = params.self_signed(&key).unwrap();
    (
        pem("CERTIFICATE", certificate.der()),
        pem("PRIVATE KEY", &key.serialize_der()),
    )
}

#[test]
fn a_pair_is_read_and_told_from_another() {
    let folder = Folder::new();
    let (certificate, key) = made(2020, 2999);
    let first = folder.read(&certificate, &key).unwrap();
    assert_eq!(first.untimely, None);
    assert_eq!(first.certified().cert.len(), 1);
    let chain = format!("a comment\n{certificate}\n{certificate}");
    assert_eq!(folder.read(&chain, &key).unwrap().certified().cert.len(), 2);
    assert!(first.is_same(&folder.read(&certificate, &key).unwrap()));
    let (certificate, key) = made(2020, 2999);
    assert!(!first.is_same(&folder.read(&certificate, &key).unwrap()));
}

#[test]
fn what_is_wrong_is_said_with_the_file_and_the_fix() {
    let folder = Folder::new();
    let (certificate, key) = made(2020, 2999);
    let (_, other_key) = made(2020, 2999);
    let encrypted =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let no_key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let no_certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let large = "x".repeat(2 << 20);
    for (certificate, key, field, said) in [
        ("", &*key, "certificate", "holds no certificate"),
        (&*key, &*key, "certificate", "-----BEGIN CERTIFICATE-----"),
        (
            "-----BEGIN CERTIFICATE-----\n!",
            &*key,
            "certificate",
            "damaged",
        ),
        (no_certificate, &*key, "certificate", "cannot be read"),
        (&*large, &*key, "certificate", "larger than 1 MiB"),
        (&*certificate, "", "key", "is empty"),
        (
            &*certificate,
            &*certificate,
            "key",
            "-----BEGIN PRIVATE KEY-----",
        ),
        (&*certificate, encrypted, "key", "openssl pkey"),
        (&*certificate, no_key, "key", "ECDSA or Ed25519"),
        (
            &*certificate,
            &*other_key,
            "key",
            "does not belong to the first certificate",
        ),
    ] {
        let problem = folder.read(certificate, key).unwrap_err();
        let shown = problem.to_string();
        assert_eq!(problem.field, field, "{shown}");
        assert!(
            shown.contains(said) && shown.contains(".pem"),
            "{said}: {shown}"
        );
        let secret = key
            .lines()
            .nth(1)
            .filter(|line| line.len() > 20 && key != certificate);
        assert!(
            secret.is_none_or(|secret| !shown.contains(secret)),
            "{shown}"
        );
    }
    for (path, said) in [("none.pem", "cannot be read"), (".", "is no file")] {
        let files = TlsFiles {
            certificate: folder.0.path().join(path),
            key: SecretReference::File(folder.write("key.pem", &key)),
        };
        let problem = read_files(&files).unwrap_err();
        assert!(problem.message.contains(said), "{problem}");
    }
    let path = folder.write("open.pem", &key);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let files = TlsFiles {
        certificate: folder.write("certificate.pem", &certificate),
        key: SecretReference::File(path),
    };
    let problem = read_files(&files).unwrap_err();
    assert!(problem.to_string().contains("chmod 600"), "{problem}");
}

#[test]
fn dates_are_told_and_keep_nothing_from_starting() {
    let folder = Folder::new();
    for (from, to, said) in [
        (2001, 2002, Some("the certificate has expired")),
        (2900, 2999, Some("the certificate is not valid yet")),
        (2020, 2999, None),
    ] {
        let (certificate, key) = made(from, to);
        let pair = folder.read(&certificate, &key).unwrap();
        assert_eq!(pair.untimely.as_deref(), said, "{from}");
    }
}

#[test]
fn the_table_has_two_keys_and_needs_both() {
    let read =
        |json: &str| serde_json::from_str::<TlsFiles>(json).map_err(|error| error.to_string());
    assert!(read(r#"{"certificate":"c.pem","key":"file:k.pem"}"#).is_ok());
    for (json, said) in [
        (r#"{"certificate":"c.pem"}"#, "missing field `key`"),
        (r#"{"key":"env:KEY"}"#, "missing field `certificate`"),
        (r#"{"certificate":"c.pem","key":"k.pem"}"#, "file:/path"),
        (
            r#"{"certificate":"c.pem","key":"env:K","ca":"x"}"#,
            "unknown field",
        ),
    ] {
        let error = read(json).unwrap_err();
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn a_new_key_in_a_store_is_seen() {
    let folder = Folder::new();
    let (certificate, key) = made(2020, 2999);
    let keep = |text: &str| {
        let secret = mcp_factory_sdk::Secret::new(text.to_owned());
        mcp_factory_sdk::keep_secret("vault:tls/pair#key", secret)
    };
    keep("of before");
    let files = TlsFiles {
        certificate: folder.write("certificate.pem", &certificate),
        key: SecretReference::Store("vault:tls/pair#key".to_owned()),
    };
    let before = files.look();
    assert_eq!(files.look(), before);
    keep(&key);
    assert_ne!(files.look(), before);
    assert!(read_files(&files).is_ok());
}
