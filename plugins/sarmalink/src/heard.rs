//! What an engine says, put together: from one JSON body, or from the events of a stream.
//!
//! Lenient where engines differ (a missing `[DONE]`, no usage, unknown members), strict where it matters: an
//! answer counts only if the engine said that it is over.

use mcp_factory_outbound::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    failure::{Failure, Reason},
    meter::Meter,
};

/// The longest `finish_reason` that is kept, in bytes: twice what is shown, for the key is looked for in it
/// before it is cut to that.
const LONGEST_REASON: usize = 64;

/// An answer as far as it was heard.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) text: String,
    /// Characters so far, cut ones included.
    pub(crate) characters: u64,
    /// There was more than is kept.
    pub(crate) truncated: bool,
    finish: Option<String>,
    done: bool,
    refused: bool,
}

/// One answer or one event, as far as it is read. Everything else is ignored.
#[derive(Deserialize)]
struct Piece {
    #[serde(default)]
    choices: Option<Vec<Choice>>,
    #[serde(default)]
    usage: Value,
    #[serde(default)]
    error: Value,
}

#[derive(Deserialize)]
struct Choice {
    /// In a whole answer.
    #[serde(default)]
    message: Option<Said>,
    /// In an event.
    #[serde(default)]
    delta: Option<Said>,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    refusal: Option<String>,
}

impl Heard {
    /// Takes a whole answer.
    pub(crate) fn body(
        &mut self,
        body: &[u8],
        status: StatusCode,
        keep: usize,
        meter: &mut Meter,
    ) -> Result<(), Failure> {
        let piece: Piece = serde_json::from_slice(body)
            .map_err(|_| Failure::new(Reason::Malformed).with_status(status))?;
        if piece.choices.as_ref().is_none_or(Vec::is_empty) && piece.error.is_null() {
            return Err(Failure::new(Reason::Malformed).with_status(status));
        }
        self.take(piece, status, keep, meter)?;
        // A body that is complete as JSON is a complete answer.
        self.done = true;
        Ok(())
    }

    /// Takes the data of an event; `true` when it was the last one.
    pub(crate) fn event(
        &mut self,
        data: &str,
        status: StatusCode,
        keep: usize,
        meter: &mut Meter,
    ) -> Result<bool, Failure> {
        if data.trim() == "[DONE]" {
            self.done = true;
            return Ok(true);
        }
        let piece: Piece = serde_json::from_str(data)
            .map_err(|_| Failure::new(Reason::Malformed).with_status(status))?;
        self.take(piece, status, keep, meter)?;
        Ok(self.truncated)
    }

    fn take(
        &mut self,
        piece: Piece,
        status: StatusCode,
        keep: usize,
        meter: &mut Meter,
    ) -> Result<(), Failure> {
        if !piece.error.is_null() {
            return Err(Failure::of_error_event(status, &piece.error));
        }
        let tokens = |name: &str| piece.usage.get(name).and_then(Value::as_u64);
        meter.count(tokens("prompt_tokens"), tokens("completion_tokens"));
        let Some(choice) = piece.choices.and_then(|choices| choices.into_iter().next()) else {
            return Ok(());
        };
        if let Some(said) = choice.message.or(choice.delta) {
            self.refused |= said.refusal.is_some_and(|refusal| !refusal.is_empty());
            let text = said.content.unwrap_or_default();
            meter.received(text.len());
            self.keep(&text, keep);
        }
        if let Some(mut finish) = choice.finish_reason {
            finish.truncate(finish.floor_char_boundary(LONGEST_REASON));
            self.finish = Some(finish);
        }
        Ok(())
    }

    fn keep(&mut self, text: &str, most: usize) {
        self.characters += text.chars().count() as u64;
        let room = text.floor_char_boundary(most.saturating_sub(self.text.len()));
        self.truncated |= room < text.len();
        self.text.push_str(&text[..room]);
    }

    /// Whether the engine said that its answer is over.
    pub(crate) const fn is_over(&self) -> bool {
        self.finish.is_some()
    }

    /// Why it ended, if this is a complete answer that may be passed on.
    pub(crate) fn finish(&mut self, status: StatusCode) -> Result<String, Failure> {
        let failed = |reason| Err(Failure::new(reason).with_status(status));
        if self.refused || self.finish.as_deref() == Some("content_filter") {
            return failed(Reason::ContentFilter);
        }
        if self.truncated {
            return Ok("cut".to_owned());
        }
        match self.finish.take() {
            Some(finish) => Ok(finish),
            None if self.done => Ok("stop".to_owned()),
            None => failed(Reason::Truncated),
        }
    }
}

#[cfg(test)]
mod tests;
