//! Content blocks: what a tool shows, in the kinds the protocol has.
//!
//! Bytes stay bytes here; the server encodes them for the wire.

/// One block of a tool's answer or of a prompt's message.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Content {
    /// Text for the model.
    Text {
        /// The text.
        text: String,
        /// Who it is for.
        annotations: Option<Annotations>,
    },
    /// A picture.
    Image {
        /// The encoded picture (PNG, JPEG, …), not base64.
        data: Vec<u8>,
        /// Its media type, such as `image/png`.
        mime_type: String,
        /// Who it is for.
        annotations: Option<Annotations>,
    },
    /// A sound.
    Audio {
        /// The encoded sound (WAV, MP3, …), not base64.
        data: Vec<u8>,
        /// Its media type, such as `audio/wav`.
        mime_type: String,
        /// Who it is for.
        annotations: Option<Annotations>,
    },
    /// The contents of a resource, enclosed.
    Resource(EmbeddedResource),
    /// A pointer to a resource that the client may read.
    Link(Link),
}

impl Content {
    /// A block of text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text {
            text: text.into(),
            annotations: None,
        }
    }

    /// A picture, as its encoded bytes.
    pub fn image(data: impl Into<Vec<u8>>, mime_type: impl Into<String>) -> Self {
        Self::Image {
            data: data.into(),
            mime_type: mime_type.into(),
            annotations: None,
        }
    }

    /// A sound, as its encoded bytes.
    pub fn audio(data: impl Into<Vec<u8>>, mime_type: impl Into<String>) -> Self {
        Self::Audio {
            data: data.into(),
            mime_type: mime_type.into(),
            annotations: None,
        }
    }

    /// The text of this block, if it is text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text { text, .. } => Some(text),
            _ => None,
        }
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

/// A resource enclosed in an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct EmbeddedResource {
    /// The resource's URI.
    pub uri: String,
    /// Its media type, when known.
    pub mime_type: Option<String>,
    /// What is in it.
    pub body: crate::ResourceBody,
}

/// A pointer to a resource.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Link {
    /// The resource's URI.
    pub uri: String,
    /// Its name.
    pub name: String,
    /// A title for people.
    pub title: Option<String>,
    /// What it holds.
    pub description: Option<String>,
    /// Its media type, when known.
    pub mime_type: Option<String>,
    /// Its size in bytes, when known.
    pub size: Option<u64>,
}

/// Hints on how a client should treat a block.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Annotations {
    /// Who the block is for; both when empty.
    pub audience: Vec<Audience>,
    /// How much it matters, from 0 to 1.
    pub priority: Option<f32>,
}

/// Whom a block is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// The person.
    User,
    /// The model.
    Assistant,
}
