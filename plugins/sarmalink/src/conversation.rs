//! A question whose answer must fit: asked once, and once more with what was wrong.

use crate::{
    ask::{Ask, Message, Role},
    attempt::Trail,
    error::{ChatError, Failed},
    router::{Call, Router},
    wire::Listener,
};

/// How much of an answer that does not fit goes back with the complaint.
const QUOTED: usize = 8 << 10;

/// An answer, who gave it, and what was tried until then.
#[derive(Debug)]
pub(crate) struct Answered<T> {
    pub(crate) value: T,
    pub(crate) text: String,
    pub(crate) engine: String,
    pub(crate) model: String,
    pub(crate) finish: String,
    pub(crate) truncated: bool,
    pub(crate) trail: Trail,
}

impl Router {
    /// Asks, and lets `fits` read the answer or say what is wrong with it.
    pub(crate) async fn ask<T, L: Listener>(
        &self,
        mut ask: Ask,
        call: &Call<'_, L>,
        fits: impl Fn(&str) -> Result<T, String> + Send,
    ) -> Result<Answered<T>, Failed> {
        let _place = self.place()?;
        self.check_choice(&ask.choice)?;
        let size = ask.bytes();
        if size > self.max_prompt_bytes {
            return Err(ChatError::TooLong {
                size,
                limit: self.max_prompt_bytes,
            }
            .into());
        }
        let mut trail = Trail::default();
        let mut is_repair = false;
        loop {
            let (engine, answer) = match self.run(&ask, call, &mut trail).await {
                Ok(answered) => answered,
                Err(error) => return Err(Failed { error, trail }),
            };
            let wrong = match fits(&answer.text) {
                Ok(value) => {
                    return Ok(Answered {
                        value,
                        text: answer.text,
                        engine: engine.name.clone(),
                        model: engine.model.clone(),
                        finish: answer.finish,
                        truncated: answer.truncated,
                        trail,
                    });
                }
                // A second try would be cut at the same place.
                Err(_) if answer.truncated || answer.finish == "length" => {
                    return Err(Failed {
                        error: ChatError::Cut,
                        trail,
                    });
                }
                Err(wrong) if is_repair => {
                    return Err(Failed {
                        error: ChatError::Unfit(wrong),
                        trail,
                    });
                }
                Err(wrong) => wrong,
            };
            is_repair = true;
            let quoted = &answer.text[..answer.text.floor_char_boundary(QUOTED)];
            ask.messages.push(Message::new(Role::Assistant, quoted));
            ask.messages.push(Message::new(
                Role::User,
                format!("That answer does not fit: {wrong}. Answer again, with the corrected value and nothing else."),
            ));
        }
    }
}

/// The JSON value in an answer, with or without the fence that many models put around it.
pub(crate) fn json_in(text: &str) -> Result<serde_json::Value, String> {
    let mut text = text.trim();
    if let Some(inner) = text
        .strip_prefix("```")
        .and_then(|rest| rest.strip_suffix("```"))
    {
        text = inner.strip_prefix("json").unwrap_or(inner).trim();
    }
    serde_json::from_str(text).map_err(|_| "it is not one JSON value".to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_fence_around_json_is_taken_off_and_nothing_else() {
        for text in [
            "{\"a\":1}",
            " {\"a\":1}\n",
            "```json\n{\"a\":1}\n```",
            "```\n{\"a\":1}```",
        ] {
            assert_eq!(json_in(text), Ok(json!({ "a": 1 })), "{text}");
        }
        for text in [
            "",
            "Sure: {\"a\":1}",
            "{\"a\":1} {}",
            "```json\n{\"a\":1}",
            "```",
        ] {
            assert!(json_in(text).is_err(), "{text}");
        }
    }
}
