//! What a running call may ask of its surroundings.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use crate::{
    Answers, Ask, Call, Capability, Event, LogLevel, LogRecord, Principal, Progress, Question,
    ToolError,
};

/// The surroundings of one call: who calls, how long it may take, and the way back to the client.
///
/// A tool asks for it by taking a parameter of type `&Context`. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    inner: Arc<Inner>,
}

struct Inner {
    principal: Arc<Principal>,
    call: Call,
}

impl Context {
    pub(crate) fn new(principal: Arc<Principal>, call: Call) -> Self {
        Self {
            inner: Arc::new(Inner { principal, call }),
        }
    }

    /// Who calls.
    pub fn principal(&self) -> &Principal {
        &self.inner.principal
    }

    /// Whether the client has cancelled or gone away. An async tool need not look: its future is
    /// dropped. A sync tool should look now and then, and return.
    pub fn is_cancelled(&self) -> bool {
        let token = self.inner.call.cancelled.as_ref();
        token.is_some_and(CancellationToken::is_cancelled)
    }

    /// Ends when the client cancels or goes away, or the server stops.
    pub fn cancelled(&self) -> impl Future<Output = ()> + Send + use<> {
        let token = self.inner.call.cancelled.clone();
        async {
            match token {
                Some(token) => token.cancelled_owned().await,
                None => std::future::pending().await,
            }
        }
    }

    /// A token to hand to work that should end with this call.
    pub fn cancellation(&self) -> CancellationToken {
        let token = self.inner.call.cancelled.as_ref();
        token.map_or_else(CancellationToken::new, CancellationToken::child_token)
    }

    /// When the call's time is up, if it has a limit.
    pub fn deadline(&self) -> Option<Instant> {
        self.inner.call.deadline
    }

    /// The time left, if there is a limit; zero when it is over.
    pub fn time_left(&self) -> Option<Duration> {
        self.deadline()
            .map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// Reports progress to a caller that asked for it.
    pub async fn progress(&self, done: f64, total: Option<f64>, message: Option<&str>) {
        let message = message.map(str::to_owned);
        self.inner
            .call
            .peer
            .progress(Progress {
                done,
                total,
                message,
            })
            .await;
    }

    /// Writes to the log of a client that asked for this level. Not the server's own log.
    pub async fn log(&self, level: LogLevel, data: impl Into<Value>) {
        let logger = self.inner.call.plugin.to_string();
        self.inner
            .call
            .peer
            .log(LogRecord {
                level,
                logger,
                data: data.into(),
            })
            .await;
    }

    /// Tells every subscribed client of a change.
    pub fn publish(&self, event: Event) {
        self.inner.call.peer.publish(event);
    }

    /// Whether the client can be asked for this.
    pub fn client_supports(&self, capability: Capability) -> bool {
        self.inner.call.peer.supports(capability)
    }

    /// Puts questions to the client and waits for the answers; return its error with `?`.
    ///
    /// On a protocol revision that cannot wait, the call ends here and is run again **from the start** when
    /// the answers are there. So ask before you act. Keys must differ among all questions of a call.
    ///
    /// # Errors
    /// When the client does not support what is asked (checked before anything is sent), does not answer in
    /// the form that was asked for, or must call again with the answers.
    pub async fn ask(&self, ask: Ask) -> Result<Answers, ToolError> {
        let call = &self.inner.call;
        if let Some(missing) = ask
            .questions
            .iter()
            .map(|(_, question)| question.capability())
            .find(|kind| !call.peer.supports(*kind))
        {
            return Err(ToolError::missing_capability(missing));
        }
        let (answered, open): (Vec<_>, Vec<_>) = ask
            .questions
            .into_iter()
            .partition(|(key, question)| has_answer(&call.answers, key, question));
        let mut answers: Map<String, Value> = answered
            .into_iter()
            .filter_map(|(key, _)| call.answers.get(&key).cloned().map(|answer| (key, answer)))
            .collect();
        if open.is_empty() {
            return Ok(Answers(answers));
        }
        match call.peer.ask(&open).await? {
            Some(fresh) => {
                answers.extend(fresh);
                Ok(Answers(answers))
            }
            None => Err(ToolError::input_required(open)),
        }
    }
}

fn has_answer(answers: &Map<String, Value>, key: &str, question: &Question) -> bool {
    answers
        .get(key)
        .is_some_and(|answer| question.accepts(answer))
}

impl fmt::Debug for Context {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Context")
            .field("principal", &self.inner.principal)
            .field("call", &self.inner.call)
            .finish()
    }
}
