//! What an engine is asked, before any engine is chosen; and the same in the words of one engine.

use mcp_factory_outbound::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    chain::Engine,
    config::{JsonMode, TokenLimit},
    error::ChatError,
};

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "a schema reads better as a plain list")]
pub enum Role {
    System,
    User,
    Assistant,
}

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub content: String,
}

impl Message {
    pub(crate) fn new(role: Role, content: impl Into<String>) -> Self {
        Self {
            role,
            content: content.into(),
        }
    }
}

/// What is asked, of whichever engine answers.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) messages: Vec<Message>,
    /// Which engines may answer.
    pub(crate) choice: Choice,
    /// The most tokens of an answer.
    pub(crate) max_tokens: u32,
    pub(crate) temperature: Option<f64>,
    /// What the answer must look like.
    pub(crate) schema: Option<Map<String, Value>>,
}

/// Which engines may answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Choice {
    /// Those that are good for this; `auto` is all.
    pub(crate) mode: Option<String>,
    /// Those with this name or model.
    pub(crate) model: Option<String>,
}

impl Choice {
    pub(crate) fn new(mode: String, model: Option<String>) -> Self {
        Self {
            mode: (mode != "auto").then_some(mode),
            model,
        }
    }

    pub(crate) fn takes(&self, engine: &Engine) -> bool {
        self.mode
            .as_ref()
            .is_none_or(|mode| engine.modes.contains(mode))
            && self
                .model
                .as_ref()
                .is_none_or(|model| *model == engine.name || *model == engine.model)
    }
}

impl Ask {
    /// Bytes of text in it.
    pub(crate) fn bytes(&self) -> usize {
        let schema = self
            .schema
            .as_ref()
            .map_or(0, |schema| json!(schema).to_string().len());
        schema
            + self
                .messages
                .iter()
                .map(|message| message.content.len())
                .sum::<usize>()
    }

    /// The request in the words of `engine`.
    pub(crate) fn body(&self, engine: &Engine) -> Result<Bytes, ChatError> {
        let mut messages: Vec<&Message> = self.messages.iter().collect();
        let in_words;
        let mut format = None;
        if let Some(schema) = &self.schema {
            match engine.json {
                JsonMode::JsonSchema => {
                    let schema = json!({ "name": "answer", "schema": schema });
                    format = Some(json!({ "type": "json_schema", "json_schema": schema }));
                }
                JsonMode::JsonObject => format = Some(json!({ "type": "json_object" })),
                JsonMode::Words => {}
            }
            if engine.json != JsonMode::JsonSchema {
                in_words = Message::new(
                    Role::System,
                    format!(
                        "Answer with one JSON value that is valid under this JSON Schema, and with nothing else: {}",
                        json!(schema)
                    ),
                );
                // First, where engines that know one system message at most look for it.
                messages.insert(0, &in_words);
            }
        }
        let limit = Some(self.max_tokens);
        let body = Body {
            model: &engine.model,
            messages,
            max_tokens: limit.filter(|_| engine.token_limit == TokenLimit::MaxTokens),
            max_completion_tokens: limit
                .filter(|_| engine.token_limit == TokenLimit::MaxCompletionTokens),
            temperature: self.temperature,
            response_format: format,
            stream: engine.stream,
            stream_options: engine.stream.then(|| json!({ "include_usage": true })),
        };
        serde_json::to_vec(&body)
            .map(Bytes::from)
            .map_err(|_| ChatError::Unwritable)
    }
}

/// The body of a request.
#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<&'a Message>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<Value>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<Value>,
}
