//! The requests that run something of a plugin: through the pipeline, and back in the protocol's form.

use std::pin::pin;

use mcp_factory_sdk::{Arguments, Output, Variables};
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CompleteRequestParams, CompleteResult, CompletionInfo,
    ErrorData, GetPromptRequestParams, GetPromptResponse, InputRequiredResult,
    ReadResourceRequestParams, ReadResourceResponse, Reference,
};
use serde_json::{Map, Value};

use super::{call::Request, convert, state::Binding};
use crate::pipeline::CallFailure;

/// What came of a tool call that did not fail.
pub(super) enum ToolAnswer {
    /// The tool's output.
    Output(Output),
    /// The tool asks; the client calls again with the answers.
    Questions(InputRequiredResult),
}

impl Request {
    /// Calls a tool. `answers` came with the request; `binding` is what a state of this call is bound to.
    pub(super) async fn run_tool(
        &mut self,
        name: &str,
        arguments: Arguments<'_>,
        answers: Map<String, Value>,
        binding: impl FnOnce(&Self) -> Binding,
    ) -> Result<ToolAnswer, CallFailure> {
        let caller = self.caller(answers.clone());
        match pin!(self.pipeline().call_tool(name, arguments, caller)).await {
            Ok(output) => Ok(ToolAnswer::Output(output)),
            Err(failure) => self
                .input_required(failure, &answers, || binding(self))
                .map(ToolAnswer::Questions),
        }
    }

    pub(super) async fn call_tool(
        mut self,
        params: CallToolRequestParams,
    ) -> Result<CallToolResponse, ErrorData> {
        self.note_id(None);
        let (name, given) = (params.name.as_ref(), params.arguments.as_ref());
        let binding = |request: &Self| request.binding("tools/call", name, given);
        let state = params.request_state.as_deref();
        let call = ("tools/call", name);
        let answers = self.answers(call, state, params.input_responses, || binding(&self))?;
        let arguments = self.arguments(given);
        let arguments = Arguments::new(&arguments);
        let outcome = self.run_tool(name, arguments, answers, binding).await;
        let mut result = match outcome {
            Ok(ToolAnswer::Questions(questions)) => return Ok(questions.into()),
            Ok(ToolAnswer::Output(output)) => convert::output(output).map_err(|error| {
                ErrorData::internal_error(format!("unreadable structured content: {error}"), None)
            })?,
            Err(failure) => self.tool_failure(failure)?,
        };
        result.meta = self.result_meta();
        Ok(result.into())
    }

    pub(super) async fn read_resource(
        mut self,
        params: ReadResourceRequestParams,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let binding = |request: &Self| request.binding("resources/read", &params.uri, None);
        let state = params.request_state.as_deref();
        let call = ("resources/read", params.uri.as_str());
        let answers = self.answers(call, state, params.input_responses, || binding(&self))?;
        let caller = self.caller(answers.clone());
        match self.pipeline().read_resource(&params.uri, caller).await {
            Ok((resource, definition, fresh_for)) => {
                let mut result = convert::resource(resource, &params.uri, definition, fresh_for);
                result.meta = self.result_meta();
                Ok(result.into())
            }
            Err(failure) => match self.input_required(failure, &answers, || binding(&self)) {
                Ok(questions) => Ok(questions.into()),
                Err(failure) => Err(self.failure(failure)),
            },
        }
    }

    pub(super) async fn get_prompt(
        mut self,
        params: GetPromptRequestParams,
    ) -> Result<GetPromptResponse, ErrorData> {
        let given = params.arguments.as_ref();
        let binding = |request: &Self| request.binding("prompts/get", &params.name, given);
        let state = params.request_state.as_deref();
        let call = ("prompts/get", params.name.as_str());
        let answers = self.answers(call, state, params.input_responses, || binding(&self))?;
        let arguments = prompt_arguments(given)?;
        let caller = self.caller(answers.clone());
        match self
            .pipeline()
            .get_prompt(&params.name, arguments, caller)
            .await
        {
            Ok(prompt) => {
                let entry = self.pipeline().registry().prompt(&params.name);
                let description = entry.map_or("", |entry| entry.definition.description());
                let mut result = convert::prompt(prompt, description);
                result.meta = self.result_meta();
                Ok(result.into())
            }
            Err(failure) => match self.input_required(failure, &answers, || binding(&self)) {
                Ok(questions) => Ok(questions.into()),
                Err(failure) => Err(self.failure(failure)),
            },
        }
    }

    pub(super) async fn complete(
        mut self,
        params: CompleteRequestParams,
    ) -> Result<CompleteResult, ErrorData> {
        let (of_prompt, target) = match &params.r#ref {
            Reference::Prompt(prompt) => (true, prompt.name.as_str()),
            Reference::Resource(resource) => (false, resource.uri.as_str()),
            _ => return Err(ErrorData::invalid_params("unknown kind of reference", None)),
        };
        let given = params.context.and_then(|context| context.arguments);
        let others = given.into_iter().flatten().collect();
        let caller = self.caller(Map::new());
        let (argument, typed) = (params.argument.name, params.argument.value);
        let completed = self
            .pipeline()
            .complete(of_prompt, target, &argument, typed, others, caller)
            .await;
        let values = completed.map_err(|failure| self.failure(failure))?;
        let mut result = CompleteResult::new(completion(values));
        result.meta = self.result_meta();
        Ok(result)
    }
}

/// A prompt's arguments are strings on the wire.
fn prompt_arguments(arguments: Option<&Map<String, Value>>) -> Result<Variables, ErrorData> {
    let text = |(name, value): (&String, &Value)| {
        if let Value::String(text) = value {
            return Ok((name.clone(), text.clone()));
        }
        let message = format!("argument `{name}` must be a string");
        Err(ErrorData::invalid_params(message, None))
    };
    arguments.into_iter().flatten().map(text).collect()
}

/// The protocol takes at most a hundred suggestions and wants to know of more.
fn completion(mut values: Vec<String>) -> CompletionInfo {
    let total = values.len();
    values.truncate(CompletionInfo::MAX_VALUES);
    let mut info = CompletionInfo::default();
    info.has_more = Some(total > values.len());
    info.total = u32::try_from(total).ok();
    info.values = values;
    info
}
