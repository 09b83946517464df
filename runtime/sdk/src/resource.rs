//! What reading a resource yields.

use crate::ToolError;

/// The contents of a resource: one part, or several for a resource that is a collection.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// The parts, in order. Empty is sent as an error: the resource does not exist.
    pub parts: Vec<ResourcePart>,
}

/// One part of a resource.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourcePart {
    /// Its own URI; the URI that was asked for when `None`.
    pub uri: Option<String>,
    /// Its media type; the one the resource declares when `None`.
    pub mime_type: Option<String>,
    /// What is in it.
    pub body: ResourceBody,
}

/// Text or bytes.
#[derive(Clone, Debug, PartialEq)]
pub enum ResourceBody {
    /// UTF-8 text.
    Text(String),
    /// Anything else; base64 on the wire.
    Blob(Vec<u8>),
}

impl Resource {
    /// A resource of one text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::from(ResourceBody::Text(text.into()))
    }

    /// A resource of bytes.
    pub fn blob(data: impl Into<Vec<u8>>) -> Self {
        Self::from(ResourceBody::Blob(data.into()))
    }

    /// Says that the resource that was asked for does not exist.
    pub const fn missing() -> Self {
        Self { parts: Vec::new() }
    }

    /// Sets the media type of every part.
    #[must_use]
    pub fn mime_type(mut self, mime_type: impl Into<String>) -> Self {
        let mime_type = mime_type.into();
        for part in &mut self.parts {
            part.mime_type = Some(mime_type.clone());
        }
        self
    }
}

impl From<ResourceBody> for Resource {
    fn from(body: ResourceBody) -> Self {
        Self {
            parts: vec![ResourcePart {
                uri: None,
                mime_type: None,
                body,
            }],
        }
    }
}

/// What a `#[resource]` function may return, alone or in a `Result`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the contents of a resource",
    label = "return `String`, `Vec<u8>` or `Resource` (or a `Result` of one of them)"
)]
pub trait IntoResource {
    /// Turns the value into contents.
    fn into_resource(self) -> Result<Resource, ToolError>;
}

impl IntoResource for Resource {
    fn into_resource(self) -> Result<Resource, ToolError> {
        Ok(self)
    }
}

impl IntoResource for String {
    fn into_resource(self) -> Result<Resource, ToolError> {
        Ok(Resource::text(self))
    }
}

impl IntoResource for &str {
    fn into_resource(self) -> Result<Resource, ToolError> {
        Ok(Resource::text(self))
    }
}

impl IntoResource for Vec<u8> {
    fn into_resource(self) -> Result<Resource, ToolError> {
        Ok(Resource::blob(self))
    }
}
