//! What is done to a server on purpose, one family of faults a file, and that nothing of it stays behind.
//!
//! `docs/faults.md` has a row for each, to which `faults_page` holds it.

mod bodies;
mod cancel;
mod descriptors;
mod disk;
mod drain;
mod frames;
mod http2;
mod log;
mod overload;
mod slow;
mod smuggling;
mod stdio;
mod stdio_end;
mod stdio_flow;
mod stdio_lines;
mod stdio_noise;
mod tools;

use std::time::Duration;

use mcp_factory_tests::{HttpServer, eventually};

/// The two ways of a request through the server, which nobody may tell apart.
pub(crate) const LANES: [&str; 2] = ["server.fast_lane=true", "server.fast_lane=false"];

/// Waits until the calls that began are gone.
pub(crate) fn assert_dropped(http: &HttpServer, calls: u64) {
    let counts = eventually(Duration::from_secs(10), || {
        Some(http.counts()).filter(|counts| *counts == (calls, calls))
    });
    assert!(counts.is_some(), "still running: {:?}", http.counts());
}

/// Waits until so many calls have begun; there may be more by the time that somebody looks.
pub(crate) fn await_begun(http: &HttpServer, calls: u64) {
    let begun = eventually(Duration::from_secs(10), || {
        (http.counts().0 >= calls).then_some(())
    });
    assert!(
        begun.is_some(),
        "the call did not begin: {:?}",
        http.counts()
    );
}
