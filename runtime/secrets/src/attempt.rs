//! Asking a store until it answers: one that is being started, is sealed or is busy is asked again until the
//! deadline, so that a machine that boots does not depend on who comes first.
#![cfg(any(feature = "vault", feature = "awssm"))]

use std::time::Duration;

use mcp_factory_outbound::{Bytes, Client, OutboundError, Request, StatusCode};
use tokio::time::{Instant, sleep};

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// The most of an answer that is read.
const LARGEST: usize = 1 << 20;

/// An answer that is the store's last word.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
}

impl Answer {
    /// The body as JSON; null, where it is none.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// Sends what `request` makes, again and again until there is an answer or no time is left. `request` is asked
/// each time, since a signature holds a time.
pub(crate) async fn ask(
    client: &Client,
    deadline: Instant,
    mut request: impl FnMut() -> Request,
) -> Result<Answer, String> {
    let mut pause = FIRST_PAUSE;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let why = match once(client, request().timeout(left).max_body(LARGEST)).await {
            Ok(answer) if !comes_back(answer.status) => return Ok(answer),
            Ok(answer) => format!("it answers with {}", answer.status),
            Err(error) if is_final(&error) => return Err(format!("it cannot be asked: {error}")),
            Err(error) => format!("it does not answer: {error}"),
        };
        if Instant::now() + pause >= deadline {
            return Err(why);
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn once(client: &Client, request: Request) -> Result<Answer, OutboundError> {
    let response = client.send(request).await?;
    let status = response.status();
    let body = response.bytes().await?;
    Ok(Answer { status, body })
}

/// 503 is also what a sealed Vault says.
fn comes_back(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS
}

const fn is_final(error: &OutboundError) -> bool {
    matches!(error, OutboundError::Request(_) | OutboundError::Refused(_))
}
