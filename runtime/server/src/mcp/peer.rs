//! The client of one call, as the SDK sees it.

use std::sync::Arc;

use mcp_factory_sdk::{
    BoxFuture, Capability, Event, LogLevel, LogRecord, Peer, Principal, Progress, Question,
    ToolError,
};
use rmcp::{
    model::{
        GetExtensions as _, LoggingLevel, LoggingMessageNotificationParam,
        ProgressNotificationParam,
    },
    service::OriginatingRequestId,
};
use serde_json::{Map, Value};

use super::{Shared, call::Client, questions, respond::Era};

/// Reaches the client of one call.
pub(super) struct ClientPeer {
    pub(super) shared: Arc<Shared>,
    pub(super) principal: Arc<Principal>,
    pub(super) era: Era,
    pub(super) client: Box<Client>,
}

impl Peer for ClientPeer {
    fn progress(&self, progress: Progress) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let (Some(token), Some(peer)) = (&self.client.progress_token, &self.client.peer) else {
                return;
            };
            let mut params = ProgressNotificationParam::new(token.clone(), progress.done);
            params.total = progress.total;
            params.message = progress.message;
            if let Err(error) = peer.notify_progress(params).await {
                tracing::debug!(%error, "a progress report was not delivered");
            }
        })
    }

    fn log(&self, record: LogRecord) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let level = logging_level(record.level);
            let (Some(least), Some(peer)) = (self.client.log_level, &self.client.peer) else {
                return;
            };
            if severity(level) < severity(least) {
                return;
            }
            let params =
                LoggingMessageNotificationParam::new(level, record.data).with_logger(record.logger);
            if let Err(error) = peer.notify_logging_message(params).await {
                tracing::debug!(%error, "a log record was not delivered");
            }
        })
    }

    fn publish(&self, event: Event) {
        self.shared.events.publish(self.principal.tenant(), event);
    }

    fn supports(&self, capability: Capability) -> bool {
        match capability {
            Capability::Elicitation => self.client.capabilities.elicitation.is_some(),
            Capability::Sampling => self.client.capabilities.sampling.is_some(),
            Capability::Roots => self.client.capabilities.roots.is_some(),
        }
    }

    fn ask<'a>(
        &'a self,
        questions: &'a [(String, Question)],
    ) -> BoxFuture<'a, Result<Option<Map<String, Value>>, ToolError>> {
        Box::pin(async move {
            if self.era == Era::Modern {
                return Ok(None);
            }
            let peer = self.client.peer.as_ref();
            let peer = peer.ok_or_else(|| ToolError::new("the client cannot be asked"))?;
            let mut answers = Map::new();
            for (key, question) in questions {
                let mut request = questions::server_request(question)?;
                if let Some(id) = &self.client.request {
                    let asked_for = OriginatingRequestId(id.clone());
                    request.extensions_mut().insert(asked_for);
                }
                let result = peer.send_request(request).await.map_err(|error| {
                    ToolError::new(format!("the client did not answer `{key}`")).because(error)
                })?;
                answers.insert(key.clone(), questions::answer(&result)?);
            }
            Ok(Some(answers))
        })
    }
}

/// The client of a call that has no way to it: what runs was compiled without one.
pub(super) struct UnreachablePeer;

impl Peer for UnreachablePeer {
    fn progress(&self, _progress: Progress) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn log(&self, _record: LogRecord) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn publish(&self, _event: Event) {}

    fn supports(&self, _capability: Capability) -> bool {
        false
    }

    fn ask<'a>(
        &'a self,
        _questions: &'a [(String, Question)],
    ) -> BoxFuture<'a, Result<Option<Map<String, Value>>, ToolError>> {
        let error = ToolError::new("the client cannot be asked");
        Box::pin(std::future::ready(Err(error)))
    }
}

const fn logging_level(level: LogLevel) -> LoggingLevel {
    match level {
        LogLevel::Debug => LoggingLevel::Debug,
        LogLevel::Info => LoggingLevel::Info,
        LogLevel::Notice => LoggingLevel::Notice,
        LogLevel::Warning => LoggingLevel::Warning,
        LogLevel::Error => LoggingLevel::Error,
        LogLevel::Critical => LoggingLevel::Critical,
        LogLevel::Alert => LoggingLevel::Alert,
        LogLevel::Emergency => LoggingLevel::Emergency,
    }
}

/// RFC 5424's order, upwards.
const fn severity(level: LoggingLevel) -> u8 {
    match level {
        LoggingLevel::Debug => 0,
        LoggingLevel::Info => 1,
        LoggingLevel::Notice => 2,
        LoggingLevel::Warning => 3,
        LoggingLevel::Error => 4,
        LoggingLevel::Critical => 5,
        LoggingLevel::Alert => 6,
        LoggingLevel::Emergency => 7,
    }
}
