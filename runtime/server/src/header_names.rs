//! The headers of the protocol's own (MCP, "Streamable HTTP"): for those who guard a request, and for who answers it.

use http::HeaderName;

/// The revision of the protocol.
pub(crate) const VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
/// The session, in the older era.
pub(crate) const SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");
/// What is asked, in the newer era.
pub(crate) const METHOD: HeaderName = HeaderName::from_static("mcp-method");
/// The name or URI that it is about, in the newer era.
pub(crate) const NAME: HeaderName = HeaderName::from_static("mcp-name");
