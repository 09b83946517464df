//! The protocol as a whole, over a plugin that has one of everything (`fixture`) and asked in every way that a
//! generator thinks of (`generate`): both lanes answer alike over HTTP (`lanes`), also inside a session, which sleeps
//! and wakes (`sessions`, `session_calls`; `client` is who asks there), and in conversations on stdio
//! (`conversation`, `stdio_lanes`). And what comes of a panic (`panics`).

mod client;
mod conversation;
mod fixture;
mod generate;
mod lanes;
mod panics;
mod session_calls;
mod sessions;
mod stdio_lanes;
