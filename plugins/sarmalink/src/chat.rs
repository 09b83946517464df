//! `ai_chat`: a conversation goes in, an answer comes out.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    ask::{Ask, Choice, Message, Role},
    attempt::{Attempt, UsageReport},
    conversation::{Answered, json_in},
    error::{ChatError, Failed},
    router::{Call, Router},
    schema::Schema,
    wire::Listener,
};

/// What `ai_chat` was called with.
#[derive(Clone, Debug)]
pub(crate) struct ChatRequest {
    pub(crate) prompt: Option<String>,
    pub(crate) messages: Option<Vec<Message>>,
    pub(crate) system: Option<String>,
    pub(crate) choice: Choice,
    pub(crate) max_tokens: u32,
    pub(crate) temperature: Option<f64>,
    pub(crate) schema: Option<Map<String, Value>>,
}

/// An answer.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Reply {
    /// What the model said.
    pub text: String,
    /// The same as JSON, when `json_schema` was given: it is valid under it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json: Option<Value>,
    /// The engine that answered.
    pub engine: String,
    /// Its model.
    pub model: String,
    /// `stop`: it is complete; `length`: `max_tokens` cut it; `cut`: this server did.
    pub finish_reason: String,
    /// There was more text than this server returns.
    pub truncated: bool,
    /// Tokens, all attempts together.
    pub usage: UsageReport,
    /// What all attempts cost, when the prices are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    /// Which engines were asked or passed over, in order.
    pub attempts: Vec<Attempt>,
}

impl Reply {
    fn new(answered: Answered<Option<Value>>) -> Self {
        Self {
            text: answered.text,
            json: answered.value,
            engine: answered.engine,
            model: answered.model,
            finish_reason: answered.finish,
            truncated: answered.truncated,
            usage: answered.trail.usage,
            cost_usd: answered.trail.cost_usd(),
            attempts: answered.trail.attempts,
        }
    }
}

impl Router {
    /// Runs a conversation.
    pub(crate) async fn chat<L: Listener>(
        &self,
        request: ChatRequest,
        call: &Call<'_, L>,
    ) -> Result<Reply, Failed> {
        let schema = request
            .schema
            .as_ref()
            .map(Schema::new)
            .transpose()
            .map_err(ChatError::BadSchema)?;
        let ask = Ask {
            messages: messages(request.prompt, request.messages, request.system)?,
            choice: request.choice,
            max_tokens: request.max_tokens,
            temperature: request.temperature,
            schema: request.schema,
        };
        let answered = self.ask(ask, call, |text| match &schema {
            None => Ok(None),
            Some(schema) => {
                let value = json_in(text)?;
                schema.violation(&value).map_or(Ok(Some(value)), Err)
            }
        });
        Ok(Reply::new(answered.await?))
    }

    /// Asks for a text about a text.
    pub(crate) async fn rewrite<L: Listener>(
        &self,
        task: String,
        text: String,
        max_tokens: u32,
        call: &Call<'_, L>,
    ) -> Result<Reply, Failed> {
        let ask = Ask {
            messages: vec![
                Message::new(Role::System, task),
                Message::new(Role::User, text),
            ],
            choice: Choice::default(),
            max_tokens,
            temperature: None,
            schema: None,
        };
        Ok(Reply::new(self.ask(ask, call, |_| Ok(None)).await?))
    }
}

/// One conversation out of the three arguments.
fn messages(
    prompt: Option<String>,
    messages: Option<Vec<Message>>,
    system: Option<String>,
) -> Result<Vec<Message>, ChatError> {
    let said = match (prompt, messages) {
        (Some(_), Some(_)) => return Err(ChatError::SaidTwice),
        (Some(prompt), None) if prompt.trim().is_empty() => return Err(ChatError::EmptyText),
        (Some(prompt), None) => vec![Message::new(Role::User, prompt)],
        (None, Some(messages)) if !messages.is_empty() => messages,
        (None, _) => return Err(ChatError::NothingSaid),
    };
    if said.last().is_some_and(|last| last.role != Role::User) {
        return Err(ChatError::NotTheUsersTurn);
    }
    let system = system.map(|system| Message::new(Role::System, system));
    Ok(system.into_iter().chain(said).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_conversation() {
        let text = || Some("hello".to_owned());
        let turn = |role| Some(vec![Message::new(role, "hello")]);
        assert_eq!(messages(text(), None, None).expect("fine").len(), 1);
        let both = messages(None, turn(Role::User), text()).expect("fine");
        assert_eq!((both.len(), both[0].role), (2, Role::System));
        for (prompt, given, error) in [
            (None, None, "give either `prompt` or `messages`"),
            (None, Some(vec![]), "give either `prompt` or `messages`"),
            (text(), turn(Role::User), "not both"),
            (None, turn(Role::Assistant), "must be of role `user`"),
            (Some(" \n".to_owned()), None, "the text is empty"),
        ] {
            let told = messages(prompt, given, None)
                .expect_err("refused")
                .to_string();
            assert!(told.contains(error), "{told}");
        }
    }
}
