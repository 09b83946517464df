//! What this binary says of itself, without starting anything.

use mcp_factory_sdk::describe::{
    DeclarationProblem, Description, FORMAT, PluginDescription, PromptDescription,
    ResourceDescription, ResourceTemplateDescription, ServerDescription, ToolDescription,
};

use crate::{features::Feature, identity::Identity, mcp, mount::Mount, registry::Registry};

/// Describes the whole server.
pub(crate) fn describe(identity: &Identity, registry: &Registry) -> Description {
    let mount_name = |index: usize| registry.mounts()[index].name();
    Description {
        format: FORMAT,
        server: ServerDescription {
            name: identity.name.to_owned(),
            version: identity.version.to_owned(),
            description: identity.description.to_owned(),
        },
        factory: identity.factory.to_owned(),
        features: Feature::built_in().map(str::to_owned).collect(),
        protocols: mcp::supported_protocols(),
        plugins: registry
            .mounts()
            .iter()
            .map(|mount| PluginDescription::new(mount.name(), mount.source_text(), mount.plugin()))
            .collect(),
        tools: registry
            .tools()
            .iter()
            .map(|tool| {
                ToolDescription::new(&tool.public_name, mount_name(tool.mount), tool.definition)
            })
            .collect(),
        resources: registry
            .resources(false)
            .map(|resource| {
                ResourceDescription::new(mount_name(resource.mount), resource.definition)
            })
            .collect(),
        resource_templates: registry
            .resources(true)
            .map(|resource| {
                ResourceTemplateDescription::new(mount_name(resource.mount), resource.definition)
            })
            .collect(),
        prompts: registry
            .prompts()
            .iter()
            .map(|prompt| {
                PromptDescription::new(
                    &prompt.public_name,
                    mount_name(prompt.mount),
                    prompt.definition,
                )
            })
            .collect(),
        problems: registry
            .mounts()
            .iter()
            .flat_map(|mount| problems(mount))
            .collect(),
    }
}

/// What the plugin says against the tools that the manifest declares for it.
fn problems(mount: &'static Mount) -> impl Iterator<Item = DeclarationProblem> {
    mount.declared_tools().iter().filter_map(|tool| {
        let message = tool.check().err()?;
        Some(DeclarationProblem {
            plugin: mount.name().to_owned(),
            tool: tool.name().to_owned(),
            message,
        })
    })
}
