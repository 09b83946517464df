//! What is served again and again, made once.

use std::sync::{Arc, OnceLock};

use mcp_factory_sdk::{Hints, PromptDefinition, ResourceDefinition, ToolDefinition};
use rmcp::model::{self, JsonObject, Tool, ToolAnnotations};
use serde_json::Value;

use crate::registry::{Entry, Registry};

/// The four lists in the protocol's form. Tools are made at the first use: their schemas take a while,
/// and a client that only calls needs none of it.
#[derive(Debug)]
pub(super) struct Lists {
    tools: OnceLock<Vec<Tool>>,
    pub(super) resources: Vec<model::Resource>,
    pub(super) resource_templates: Vec<model::ResourceTemplate>,
    pub(super) prompts: Vec<model::Prompt>,
}

impl Lists {
    pub(super) fn new(registry: &Registry) -> Self {
        Self {
            tools: OnceLock::new(),
            resources: registry
                .resources(false)
                .map(|entry| resource(entry.definition))
                .collect(),
            resource_templates: registry
                .resources(true)
                .map(|entry| template(entry.definition))
                .collect(),
            prompts: registry.prompts().iter().map(prompt).collect(),
        }
    }

    pub(super) fn tools(&self, registry: &Registry) -> &[Tool] {
        self.tools
            .get_or_init(|| registry.tools().iter().map(tool).collect())
    }
}

fn tool(entry: &Entry<ToolDefinition>) -> Tool {
    let definition = entry.definition;
    let mut tool = Tool::new(
        entry.public_name.clone(),
        definition.description(),
        object(definition.input_schema()),
    );
    tool.title = definition.title().map(str::to_owned);
    tool.output_schema = definition.output_schema().map(object);
    tool.annotations = Some(annotations(definition.hints()));
    tool
}

fn annotations(hints: Hints) -> ToolAnnotations {
    ToolAnnotations::new()
        .read_only(hints.read_only)
        .destructive(hints.destructive)
        .idempotent(hints.idempotent)
        .open_world(hints.open_world)
}

fn object(schema: Value) -> Arc<JsonObject> {
    match schema {
        Value::Object(members) => Arc::new(members),
        // The macros make objects; a hand-written schema function that does not is served as "anything".
        _ => Arc::new(JsonObject::from_iter([(
            "type".to_owned(),
            "object".into(),
        )])),
    }
}

fn resource(definition: &ResourceDefinition) -> model::Resource {
    let mut resource = model::Resource::new(definition.uri(), definition.name())
        .with_description(definition.description());
    resource.title = definition.title().map(str::to_owned);
    resource.mime_type = definition.mime_type().map(str::to_owned);
    resource
}

fn template(definition: &ResourceDefinition) -> model::ResourceTemplate {
    let mut template = model::ResourceTemplate::new(definition.uri(), definition.name())
        .with_description(definition.description());
    template.title = definition.title().map(str::to_owned);
    template.mime_type = definition.mime_type().map(str::to_owned);
    template
}

fn prompt(entry: &Entry<PromptDefinition>) -> model::Prompt {
    let definition = entry.definition;
    let arguments: Vec<model::PromptArgument> = definition
        .arguments()
        .iter()
        .map(|argument| {
            model::PromptArgument::new(argument.name)
                .with_description(argument.description)
                .with_required(argument.required)
        })
        .collect();
    let arguments = (!arguments.is_empty()).then_some(arguments);
    let mut prompt = model::Prompt::new(
        entry.public_name.clone(),
        Some(definition.description()),
        arguments,
    );
    prompt.title = definition.title().map(str::to_owned);
    prompt
}
