//! A certificate and its key, read and judged.

use std::fmt;
use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mcp_factory_sdk::SecretReference;
use rustls::CertificateError::{Expired, ExpiredContext, NotValidYet, NotValidYetContext};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{Error, RootCertStore};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

/// The most bytes of a file of certificates.
const LARGEST: u64 = 1 << 20;

/// The table `[http.tls]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TlsFiles {
    /// A PEM file: the server's certificate first, then those between it and a root.
    pub(crate) certificate: PathBuf,
    /// Where its private key is, as PEM: `file:PATH`, `env:NAME`, or in a store.
    // Named, so that a missing one is said to be missing.
    #[serde(deserialize_with = "SecretReference::deserialize")]
    pub(crate) key: SecretReference,
}

/// What is wrong with one of the two.
#[derive(Debug)]
pub(crate) struct TlsProblem {
    /// `certificate` or `key`.
    pub(crate) field: &'static str,
    pub(crate) message: String,
}

/// How the files (or what was fetched from a store) look from outside; one that is renewed looks different.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Look([Option<(u64, u64, i64, i64)>; 2]);

/// A certificate with the key that belongs to it.
#[derive(Debug)]
pub(super) struct Pair {
    certified: Arc<CertifiedKey>,
    digest: [u8; 32],
    /// It is shown all the same: a client with a clock of its own may not mind.
    untimely: Option<String>,
}

impl TlsFiles {
    /// A look from outside, without reading.
    pub(super) fn look(&self) -> Look {
        let look = |path: &Path| {
            let seen = fs::metadata(path).ok()?;
            Some((seen.ino(), seen.len(), seen.mtime(), seen.mtime_nsec()))
        };
        let key = match &self.key {
            SecretReference::File(path) => look(path),
            SecretReference::Store(_) => self.key.kept_version().map(|version| (0, version, 0, 0)),
            SecretReference::Environment(_) => None,
        };
        Look([look(&self.certificate), key])
    }
}

impl Pair {
    /// Reads and judges both.
    pub(super) fn read(
        files: &TlsFiles,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self, TlsProblem> {
        let shown = files.certificate.display();
        let text = read(&files.certificate)
            .map_err(|problem| TlsProblem::certificate(format!("{shown} {problem}")))?;
        let chain = CertificateDer::pem_slice_iter(&text)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| {
                TlsProblem::certificate(format!("{shown} is damaged: a block of it is no PEM"))
            })?;
        if chain.is_empty() {
            return Err(TlsProblem::certificate(format!(
                "{shown} holds no certificate: it must hold blocks that begin with -----BEGIN CERTIFICATE-----, \
                 the server's own first"
            )));
        }
        let key = files
            .key
            .read()
            .map_err(|problem| TlsProblem::key(problem.to_string()))?;
        let mut digest = Sha256::new();
        digest.update(&text);
        digest.update(key.expose());
        let certified = CertifiedKey::new(chain, signing_key(files, key.expose(), provider)?);
        match certified.keys_match() {
            // Of some keys it cannot be told; none of AWS-LC's is of them.
            Ok(()) | Err(Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => {}
            Err(Error::InconsistentKeys(_)) => {
                return Err(TlsProblem::key(format!(
                    "{} does not belong to the first certificate in {shown}",
                    files.key
                )));
            }
            Err(_) => {
                return Err(TlsProblem::certificate(format!(
                    "{shown}: the first certificate in it cannot be read"
                )));
            }
        }
        let untimely = untimely(&certified.cert, provider);
        Ok(Self {
            certified: Arc::new(certified),
            digest: digest.finalize().into(),
            untimely,
        })
    }

    pub(super) fn certified(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.certified)
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.digest == other.digest
    }

    /// Says in the log that clients will refuse it, when they will.
    pub(super) fn warn_of_its_age(&self, files: &TlsFiles) {
        if let Some(untimely) = &self.untimely {
            tracing::warn!(file = %files.certificate.display(), "{untimely}: clients will refuse it");
        }
    }
}

/// The text of a file, or what is wrong with it.
fn read(path: &Path) -> Result<Vec<u8>, String> {
    let unreadable = |error| format!("cannot be read: {error}");
    let file = File::open(path).map_err(unreadable)?;
    if !file.metadata().map_err(unreadable)?.is_file() {
        return Err("is no file".to_owned());
    }
    let mut text = Vec::new();
    file.take(LARGEST + 1)
        .read_to_end(&mut text)
        .map_err(unreadable)?;
    if text.len() as u64 > LARGEST {
        return Err("is larger than 1 MiB, which no chain of certificates is".to_owned());
    }
    Ok(text)
}

fn signing_key(
    files: &TlsFiles,
    text: &str,
    provider: &CryptoProvider,
) -> Result<Arc<dyn rustls::sign::SigningKey>, TlsProblem> {
    let place = &files.key;
    if text.contains("ENCRYPTED") {
        return Err(TlsProblem::key(format!(
            "the key in {place} is encrypted, and nobody is here to open it: openssl pkey -in KEY -out PLAIN"
        )));
    }
    let key = PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|_| {
        TlsProblem::key(format!(
            "{place} holds no private key: it must hold a block that begins with -----BEGIN PRIVATE KEY-----"
        ))
    })?;
    provider.key_provider.load_private_key(key).map_err(|_| {
        TlsProblem::key(format!(
            "the key in {place} cannot be used: it must be RSA of 2048 bits or more, ECDSA or Ed25519"
        ))
    })
}

/// What the dates of the first certificate say against it.
fn untimely(chain: &[CertificateDer<'static>], provider: &Arc<CryptoProvider>) -> Option<String> {
    let own = chain.first()?;
    let mut roots = RootCertStore::empty();
    // A verifier wants a root; the dates are judged before it is asked for.
    roots.add(own.clone()).ok()?;
    let verifier =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
            .build()
            .ok()?;
    let nobody = ServerName::try_from("localhost").ok()?;
    let judged = verifier.verify_server_cert(own, &[], &nobody, &[], UnixTime::now());
    match judged {
        Err(Error::InvalidCertificate(Expired | ExpiredContext { .. })) => {
            Some("the certificate has expired".to_owned())
        }
        Err(Error::InvalidCertificate(NotValidYet | NotValidYetContext { .. })) => {
            Some("the certificate is not valid yet".to_owned())
        }
        _ => None,
    }
}

impl TlsProblem {
    fn certificate(message: String) -> Self {
        Self {
            field: "certificate",
            message,
        }
    }

    fn key(message: String) -> Self {
        Self {
            field: "key",
            message,
        }
    }

    pub(super) fn of_tls(error: &Error) -> Self {
        Self::certificate(format!("TLS cannot be set up: {error}"))
    }
}

impl fmt::Display for TlsProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`http.tls.{}`: {}", self.field, self.message)
    }
}

#[cfg(test)]
mod tests;
