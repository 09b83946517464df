//! Questions of a call, in the protocol's form.

use mcp_factory_sdk::{Content, Elicitation, Question, Role, Sampling, ToolError};
use rmcp::model::{ClientResult, InputRequest, InputRequests, ServerRequest};
use serde_json::{Map, Value, json};

use super::convert;

/// The questions of a call that ends here and is called again with the answers (2026-07-28).
pub(super) fn input_requests(questions: &[(String, Question)]) -> Result<InputRequests, ToolError> {
    questions
        .iter()
        .map(|(key, question)| Ok((key.clone(), input_request(question)?)))
        .collect()
}

/// A question as a request of its own, for a client that can be asked while the call waits.
pub(super) fn server_request(question: &Question) -> Result<ServerRequest, ToolError> {
    Ok(match input_request(question)? {
        InputRequest::CreateMessage(request) => ServerRequest::CreateMessageRequest(request),
        InputRequest::Elicitation(request) => ServerRequest::ElicitRequest(request),
        InputRequest::ListRoots(request) => ServerRequest::ListRootsRequest(request),
        _ => {
            return Err(ToolError::bug(
                "a question of a kind that the protocol library does not know",
            ));
        }
    })
}

/// The client's answer as plain JSON, the same in both eras.
pub(super) fn answer(result: &ClientResult) -> Result<Value, ToolError> {
    Ok(serde_json::to_value(result)?)
}

fn input_request(question: &Question) -> Result<InputRequest, ToolError> {
    let request = match question {
        Question::Elicitation(Elicitation { message, schema }) => json!({
            "method": "elicitation/create",
            "params": { "mode": "form", "message": message, "requestedSchema": schema },
        }),
        Question::Sampling(sampling) => json!({
            "method": "sampling/createMessage",
            "params": sampling_params(sampling)?,
        }),
        Question::Roots => json!({ "method": "roots/list" }),
    };
    // The form's schema is the author's: one that the protocol does not allow is the author's mistake.
    serde_json::from_value(request).map_err(ToolError::internal)
}

fn sampling_params(sampling: &Sampling) -> Result<Value, ToolError> {
    let messages: Result<Vec<Value>, ToolError> = sampling.messages.iter().map(message).collect();
    let mut params = Map::from_iter([
        ("messages".to_owned(), messages?.into()),
        ("maxTokens".to_owned(), sampling.max_tokens.into()),
    ]);
    if let Some(system) = &sampling.system {
        params.insert("systemPrompt".to_owned(), system.clone().into());
    }
    Ok(params.into())
}

fn message((role, content): &(Role, Content)) -> Result<Value, ToolError> {
    Ok(json!({
        "role": serde_json::to_value(convert::role(*role))?,
        "content": serde_json::to_value(convert::content(content.clone()))?,
    }))
}
