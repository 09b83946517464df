//! What this server has, by public name, in the order of the mounts.
//!
//! Built once at start and never changed. Nothing here runs anything; the pipeline does.

use std::collections::BTreeSet;

use mcp_factory_sdk::{
    CompletionDefinition, CompletionTarget, PromptDefinition, ResourceDefinition, Scope,
    ToolDefinition, Variables,
};

use crate::mount::{GATE, Mount};

/// Something of a mounted plugin.
#[derive(Debug)]
pub(crate) struct Entry<D: 'static> {
    /// A tool's place among the tools; 0 for everything else.
    pub(crate) index: usize,
    /// The name that clients see; the URI or template for resources.
    pub(crate) public_name: String,
    /// Which mount it belongs to.
    pub(crate) mount: usize,
    pub(crate) definition: &'static D,
}

/// Everything the mounts offer.
#[derive(Debug)]
pub(crate) struct Registry {
    mounts: Vec<&'static Mount>,
    tools: Vec<Entry<ToolDefinition>>,
    /// Places among the tools, in the order of their names.
    tools_by_name: Vec<usize>,
    resources: Vec<Entry<ResourceDefinition>>,
    prompts: Vec<Entry<PromptDefinition>>,
    completions: Vec<Entry<CompletionDefinition>>,
}

impl Registry {
    /// Collects what the mounts offer; of the tools only those that change nothing if `read_only`. Tools
    /// with a gate bring the server's own tools that open it. That names do not collide was checked when
    /// the server was compiled.
    pub(crate) fn new(mounts: &'static [Mount], read_only: bool) -> Self {
        let mut registry = Self {
            mounts: mounts.iter().collect(),
            tools: Vec::new(),
            tools_by_name: Vec::new(),
            resources: Vec::new(),
            prompts: Vec::new(),
            completions: Vec::new(),
        };
        for (index, mount) in mounts.iter().enumerate() {
            registry.add(index, mount, read_only);
        }
        if registry.gates().next().is_some() {
            registry.mounts.push(&GATE);
            registry.add(mounts.len(), &GATE, false);
        }
        for (index, tool) in registry.tools.iter_mut().enumerate() {
            tool.index = index;
        }
        let tools = &registry.tools;
        let mut by_name: Vec<usize> = (0..tools.len()).collect();
        by_name.sort_unstable_by(|left, right| {
            tools[*left].public_name.cmp(&tools[*right].public_name)
        });
        registry.tools_by_name = by_name;
        registry
    }

    fn add(&mut self, index: usize, mount: &Mount, read_only: bool) {
        let plugin = mount.plugin();
        let tools = mount
            .tools()
            .filter(|tool| mount.offers(tool.name()) && (tool.hints().read_only || !read_only));
        self.tools
            .extend(tools.map(|tool| entry(mount.public_name(tool.name()), index, tool)));
        self.resources.extend(
            plugin
                .resources()
                .iter()
                .map(|resource| entry(resource.uri().to_owned(), index, resource)),
        );
        self.prompts.extend(
            plugin
                .prompts()
                .iter()
                .map(|prompt| entry(mount.public_name(prompt.name()), index, prompt)),
        );
        self.completions
            .extend(plugin.completions().iter().map(|completion| {
                let target = match completion.target() {
                    CompletionTarget::Prompt(name) => mount.public_name(name),
                    CompletionTarget::Resource(template) => template.to_owned(),
                };
                entry(target, index, completion)
            }));
    }

    pub(crate) fn mounts(&self) -> &[&'static Mount] {
        &self.mounts
    }

    /// The groups of tools that a second factor opens; one that several tools name comes several times.
    pub(crate) fn gates(&self) -> impl Iterator<Item = &'static str> {
        self.tools.iter().filter_map(|tool| tool.definition.gate())
    }

    /// Every scope that something here demands, in order and once.
    pub(crate) fn scopes(&self) -> BTreeSet<Scope> {
        let tools = self.tools.iter().map(|entry| entry.definition.scope());
        let resources = self.resources.iter().map(|entry| entry.definition.scope());
        let prompts = self.prompts.iter().map(|entry| entry.definition.scope());
        tools.chain(resources).chain(prompts).collect()
    }

    pub(crate) fn tools(&self) -> &[Entry<ToolDefinition>] {
        &self.tools
    }

    pub(crate) fn tool(&self, name: &str) -> Option<&Entry<ToolDefinition>> {
        let order = |index: &usize| self.tools[*index].public_name.as_str().cmp(name);
        let found = self.tools_by_name.binary_search_by(order).ok()?;
        Some(&self.tools[self.tools_by_name[found]])
    }

    pub(crate) fn prompts(&self) -> &[Entry<PromptDefinition>] {
        &self.prompts
    }

    pub(crate) fn prompt(&self, name: &str) -> Option<&Entry<PromptDefinition>> {
        self.prompts
            .iter()
            .find(|prompt| prompt.public_name == name)
    }

    /// The resources with a fixed URI, or the templates.
    pub(crate) fn resources(
        &self,
        templates: bool,
    ) -> impl Iterator<Item = &Entry<ResourceDefinition>> {
        self.resources
            .iter()
            .filter(move |resource| resource.definition.template().has_variables() == templates)
    }

    /// The resource that `uri` names: a fixed one before any template.
    pub(crate) fn resource(&self, uri: &str) -> Option<(&Entry<ResourceDefinition>, Variables)> {
        self.resources(false)
            .chain(self.resources(true))
            .find_map(|resource| {
                resource
                    .definition
                    .template()
                    .matches(uri)
                    .map(|variables| (resource, variables))
            })
    }

    /// The scope of the template or resource with exactly this text.
    pub(crate) fn template_scope(&self, text: &str) -> Option<Scope> {
        let mut resources = self.resources.iter();
        resources
            .find(|resource| resource.public_name == text)
            .map(|resource| resource.definition.scope())
    }

    /// What completes `argument` of a prompt or of a resource template.
    pub(crate) fn completion(
        &self,
        of_prompt: bool,
        target: &str,
        argument: &str,
    ) -> Option<&Entry<CompletionDefinition>> {
        self.completions.iter().find(|completion| {
            matches!(completion.definition.target(), CompletionTarget::Prompt(_)) == of_prompt
                && completion.public_name == target
                && completion.definition.argument() == argument
        })
    }

    pub(crate) fn has_completions(&self) -> bool {
        !self.completions.is_empty()
    }

    pub(crate) fn has_resources(&self) -> bool {
        !self.resources.is_empty()
    }

    /// The tool whose name is nearest to one that does not exist, among those with a `visible` scope.
    pub(crate) fn nearest_tool(&self, name: &str, visible: impl Fn(Scope) -> bool) -> Option<&str> {
        if name.len() > 64 {
            return None;
        }
        self.tools
            .iter()
            .filter(|tool| visible(tool.definition.scope()))
            .map(|tool| {
                (
                    strsim::damerau_levenshtein(name, &tool.public_name),
                    tool.public_name.as_str(),
                )
            })
            .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
            .min_by_key(|(distance, _)| *distance)
            .map(|(_, candidate)| candidate)
    }
}

fn entry<D>(public_name: String, mount: usize, definition: &'static D) -> Entry<D> {
    Entry {
        index: 0,
        public_name,
        mount,
        definition,
    }
}
