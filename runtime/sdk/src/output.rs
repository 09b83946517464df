//! What a tool answers.

use std::any::{Any, TypeId};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::{Content, EmbeddedResource, Link, ToolError, kept, schema};

/// A tool's answer: content blocks for the model and, for typed results, structured content.
///
/// Most tools return their own `Serialize + JsonSchema` type or a `String` instead and never name
/// this one. It is for mixed content.
#[derive(Clone, Debug, Default)]
pub struct Output {
    content: Vec<Content>,
    structured: Option<Structured>,
}

/// Structured content: the JSON text of an object.
#[derive(Clone, Debug)]
enum Structured {
    /// What the first block says: it may be long, and is there once.
    FirstText,
    Json(String),
}

impl Output {
    /// An answer with nothing in it yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a block of text.
    #[must_use]
    pub fn text(self, text: impl Into<String>) -> Self {
        self.content(Content::text(text))
    }

    /// Adds a picture, as its encoded bytes.
    #[must_use]
    pub fn image(self, data: impl Into<Vec<u8>>, mime_type: impl Into<String>) -> Self {
        self.content(Content::image(data, mime_type))
    }

    /// Adds a sound, as its encoded bytes.
    #[must_use]
    pub fn audio(self, data: impl Into<Vec<u8>>, mime_type: impl Into<String>) -> Self {
        self.content(Content::audio(data, mime_type))
    }

    /// Encloses a resource.
    #[must_use]
    pub fn resource(self, resource: EmbeddedResource) -> Self {
        self.content(Content::Resource(resource))
    }

    /// Adds a pointer to a resource.
    #[must_use]
    pub fn link(self, link: Link) -> Self {
        self.content(Content::Link(link))
    }

    /// Adds any block.
    #[must_use]
    pub fn content(mut self, content: Content) -> Self {
        self.content.push(content);
        self
    }

    /// Sets the structured content. `value` must serialise to a JSON object.
    ///
    /// # Errors
    /// When it cannot be serialised, or is not an object.
    pub fn structured(mut self, value: &impl Serialize) -> Result<Self, ToolError> {
        let json = to_json(value)?;
        if !json.starts_with('{') {
            return Err(ToolError::bug("structured content must be a JSON object"));
        }
        self.structured = Some(Structured::Json(json));
        Ok(self)
    }

    /// The blocks, in order.
    pub fn blocks(&self) -> &[Content] {
        &self.content
    }

    /// The structured content, as JSON text.
    pub fn structured_json(&self) -> Option<&str> {
        match self.structured.as_ref()? {
            Structured::FirstText => self.content.first()?.as_text(),
            Structured::Json(json) => Some(json),
        }
    }

    /// The blocks alone.
    pub fn into_blocks(self) -> Vec<Content> {
        self.content
    }
}

/// What a `#[tool]` function may return, alone or in a `Result`.
///
/// Implemented for [`Output`], for [`Content`] and for every type that is `Serialize + JsonSchema`:
/// one that serialises to a JSON object is sent as structured content with an output schema, and as
/// JSON text beside it for clients that read only text; a string is sent as text; `()` as no content.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the result of a tool",
    label = "not a tool result",
    note = "return `String`, `Output`, or a type that derives `Serialize` and `JsonSchema`",
    note = "or a `Result` of one of them, spelt out: the macro does not see through an alias"
)]
pub trait IntoOutput {
    /// The schema of the structured content; `None` when there is none.
    fn output_schema() -> Option<Value>;

    /// Turns the value into an answer.
    ///
    /// # Errors
    /// When the value cannot be serialised.
    fn into_output(self) -> Result<Output, ToolError>;
}

impl IntoOutput for Output {
    fn output_schema() -> Option<Value> {
        None
    }

    fn into_output(self) -> Result<Output, ToolError> {
        Ok(self)
    }
}

impl IntoOutput for Content {
    fn output_schema() -> Option<Value> {
        None
    }

    fn into_output(self) -> Result<Output, ToolError> {
        Ok(Output::new().content(self))
    }
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + JsonSchema + 'static> IntoOutput for T {
    fn output_schema() -> Option<Value> {
        schema::of_object::<T>()
    }

    fn into_output(self) -> Result<Output, ToolError> {
        // A text may be long: it is taken, not copied.
        let mut value = Some(self);
        let any: &mut dyn Any = &mut value;
        if let Some(text) = any.downcast_mut::<Option<String>>() {
            return Ok(Output::new().text(text.take().unwrap_or_default()));
        }
        match &value {
            Some(value) if !is_unit::<T>() => of_json(to_json(value)?),
            _ => Ok(Output::new()),
        }
    }
}

fn is_unit<T: 'static>() -> bool {
    TypeId::of::<T>() == TypeId::of::<()>()
}

/// What a value is in JSON. Compiled for each type, so what need not be is in [`copied`].
fn to_json<T: Serialize>(value: &T) -> Result<String, ToolError> {
    let mut buffer = kept::take();
    let written = serde_json::to_writer(&mut buffer, value);
    copied(buffer, written)
}

fn copied(buffer: Vec<u8>, written: serde_json::Result<()>) -> Result<String, ToolError> {
    written.map_err(ToolError::internal)?;
    let json = str::from_utf8(&buffer)
        .map_err(ToolError::internal)?
        .to_owned();
    kept::give_back(buffer);
    Ok(json)
}

/// The answer that a value is, which is `json`.
fn of_json(json: String) -> Result<Output, ToolError> {
    Ok(match json.as_bytes().first() {
        Some(b'"') => {
            Output::new().text(serde_json::from_str::<String>(&json).map_err(ToolError::internal)?)
        }
        Some(b'{') => Output {
            structured: Some(Structured::FirstText),
            ..Output::new().text(json)
        },
        _ => Output::new().text(json),
    })
}
