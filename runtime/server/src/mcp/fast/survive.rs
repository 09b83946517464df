//! A panic on the way to an answer costs its request the answer, and nobody else anything.

use std::{panic::AssertUnwindSafe, pin::Pin};

use futures_util::FutureExt as _;

use super::{message::Message, plain};
use crate::{
    frame::RequestId,
    mcp::respond::{self, Era},
    pipeline::server_panicked,
    protocol::Answer,
};

/// What `work` gives, and after a panic the answer that says so. Most panics of plugins end before they are
/// here, in `pipeline::guard`; not those of what is dropped because its time is over. `work` stays where it is: it is
/// large.
pub(super) async fn survive(
    id: &RequestId,
    method: &str,
    work: Pin<&mut impl Future<Output = Option<Answer>>>,
) -> Option<Answer> {
    // What outlives the request is behind locks that take a panic for no more than the end of a call.
    let survived = AssertUnwindSafe(work).catch_unwind().await;
    survived.unwrap_or_else(|_| {
        // Both eras have the same words for it.
        let error = respond::failure_data(server_panicked(method), Era::Modern);
        Some(plain(Message::error(id, &error)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_at_the_first_poll_is_an_answer() {
        let work = std::pin::pin!(async { panic!("the canary sings") });
        let id = RequestId::Text("a".into());
        let answer = survive(&id, "tools/list", work).now_or_never();
        let answer = answer.expect("at once").expect("an answer");
        let answer: serde_json::Value = serde_json::from_slice(&answer.body).expect("JSON");
        assert_eq!(
            (&answer["id"], &answer["error"]["code"]),
            (&"a".into(), &(-32603).into())
        );
        assert!(answer["error"]["data"]["errorId"].is_string(), "{answer}");
        assert!(!answer.to_string().contains("canary"), "{answer}");
    }
}
