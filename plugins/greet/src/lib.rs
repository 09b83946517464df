//! Greets people: a tool with an optional argument, an enum and a structured answer.

use mcp_factory_sdk::prelude::*;

/// The plugin. It keeps nothing between calls.
#[derive(Debug, Default)]
pub struct Greet;

/// How a greeting sounds.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Style {
    /// As to a friend.
    #[default]
    Casual,
    /// As to a stranger.
    Formal,
    /// As to a whole hall.
    Loud,
}

/// A greeting.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Greeting {
    /// The words.
    pub text: String,
    /// How they sound.
    pub style: Style,
}

/// Greets people by name.
#[plugin(name = "greet", stateless)]
impl Greet {
    /// Greets somebody by name.
    #[tool(scope = "read", title = "Greet", read_only)]
    async fn greet(
        &self,
        /// Whom to greet.
        #[arg(min_length = 1, max_length = 100)]
        name: String,
        /// How the greeting sounds; casual unless told.
        style: Option<Style>,
    ) -> Greeting {
        let style = style.unwrap_or_default();
        let text = match style {
            Style::Casual => format!("Hi {name}!"),
            Style::Formal => format!("Good day, {name}."),
            Style::Loud => format!("HELLO, {}!", name.to_uppercase()),
        };
        Greeting { text, style }
    }
}
