//! The other end of a call, as a plugin may use it through its `Context`.
//!
//! The server implements [`Peer`] over the protocol; [`testing`](crate::testing) implements it in
//! memory. Plugins do not implement it.

use crate::{BoxFuture, Event, Question, ToolError};

/// How far a long call has come.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// Work done so far, in the tool's own unit; it must grow from one report to the next.
    pub done: f64,
    /// All the work there is, when known.
    pub total: Option<f64>,
    /// A short line for people.
    pub message: Option<String>,
}

/// Severity of a log record, by RFC 5424.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the words are those of RFC 5424")]
pub enum LogLevel {
    Debug,
    Info,
    Notice,
    Warning,
    Error,
    Critical,
    Alert,
    Emergency,
}

/// A line for the client's log, sent only to clients that asked for its level.
#[derive(Clone, Debug, PartialEq)]
pub struct LogRecord {
    /// How serious it is.
    pub level: LogLevel,
    /// Which part of the server speaks: the plugin's name.
    pub logger: String,
    /// What is said: text or any JSON value.
    pub data: serde_json::Value,
}

/// What a client declared it can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Capability {
    /// It can put a form before its user.
    Elicitation,
    /// It can run its model for us.
    Sampling,
    /// It can list its workspace roots.
    Roots,
}

/// What a [`Context`](crate::Context) reaches its client through.
pub trait Peer: Send + Sync + 'static {
    /// Sends a progress report; nothing happens if the caller did not ask for any.
    fn progress(&self, progress: Progress) -> BoxFuture<'_, ()>;

    /// Sends a log record; nothing happens if the caller did not ask for its level.
    fn log(&self, record: LogRecord) -> BoxFuture<'_, ()>;

    /// Tells subscribed clients, not only this one, of a change.
    fn publish(&self, event: Event);

    /// Whether the client declared that it can be asked for this.
    fn supports(&self, capability: Capability) -> bool;

    /// Puts questions to the client while the call waits. `Ok(None)` when the protocol revision has no
    /// such way, and the call must instead end and be called again with the answers.
    fn ask<'a>(
        &'a self,
        questions: &'a [(String, Question)],
    ) -> BoxFuture<'a, Result<Option<serde_json::Map<String, serde_json::Value>>, ToolError>>;
}
