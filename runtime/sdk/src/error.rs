//! A failed call, in two voices: what the model is told, and what the operator's log holds.
//!
//! In the room: the error a plugin returns. Its wire form is the server's business.

use std::{borrow::Cow, error::Error, fmt};

use serde_json::Value;

use crate::{Capability, Question};

/// Why a call did not end well.
///
/// Two voices. [`ToolError::new`] and its like speak to the **model**: say what is wrong and what to do
/// about it; the text reaches the client. Every other error (`?` on an `io::Error`, say) becomes
/// [`internal`](Self::internal): it is logged in full with its causes, and the client reads a general
/// sentence with an id to find it by. So an error nobody thought of leaks nothing.
///
/// Like `anyhow::Error` it does not implement [`std::error::Error`], so that `?` can convert.
pub struct ToolError(Box<Repr>);

pub(crate) struct Repr {
    kind: ToolErrorKind,
    message: Cow<'static, str>,
    source: Option<Box<dyn Error + Send + Sync>>,
    data: Option<Value>,
    input: Option<InputRequired>,
}

/// What sort of failure a [`ToolError`] is: decides its wire form and its metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ToolErrorKind {
    /// The tool could not do what was asked; the message is for the model.
    Failed,
    /// The arguments do not fit; the message is for the model.
    InvalidArguments,
    /// What was named does not exist; the message is for the model.
    NotFound,
    /// Something this depends on is down or overloaded; trying later may help.
    Unavailable,
    /// The call ran out of time.
    TimedOut,
    /// The client lacks a capability that the call needs.
    MissingCapability(Capability),
    /// The call cannot go on before the client answers questions; not a failure.
    InputRequired,
    /// Anything else; the message is for the log only.
    Internal,
}

/// The questions of a call that waits for its client, under the keys of their answers.
#[derive(Clone, Debug, PartialEq)]
pub struct InputRequired {
    /// What is asked, in order.
    pub questions: Vec<(String, Question)>,
}

impl ToolError {
    fn with(kind: ToolErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Repr {
            kind,
            message: message.into(),
            source: None,
            data: None,
            input: None,
        }))
    }

    /// The tool could not do it. `message` is read by the model: what is wrong, and what to do.
    pub fn new(message: impl Into<Cow<'static, str>>) -> Self {
        Self::with(ToolErrorKind::Failed, message)
    }

    /// The arguments do not fit together, or a value is out of its range.
    pub fn invalid_arguments(message: impl Into<Cow<'static, str>>) -> Self {
        Self::with(ToolErrorKind::InvalidArguments, message)
    }

    /// What the arguments name does not exist.
    pub fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::with(ToolErrorKind::NotFound, message)
    }

    /// Something this depends on does not answer now.
    pub fn unavailable(message: impl Into<Cow<'static, str>>) -> Self {
        Self::with(ToolErrorKind::Unavailable, message)
    }

    /// The call ran out of time.
    pub fn timed_out(message: impl Into<Cow<'static, str>>) -> Self {
        Self::with(ToolErrorKind::TimedOut, message)
    }

    /// Something that should not happen, with its cause. The client does not see either.
    pub fn internal(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let mut error = Self::with(ToolErrorKind::Internal, "internal error");
        error.0.source = Some(source.into());
        error
    }

    /// A broken promise of our own, described for the log.
    pub fn bug(message: &'static str) -> Self {
        Self::with(ToolErrorKind::Internal, message)
    }

    pub(crate) fn missing_capability(capability: Capability) -> Self {
        let name = match capability {
            Capability::Elicitation => "elicitation (asking its user)",
            Capability::Sampling => "sampling (running its model)",
            Capability::Roots => "roots (listing its workspaces)",
        };
        Self::with(
            ToolErrorKind::MissingCapability(capability),
            format!("this call needs a client that supports {name}"),
        )
    }

    pub(crate) fn input_required(questions: Vec<(String, Question)>) -> Self {
        let mut error = Self::with(
            ToolErrorKind::InputRequired,
            "the call waits for its client",
        );
        error.0.input = Some(InputRequired { questions });
        error
    }

    /// Adds a cause for the log; the message stays what it is.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Adds machine-readable details for the client.
    #[must_use]
    pub fn with_data(mut self, data: Value) -> Self {
        self.0.data = Some(data);
        self
    }

    /// What sort of failure this is.
    pub fn kind(&self) -> ToolErrorKind {
        self.0.kind
    }

    /// What the client may read; `None` for an internal error.
    pub fn public_message(&self) -> Option<&str> {
        (self.0.kind != ToolErrorKind::Internal).then_some(self.0.message.as_ref())
    }

    /// Machine-readable details for the client.
    pub fn data(&self) -> Option<&Value> {
        self.0.data.as_ref()
    }

    /// The questions of a call that waits for its client.
    pub fn questions(&self) -> Option<&InputRequired> {
        self.0.input.as_ref()
    }

    /// Everything there is to know, causes included: for the operator's log, never for a client.
    pub fn log_message(&self) -> String {
        let mut text = self.0.message.clone().into_owned();
        let mut next = self.0.source.as_ref().map(|source| &**source as &dyn Error);
        while let Some(error) = next {
            text.push_str(": ");
            text.push_str(&error.to_string());
            next = error.source();
        }
        text
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for ToolError {
    fn from(source: E) -> Self {
        Self::internal(source)
    }
}

impl fmt::Debug for ToolError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ToolError")
            .field("kind", &self.0.kind)
            .field("message", &self.log_message())
            .finish()
    }
}

/// What the client may read: an internal error shows as just that.
impl fmt::Display for ToolError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.public_message().unwrap_or("internal error"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_nobody_thought_of_is_not_shown() {
        fn fails() -> Result<(), ToolError> {
            Err(std::io::Error::other("password is hunter2"))?
        }
        let error = fails().expect_err("it fails");
        assert_eq!(error.kind(), ToolErrorKind::Internal);
        assert_eq!(error.public_message(), None);
        assert_eq!(error.to_string(), "internal error");
        assert!(error.log_message().ends_with("password is hunter2"));
    }

    #[test]
    fn a_cause_is_for_the_log_only() {
        let error = ToolError::new("no such branch; list_branches names them")
            .because(std::io::Error::other("secret detail"));
        assert_eq!(
            error.to_string(),
            "no such branch; list_branches names them"
        );
        assert!(error.log_message().contains("secret detail"));
    }
}
