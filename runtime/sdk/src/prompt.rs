//! What getting a prompt yields.

use crate::{Content, ToolError};

/// Messages that a client puts before its model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prompt {
    /// What this instance of the prompt is for; the prompt's own description when `None`.
    pub description: Option<String>,
    /// The messages, in order.
    pub messages: Vec<PromptMessage>,
}

/// One message of a prompt.
#[derive(Clone, Debug, PartialEq)]
pub struct PromptMessage {
    /// Whose words they are.
    pub role: Role,
    /// What is said.
    pub content: Content,
}

/// Who speaks in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The person.
    User,
    /// The model.
    Assistant,
}

impl Prompt {
    /// A prompt without messages yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds words of the person.
    #[must_use]
    pub fn user(self, content: impl Into<Content>) -> Self {
        self.message(Role::User, content)
    }

    /// Adds words of the model.
    #[must_use]
    pub fn assistant(self, content: impl Into<Content>) -> Self {
        self.message(Role::Assistant, content)
    }

    fn message(mut self, role: Role, content: impl Into<Content>) -> Self {
        self.messages.push(PromptMessage {
            role,
            content: content.into(),
        });
        self
    }
}

/// What a `#[prompt]` function may return, alone or in a `Result`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a prompt",
    label = "return `Prompt` or `String` (or a `Result` of one of them)"
)]
pub trait IntoPrompt {
    /// Turns the value into messages.
    fn into_prompt(self) -> Result<Prompt, ToolError>;
}

impl IntoPrompt for Prompt {
    fn into_prompt(self) -> Result<Prompt, ToolError> {
        Ok(self)
    }
}

impl IntoPrompt for String {
    fn into_prompt(self) -> Result<Prompt, ToolError> {
        Ok(Prompt::new().user(self))
    }
}

impl IntoPrompt for &str {
    fn into_prompt(self) -> Result<Prompt, ToolError> {
        Ok(Prompt::new().user(self))
    }
}
