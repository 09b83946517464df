//! Who this server is: what its generated `main.rs` said.

/// Name, version and origin of a server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identity {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) description: &'static str,
    /// The version of the factory that generated the server; empty for one written by hand.
    pub(crate) factory: &'static str,
}
