//! What the official conformance suite asks of a server: its tools, resources and prompts, by the names
//! and in the words it looks for (`@modelcontextprotocol/conformance` 0.2, every required scenario of
//! the revisions 2025-11-25 and 2026-07-28).
//!
//! Build a server with this plugin and point the suite at it. Out of scope: the fixtures of the
//! `tasks-*` scenarios, an extension that no revision requires. The forms are in `forms`, the schemas
//! served word for word in `schemas`, the bytes in `media`.

use std::time::Duration;

use mcp_factory_sdk::{
    Ask, Capability, Content, EmbeddedResource, Event, LogLevel, ResourceBody, Sampling, prelude::*,
};
use serde_json::Value;

mod forms;
mod media;
mod schemas;

/// Between two progress reports or log records, so that a client sees them come one by one.
const PAUSE: Duration = Duration::from_millis(50);

/// The plugin. It keeps nothing between calls.
#[derive(Debug, Default)]
pub struct Conformance;

fn enclosed(uri: &str, mime_type: &str, text: &str) -> EmbeddedResource {
    EmbeddedResource {
        uri: uri.to_owned(),
        mime_type: Some(mime_type.to_owned()),
        body: ResourceBody::Text(text.to_owned()),
    }
}

/// What the official conformance suite asks of a server.
#[plugin(name = "conformance", stateless)]
impl Conformance {
    /// Returns one text.
    #[tool(scope = "read", read_only)]
    async fn test_simple_text(&self) -> String {
        "This is a simple text response for testing.".to_owned()
    }

    /// Returns one picture.
    #[tool(scope = "read", read_only)]
    async fn test_image_content(&self) -> Content {
        Content::image(media::RED_PNG, "image/png")
    }

    /// Returns one sound.
    #[tool(scope = "read", read_only)]
    async fn test_audio_content(&self) -> Content {
        Content::audio(media::SILENCE_WAV, "audio/wav")
    }

    /// Returns one enclosed resource.
    #[tool(scope = "read", read_only)]
    async fn test_embedded_resource(&self) -> Content {
        Content::Resource(enclosed(
            "test://embedded-resource",
            "text/plain",
            "This is an embedded resource content.",
        ))
    }

    /// Returns a text, a picture and a resource.
    #[tool(scope = "read", read_only)]
    async fn test_multiple_content_types(&self) -> Output {
        let resource = enclosed(
            "test://mixed-content-resource",
            "application/json",
            r#"{"test":"data","value":123}"#,
        );
        Output::new()
            .text("Multiple content types test:")
            .image(media::RED_PNG, "image/png")
            .resource(resource)
    }

    /// Always fails.
    #[tool(scope = "read", read_only)]
    async fn test_error_handling(&self) -> Result<String, ToolError> {
        Err(ToolError::new(
            "This tool intentionally returns an error for testing",
        ))
    }

    /// Reports 0, 50 and 100 of 100.
    #[tool(scope = "read", read_only)]
    async fn test_tool_with_progress(&self, cx: &Context) -> String {
        for done in [0.0, 50.0, 100.0] {
            cx.progress(done, Some(100.0), None).await;
            tokio::time::sleep(PAUSE).await;
        }
        "Progress reported".to_owned()
    }

    /// Logs three lines at level info.
    #[tool(scope = "read", read_only)]
    async fn test_tool_with_logging(&self, cx: &Context) -> String {
        for line in [
            "Tool execution started",
            "Tool processing data",
            "Tool execution completed",
        ] {
            cx.log(LogLevel::Info, line).await;
            tokio::time::sleep(PAUSE).await;
        }
        "Logged three lines".to_owned()
    }

    /// Logs at every level that the caller asked for.
    #[tool(scope = "read", read_only)]
    async fn test_logging_tool(&self, cx: &Context) -> String {
        for (level, line) in [
            (LogLevel::Debug, "a detail"),
            (LogLevel::Info, "an event"),
            (LogLevel::Error, "a failure"),
        ] {
            cx.log(level, line).await;
        }
        "Logged at three levels".to_owned()
    }

    /// Has the client's model answer a prompt.
    #[tool(scope = "read", read_only)]
    async fn test_sampling(
        &self,
        cx: &Context,
        /// The prompt to send to the model.
        prompt: String,
    ) -> Result<String, ToolError> {
        let answers = cx
            .ask(Ask::new().sample("response", Sampling::prompt(prompt, 100)))
            .await?;
        Ok(format!(
            "LLM response: {}",
            answers.sampled("response")?.text
        ))
    }

    /// Asks the person for a name and an address.
    #[tool(scope = "read", read_only)]
    async fn test_elicitation(
        &self,
        cx: &Context,
        /// The message to show.
        message: String,
    ) -> Result<String, ToolError> {
        let answers = cx
            .ask(Ask::new().elicit("contact", forms::contact(message)))
            .await?;
        Ok(format!(
            "User response: {}",
            forms::said(&answers.elicited("contact")?)
        ))
    }

    /// Asks with a form that has a default for every primitive type.
    #[tool(scope = "read", read_only)]
    async fn test_elicitation_sep1034_defaults(&self, cx: &Context) -> Result<String, ToolError> {
        let answers = cx.ask(Ask::new().elicit("form", forms::defaults())).await?;
        Ok(format!(
            "Elicitation completed: {}",
            forms::said(&answers.elicited("form")?)
        ))
    }

    /// Asks with a form that has an enumeration of every kind.
    #[tool(scope = "read", read_only)]
    async fn test_elicitation_sep1330_enums(&self, cx: &Context) -> Result<String, ToolError> {
        let answers = cx
            .ask(Ask::new().elicit("form", forms::enumerations()))
            .await?;
        Ok(format!(
            "Elicitation completed: {}",
            forms::said(&answers.elicited("form")?)
        ))
    }

    /// Tool with JSON Schema 2020-12 features
    #[tool(scope = "read", read_only, input_schema = schemas::json_schema_2020_12)]
    async fn json_schema_2020_12_tool(&self, arguments: Value) -> String {
        format!("Called with {arguments}")
    }

    /// Returns a text that the client also sends as a header.
    #[tool(scope = "read", read_only, input_schema = schemas::custom_header)]
    async fn test_custom_header(&self, arguments: Value) -> Result<String, ToolError> {
        match arguments.get("value").and_then(Value::as_str) {
            Some(value) => Ok(value.to_owned()),
            None => Err(ToolError::invalid_arguments(
                "missing argument `value`, a string",
            )),
        }
    }

    /// Answers after a moment, over a stream that a client can come back to.
    // A tool that takes no context has one whole answer, and no stream.
    #[tool(scope = "read", read_only)]
    async fn test_reconnection(&self, _cx: &Context) -> String {
        tokio::time::sleep(PAUSE).await;
        "Reconnection test completed successfully".to_owned()
    }

    /// Needs a client that can run its model.
    #[tool(scope = "read", read_only)]
    async fn test_missing_capability(&self, cx: &Context) -> Result<String, ToolError> {
        let answers = cx
            .ask(Ask::new().sample("response", Sampling::prompt("Say hello", 10)))
            .await?;
        Ok(answers.sampled("response")?.text)
    }

    /// Asks the person to confirm.
    #[tool(scope = "read", read_only)]
    async fn test_streaming_elicitation(&self, cx: &Context) -> Result<String, ToolError> {
        let answers = cx
            .ask(Ask::new().elicit("confirm", forms::confirmation("Please confirm")))
            .await?;
        Ok(forms::said(&answers.elicited("confirm")?))
    }

    /// Says that the list of tools changed.
    #[tool(scope = "read", read_only)]
    async fn test_trigger_tool_change(&self, cx: &Context) -> String {
        cx.publish(Event::ToolsChanged);
        "Tool list change announced".to_owned()
    }

    /// Says that the list of prompts changed.
    #[tool(scope = "read", read_only)]
    async fn test_trigger_prompt_change(&self, cx: &Context) -> String {
        cx.publish(Event::PromptsChanged);
        "Prompt list change announced".to_owned()
    }

    /// Greets by the name that the person gives.
    #[tool(scope = "read", read_only)]
    async fn test_input_required_result_elicitation(
        &self,
        cx: &Context,
    ) -> Result<String, ToolError> {
        let ask = Ask::new().elicit("user_name", forms::text("What is your name?", "name"));
        let name = forms::filled_in(cx.ask(ask).await?.elicited("user_name")?, "name")?;
        Ok(format!("Hello, {name}!"))
    }

    /// Has the client's model name a capital.
    #[tool(scope = "read", read_only)]
    async fn test_input_required_result_sampling(&self, cx: &Context) -> Result<String, ToolError> {
        let question = Sampling::prompt("What is the capital of France?", 100);
        let answers = cx
            .ask(Ask::new().sample("capital_question", question))
            .await?;
        Ok(answers.sampled("capital_question")?.text)
    }

    /// Names the client's roots.
    #[tool(scope = "read", read_only)]
    async fn test_input_required_result_list_roots(
        &self,
        cx: &Context,
    ) -> Result<String, ToolError> {
        let roots = cx
            .ask(Ask::new().roots("client_roots"))
            .await?
            .roots("client_roots")?;
        let uris: Vec<String> = roots.into_iter().map(|root| root.uri).collect();
        Ok(format!("Client roots: {}", uris.join(", ")))
    }

    /// Asks to confirm, and sees its state again.
    #[tool(scope = "read", read_only)]
    async fn test_input_required_result_request_state(
        &self,
        cx: &Context,
    ) -> Result<String, ToolError> {
        let answers = cx
            .ask(Ask::new().elicit("confirm", forms::confirmation("Please confirm")))
            .await?;
        // The server opened the state before this ran: a forged one does not come here.
        Ok(format!(
            "state-ok: {}",
            forms::said(&answers.elicited("confirm")?)
        ))
    }

    /// Asks three things at once.
    #[tool(scope = "read", read_only)]
    async fn test_input_required_result_multiple_inputs(
        &self,
        cx: &Context,
    ) -> Result<String, ToolError> {
        let ask = Ask::new()
            .elicit("user_name", forms::text("What is your name?", "name"))
            .sample("greeting", Sampling::prompt("Generate a greeting", 50))
            .roots("client_roots");
        let answers = cx.ask(ask).await?;
        let name = forms::filled_in(answers.elicited("user_name")?, "name")?;
        let greeting = answers.sampled("greeting")?.text;
        let roots = answers.roots("client_roots")?.len();
        Ok(format!("{greeting} (to {name}, who has {roots} roots)"))
    }

    /// Asks twice, one question after the other.
    #[tool(scope = "read", read_only)]
    async fn test_input_required_result_multi_round(
        &self,
        cx: &Context,
    ) -> Result<String, ToolError> {
        let ask = Ask::new().elicit("step1", forms::text("Step 1: What is your name?", "name"));
        let name = forms::filled_in(cx.ask(ask).await?.elicited("step1")?, "name")?;
        let ask = Ask::new().elicit(
            "step2",
            forms::text("Step 2: What is your favorite color?", "color"),
        );
        let color = forms::filled_in(cx.ask(ask).await?.elicited("step2")?, "color")?;
        Ok(format!("{name} likes {color}"))
    }

    /// Asks to confirm, with a state that must come back as it was.
    #[tool(scope = "read", read_only)]
    async fn test_input_required_result_tampered_state(
        &self,
        cx: &Context,
    ) -> Result<String, ToolError> {
        let answers = cx
            .ask(Ask::new().elicit("confirm", forms::confirmation("Please confirm")))
            .await?;
        Ok(forms::said(&answers.elicited("confirm")?))
    }

    /// Asks only what the client can answer.
    #[tool(scope = "read", read_only)]
    async fn test_input_required_result_capabilities(
        &self,
        cx: &Context,
    ) -> Result<String, ToolError> {
        let mut ask = Ask::new();
        if cx.client_supports(Capability::Elicitation) {
            ask = ask.elicit("confirm", forms::confirmation("Please confirm"));
        }
        if cx.client_supports(Capability::Sampling) {
            ask = ask.sample("response", Sampling::prompt("Say hello", 10));
        }
        if cx.client_supports(Capability::Roots) {
            ask = ask.roots("client_roots");
        }
        cx.ask(ask).await?;
        Ok("Asked what the client supports".to_owned())
    }

    /// A text that never changes.
    #[resource(uri = "test://static-text", scope = "read", mime_type = "text/plain")]
    async fn static_text(&self) -> String {
        "This is the content of the static text resource.".to_owned()
    }

    /// A picture that never changes.
    #[resource(uri = "test://static-binary", scope = "read", mime_type = "image/png")]
    async fn static_binary(&self) -> Vec<u8> {
        media::RED_PNG.to_vec()
    }

    /// A text to subscribe to.
    #[resource(
        uri = "test://watched-resource",
        scope = "read",
        mime_type = "text/plain"
    )]
    async fn watched_resource(&self) -> String {
        "This is the content of the watched resource.".to_owned()
    }

    /// Data made for an id.
    #[resource(
        uri = "test://template/{id}/data",
        scope = "read",
        mime_type = "application/json"
    )]
    async fn template_data(&self, id: String) -> String {
        serde_json::json!({ "id": id, "templateTest": true, "data": format!("Data for ID: {id}") })
            .to_string()
    }

    /// A prompt without arguments.
    #[prompt(scope = "read")]
    async fn test_simple_prompt(&self) -> String {
        "This is a simple prompt for testing.".to_owned()
    }

    /// A prompt that repeats its arguments.
    #[prompt(scope = "read")]
    async fn test_prompt_with_arguments(
        &self,
        /// First test argument
        arg1: String,
        /// Second test argument
        arg2: String,
    ) -> String {
        format!("Prompt with arguments: arg1='{arg1}', arg2='{arg2}'")
    }

    /// A prompt that encloses a resource.
    #[prompt(scope = "read")]
    #[expect(
        non_snake_case,
        reason = "the suite names the argument, and a prompt's argument is its parameter"
    )]
    async fn test_prompt_with_embedded_resource(
        &self,
        /// URI of the resource to embed
        resourceUri: String,
    ) -> Prompt {
        let resource = enclosed(
            &resourceUri,
            "text/plain",
            "Embedded resource content for testing.",
        );
        Prompt::new()
            .user(Content::Resource(resource))
            .user("Please process the embedded resource above.")
    }

    /// A prompt with a picture.
    #[prompt(scope = "read")]
    async fn test_prompt_with_image(&self) -> Prompt {
        Prompt::new()
            .user(Content::image(media::RED_PNG, "image/png"))
            .user("Please analyze the image above.")
    }

    /// A prompt that asks the person what it is about.
    #[prompt(scope = "read")]
    async fn test_input_required_result_prompt(&self, cx: &Context) -> Result<Prompt, ToolError> {
        let form = forms::text("What context should the prompt use?", "context");
        let answers = cx.ask(Ask::new().elicit("user_context", form)).await?;
        let context = forms::filled_in(answers.elicited("user_context")?, "context")?;
        Ok(Prompt::new().user(format!("Use this context: {context}")))
    }

    #[completion(prompt = "test_prompt_with_arguments", argument = "arg1")]
    async fn complete_arg1(&self, value: String) -> Vec<String> {
        ["paris", "park", "party"]
            .into_iter()
            .filter(|word| word.starts_with(&value))
            .map(str::to_owned)
            .collect()
    }
}
