//! New certificates for old: the files are looked at every few seconds, and what is good in them is taken.
//!
//! Connections that are open keep the certificate that they began with.

use std::sync::Arc;
use std::time::Duration;

use super::Shown;
use super::pair::{Look, Pair, TlsFiles};
use crate::lifecycle::Lifecycle;

/// Between two looks. Files that changed are read when they look the same twice: whoever writes two files
/// needs a moment.
const INTERVAL: Duration = Duration::from_secs(2);

/// Runs until the server drains.
pub(super) async fn run(files: TlsFiles, shown: Arc<Shown>, lifecycle: Lifecycle) {
    let mut taken = None;
    let mut before = None;
    loop {
        tokio::select! {
            () = lifecycle.draining() => return,
            () = tokio::time::sleep(INTERVAL) => {}
        }
        let (files, shown) = (files.clone(), Arc::clone(&shown));
        let looking = tokio::task::spawn_blocking(move || look(&files, &shown, taken, before));
        match looking.await {
            Ok((now_taken, now)) => (taken, before) = (now_taken, Some(now)),
            Err(error) => tracing::warn!(%error, "the certificate's files could not be looked at"),
        }
    }
}

/// One look; how the files looked that were read last, and how they look now.
fn look(
    files: &TlsFiles,
    shown: &Shown,
    taken: Option<Look>,
    before: Option<Look>,
) -> (Option<Look>, Look) {
    let now = files.look();
    if taken == Some(now) || before != Some(now) {
        return (taken, now);
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    match Pair::read(files, &provider) {
        Ok(pair) if shown.is(&pair) => {}
        Ok(pair) => {
            pair.warn_of_its_age(files);
            shown.replace(pair);
            tracing::info!("a new certificate is shown from now on");
        }
        Err(problem) => {
            tracing::warn!(%problem, "the new certificate is not taken, the old one stays");
        }
    }
    (Some(now), now)
}
