//! Whom this server trusts: Mozilla's roots, which are inside the binary, those of the system, and those
//! of a file the operator names. One crypto provider, AWS-LC.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

pub use rustls;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use crate::error::OutboundError;

/// The most bytes of a file of certificates.
const MAX_ROOTS_FILE: u64 = 4 * 1024 * 1024;

/// A client's TLS settings: TLS 1.2 and 1.3, certificates checked, no certificate of its own.
///
/// Reads files: call it where blocking is allowed (`spawn_blocking`, or once at start). The system's
/// certificates are read once in the life of the process, `extra_roots` at every call.
pub fn client_config(extra_roots: Option<&Path>) -> Result<Arc<ClientConfig>, OutboundError> {
    let mut roots = Arc::clone(common_roots());
    if let Some(path) = extra_roots {
        add_file(Arc::make_mut(&mut roots), path)?;
    }
    trusting(roots)
}

pub(crate) fn trusting(roots: Arc<RootCertStore>) -> Result<Arc<ClientConfig>, OutboundError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| OutboundError::Tls(Arc::new(error)))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Those inside the binary, and those of the system where there are any.
fn common_roots() -> &'static Arc<RootCertStore> {
    static COMMON: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    COMMON.get_or_init(|| {
        let mut roots = RootCertStore::empty();
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        let found = rustls_native_certs::load_native_certs();
        let (added, ignored) = roots.add_parsable_certificates(found.certs);
        tracing::debug!(added, ignored, "root certificates of the system");
        Arc::new(roots)
    })
}

fn add_file(roots: &mut RootCertStore, path: &Path) -> Result<(), OutboundError> {
    let trouble = |problem: RootsProblem| {
        OutboundError::Roots(Arc::new(BadRoots {
            path: path.to_owned(),
            problem,
        }))
    };
    let mut text = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_ROOTS_FILE + 1).read_to_end(&mut text))
        .map_err(|error| trouble(RootsProblem::Unreadable(error)))?;
    if text.len() as u64 > MAX_ROOTS_FILE {
        return Err(trouble(RootsProblem::TooLarge));
    }
    let mut added = 0;
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|_| trouble(RootsProblem::NotPem))?;
        roots
            .add(certificate)
            .map_err(|_| trouble(RootsProblem::NotACertificate))?;
        added += 1;
    }
    if added == 0 {
        return Err(trouble(RootsProblem::Empty));
    }
    Ok(())
}

/// For the operator, who wrote the path.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", path.display())]
struct BadRoots {
    path: PathBuf,
    problem: RootsProblem,
}

#[derive(Debug, thiserror::Error)]
enum RootsProblem {
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
    #[error("is larger than 4 MiB, which no list of certificates is")]
    TooLarge,
    #[error("is not PEM: it must hold blocks that begin with -----BEGIN CERTIFICATE-----")]
    NotPem,
    #[error("holds a certificate that cannot be a root")]
    NotACertificate,
    #[error(
        "holds no certificate: it must hold blocks that begin with -----BEGIN CERTIFICATE-----"
    )]
    Empty,
}

#[cfg(test)]
mod tests;
