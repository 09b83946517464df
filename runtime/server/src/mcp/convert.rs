//! Content of the SDK in the protocol's form.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use mcp_factory_sdk::{
    Annotations, Audience, Content, EmbeddedResource, Link, Output, Prompt, Resource, ResourceBody,
    ResourceDefinition, Role,
};
use rmcp::model::{
    self, CallToolResult, ContentBlock, GetPromptResult, ReadResourceResult, ResourceContents,
};

pub(super) fn output(output: Output) -> Result<CallToolResult, serde_json::Error> {
    let structured = output.structured_json().map(serde_json::from_str);
    let structured = structured.transpose()?;
    let blocks = output.into_blocks().into_iter();
    let mut result = CallToolResult::success(blocks.map(content).collect());
    result.is_error = Some(false);
    result.structured_content = structured;
    Ok(result)
}

pub(super) fn content(content: Content) -> ContentBlock {
    match content {
        Content::Text { text, annotations } => {
            let mut block = model::TextContent::new(text);
            block.annotations = annotations.as_ref().map(convert_annotations);
            ContentBlock::Text(block)
        }
        Content::Image {
            data,
            mime_type,
            annotations,
        } => {
            let mut block = model::ImageContent::new(BASE64_STANDARD.encode(data), mime_type);
            block.annotations = annotations.as_ref().map(convert_annotations);
            ContentBlock::Image(block)
        }
        Content::Audio {
            data,
            mime_type,
            annotations,
        } => {
            let mut block = model::AudioContent::new(BASE64_STANDARD.encode(data), mime_type);
            block.annotations = annotations.as_ref().map(convert_annotations);
            ContentBlock::Audio(block)
        }
        Content::Resource(EmbeddedResource {
            uri,
            mime_type,
            body,
        }) => ContentBlock::resource(contents(uri, mime_type, body)),
        Content::Link(link) => ContentBlock::resource_link(resource_link(link)),
        // `Content` is open for kinds to come; one this version does not know is at least named.
        other => ContentBlock::text(format!("{other:?}")),
    }
}

fn resource_link(link: Link) -> model::Resource {
    let mut resource = model::Resource::new(link.uri, link.name);
    resource.title = link.title;
    resource.description = link.description;
    resource.mime_type = link.mime_type;
    resource.size = link.size;
    resource
}

fn convert_annotations(annotations: &Annotations) -> model::Annotations {
    let audience = annotations.audience.iter().map(|audience| match audience {
        Audience::User => model::Role::User,
        Audience::Assistant => model::Role::Assistant,
    });
    let mut converted = model::Annotations::default();
    converted.audience = (!annotations.audience.is_empty()).then(|| audience.collect());
    converted.priority = annotations.priority;
    converted
}

fn contents(uri: String, mime_type: Option<String>, body: ResourceBody) -> ResourceContents {
    match body {
        ResourceBody::Text(text) => ResourceContents::TextResourceContents {
            uri,
            mime_type,
            text,
            meta: None,
        },
        ResourceBody::Blob(data) => {
            let blob = BASE64_STANDARD.encode(data);
            ResourceContents::BlobResourceContents {
                uri,
                mime_type,
                blob,
                meta: None,
            }
        }
    }
}

pub(super) fn resource(
    resource: Resource,
    asked: &str,
    definition: &ResourceDefinition,
    fresh_for: Duration,
) -> ReadResourceResult {
    let parts = resource.parts.into_iter().map(|part| {
        let uri = part.uri.unwrap_or_else(|| asked.to_owned());
        let mime_type = part
            .mime_type
            .or_else(|| definition.mime_type().map(str::to_owned));
        contents(uri, mime_type, part.body)
    });
    ReadResourceResult::new(parts.collect())
        .with_ttl_ms(u64::try_from(fresh_for.as_millis()).unwrap_or(u64::MAX))
        .with_cache_scope(model::CacheScope::Private)
}

pub(super) fn prompt(prompt: Prompt, description: &str) -> GetPromptResult {
    let messages = prompt
        .messages
        .into_iter()
        .map(|message| model::PromptMessage::new(role(message.role), content(message.content)))
        .collect();
    GetPromptResult::new(messages)
        .with_description(prompt.description.unwrap_or_else(|| description.to_owned()))
}

pub(super) const fn role(role: Role) -> model::Role {
    match role {
        Role::User => model::Role::User,
        Role::Assistant => model::Role::Assistant,
    }
}
