//! Server-sent events (text/event-stream) out of a body that arrives in pieces, with a bound on each event.

use std::collections::VecDeque;
use std::time::Duration;

use crate::error::OutboundError;
use crate::response::Response;

/// The most bytes of one event unless said otherwise.
const DEFAULT_MAX_EVENT: usize = 1024 * 1024;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Event {
    /// Its type: `message` when the stream names none.
    pub event: String,
    /// Its data: several `data:` lines are joined by line feeds.
    pub data: String,
    /// The last id the stream has named.
    pub id: Option<String>,
}

/// The events of an answer, in order.
#[derive(Debug)]
pub struct Events {
    response: Response,
    parser: Parser,
}

impl Events {
    /// Reads the body as events. The body's own bounds hold: `max_body` for all of it, and the deadline.
    pub fn new(response: Response) -> Self {
        Self {
            response,
            parser: Parser::new(DEFAULT_MAX_EVENT),
        }
    }

    /// The most bytes of one event. Default: 1 MiB.
    #[must_use]
    pub fn max_event(mut self, bytes: usize) -> Self {
        self.parser.max_event = bytes;
        self
    }

    /// The next event; `None` at the end of the stream, where an event without its blank line is dropped.
    pub async fn next(&mut self) -> Result<Option<Event>, OutboundError> {
        loop {
            if let Some(event) = self.parser.next() {
                return Ok(Some(event));
            }
            match self.response.chunk().await? {
                Some(chunk) => self.parser.push(&chunk)?,
                None => return Ok(None),
            }
        }
    }

    /// How long the stream asks to wait before it is opened again.
    pub fn reconnect_after(&self) -> Option<Duration> {
        self.parser.retry
    }
}

/// The format alone: bytes in, events out.
#[derive(Debug)]
pub struct Parser {
    max_event: usize,
    /// The line that is not complete yet.
    line: Vec<u8>,
    /// A carriage return ended the line: a line feed right after it belongs to it.
    after_return: bool,
    first_line: bool,
    data: Option<String>,
    event: String,
    id: Option<String>,
    retry: Option<Duration>,
    ready: VecDeque<Event>,
}

impl Parser {
    /// A parser that refuses an event, or a line, of more than `max_event` bytes.
    pub fn new(max_event: usize) -> Self {
        Self {
            max_event,
            line: Vec::new(),
            after_return: false,
            first_line: true,
            data: None,
            event: String::new(),
            id: None,
            retry: None,
            ready: VecDeque::new(),
        }
    }

    /// Takes the next bytes. [`OutboundError::TooLarge`] when an event outgrows its bound; nothing more can
    /// be read after that.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), OutboundError> {
        for &byte in bytes {
            match byte {
                b'\n' if std::mem::take(&mut self.after_return) => {}
                b'\n' | b'\r' => {
                    self.after_return = byte == b'\r';
                    let line = std::mem::take(&mut self.line);
                    self.end_of_line(&line);
                }
                _ => {
                    self.after_return = false;
                    self.line.push(byte);
                    let held = self.data.as_ref().map_or(0, String::len) + self.event.len();
                    if self.line.len() + held > self.max_event {
                        return Err(OutboundError::TooLarge {
                            limit: self.max_event,
                        });
                    }
                }
            }
        }
        Ok(())
    }

    /// The next complete event.
    #[expect(
        clippy::should_implement_trait,
        reason = "more may come after a `None`"
    )]
    pub fn next(&mut self) -> Option<Event> {
        self.ready.pop_front()
    }

    fn end_of_line(&mut self, line: &[u8]) {
        let line = String::from_utf8_lossy(line);
        let mut line = line.as_ref();
        if std::mem::take(&mut self.first_line) {
            line = line.strip_prefix('\u{feff}').unwrap_or(line);
        }
        if line.is_empty() {
            return self.dispatch();
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => match &mut self.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                none => *none = Some(value.to_owned()),
            },
            "event" => value.clone_into(&mut self.event),
            "id" if !value.contains('\0') => self.id = Some(value.to_owned()),
            "retry" if value.bytes().all(|byte| byte.is_ascii_digit()) => {
                self.retry = value.parse().ok().map(Duration::from_millis).or(self.retry);
            }
            // Comments begin with a colon, so their field is empty; unknown fields are ignored.
            _ => {}
        }
    }

    fn dispatch(&mut self) {
        let event = std::mem::take(&mut self.event);
        if let Some(data) = self.data.take() {
            self.ready.push_back(Event {
                event: if event.is_empty() {
                    "message".to_owned()
                } else {
                    event
                },
                data,
                id: self.id.clone(),
            });
        }
    }
}

#[cfg(test)]
mod tests;
