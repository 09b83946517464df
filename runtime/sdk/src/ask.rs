//! Questions that a running call puts to its client, and their answers.
//!
//! One call, both protocol eras: on 2025-11-25 the question travels while the call waits; on
//! 2026-07-28 the call ends with the question and is called again with the answers (SEP-2322), so a
//! function that asks is run from its start each time and must not act before it has its answers.

use serde_json::{Map, Value};

use crate::{Capability, Content, Role, ToolError};

/// One or more questions asked at once, each under a key of the caller's choice.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ask {
    pub(crate) questions: Vec<(String, Question)>,
}

/// One question.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// To the person.
    Elicitation(Elicitation),
    /// To the client's model.
    Sampling(Sampling),
    /// For the client's workspace roots.
    Roots,
}

impl Question {
    /// What the client must support to be asked this.
    pub const fn capability(&self) -> Capability {
        match self {
            Self::Elicitation(_) => Capability::Elicitation,
            Self::Sampling(_) => Capability::Sampling,
            Self::Roots => Capability::Roots,
        }
    }

    /// Whether `answer` has the shape of an answer to this question.
    pub(crate) fn accepts(&self, answer: &Value) -> bool {
        match self {
            Self::Elicitation(_) => elicitation_answer(answer).is_some(),
            Self::Sampling(_) => sampling_answer(answer).is_some(),
            Self::Roots => roots(answer).is_some(),
        }
    }
}

impl Ask {
    /// No question yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a form before the person.
    #[must_use]
    pub fn elicit(mut self, key: impl Into<String>, form: Elicitation) -> Self {
        self.questions
            .push((key.into(), Question::Elicitation(form)));
        self
    }

    /// Asks the client's model.
    #[must_use]
    pub fn sample(mut self, key: impl Into<String>, sampling: Sampling) -> Self {
        self.questions
            .push((key.into(), Question::Sampling(sampling)));
        self
    }

    /// Asks for the client's workspace roots.
    #[must_use]
    pub fn roots(mut self, key: impl Into<String>) -> Self {
        self.questions.push((key.into(), Question::Roots));
        self
    }
}

/// A form for the person: a message and a flat object of primitive fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Elicitation {
    /// What is asked, in words.
    pub message: String,
    /// The form's schema: an object whose properties are strings, numbers, booleans or enumerations.
    pub schema: Value,
}

impl Elicitation {
    /// A form with a message and the schema of its fields.
    pub fn new(message: impl Into<String>, schema: Value) -> Self {
        Self {
            message: message.into(),
            schema,
        }
    }
}

/// A request to the client's model.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampling {
    /// The conversation so far.
    pub messages: Vec<(Role, Content)>,
    /// Instructions for the model.
    pub system: Option<String>,
    /// The longest answer, in tokens.
    pub max_tokens: u32,
}

impl Sampling {
    /// One message of the person, answered in at most `max_tokens` tokens.
    pub fn prompt(text: impl Into<String>, max_tokens: u32) -> Self {
        Self {
            messages: vec![(Role::User, Content::text(text))],
            system: None,
            max_tokens,
        }
    }
}

/// The answers to an [`Ask`], by key.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answers(pub(crate) Map<String, Value>);

/// What the person did with a form.
#[derive(Clone, Debug, PartialEq)]
pub enum ElicitationAnswer {
    /// Filled it in. The fields were not checked against the schema: clients differ.
    Accepted(Map<String, Value>),
    /// Said no.
    Declined,
    /// Closed it.
    Cancelled,
}

/// What the client's model said.
#[derive(Clone, Debug, PartialEq)]
pub struct SamplingAnswer {
    /// The text of the answer; other kinds of content are left out.
    pub text: String,
    /// Which model answered.
    pub model: String,
}

/// A workspace root of the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// A `file://` URI.
    pub uri: String,
    /// A name for people.
    pub name: Option<String>,
}

impl Answers {
    fn get<T>(&self, key: &str, read: impl Fn(&Value) -> Option<T>) -> Result<T, ToolError> {
        self.0.get(key).and_then(read).ok_or_else(|| {
            ToolError::new(format!(
                "the answer to `{key}` does not have the form that was asked for"
            ))
        })
    }

    /// The answer to the form asked under `key`.
    pub fn elicited(&self, key: &str) -> Result<ElicitationAnswer, ToolError> {
        self.get(key, elicitation_answer)
    }

    /// The answer of the model asked under `key`.
    pub fn sampled(&self, key: &str) -> Result<SamplingAnswer, ToolError> {
        self.get(key, sampling_answer)
    }

    /// The roots asked for under `key`.
    pub fn roots(&self, key: &str) -> Result<Vec<Root>, ToolError> {
        self.get(key, roots)
    }
}

fn elicitation_answer(answer: &Value) -> Option<ElicitationAnswer> {
    match answer.get("action")?.as_str()? {
        "accept" => Some(ElicitationAnswer::Accepted(match answer.get("content") {
            None | Some(Value::Null) => Map::new(),
            Some(content) => content.as_object()?.clone(),
        })),
        "decline" => Some(ElicitationAnswer::Declined),
        "cancel" => Some(ElicitationAnswer::Cancelled),
        _ => None,
    }
}

fn sampling_answer(answer: &Value) -> Option<SamplingAnswer> {
    let content = answer.get("content")?;
    let blocks = content
        .as_array()
        .map_or(std::slice::from_ref(content), Vec::as_slice);
    let texts: Vec<&str> = blocks
        .iter()
        .filter_map(|block| block.get("text")?.as_str())
        .collect();
    Some(SamplingAnswer {
        text: texts.join("\n"),
        model: answer
            .get("model")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
    })
}

fn roots(answer: &Value) -> Option<Vec<Root>> {
    let read = |root: &Value| {
        Some(Root {
            uri: root.get("uri")?.as_str()?.to_owned(),
            name: root.get("name").and_then(Value::as_str).map(str::to_owned),
        })
    };
    answer.get("roots")?.as_array()?.iter().map(read).collect()
}
