//! The lists as one caller sees them, and what the server says of itself.
//!
//! A list has one page. Both lanes serve these, so a client cannot tell by which it came. Not here: the entries
//! (`lists`), the bytes (`fast::pages`).

use mcp_factory_sdk::{Principal, Scope};
use rmcp::model::{
    CacheScope, DiscoverResult, ErrorData, ListPromptsRequestMethod, ListPromptsResult,
    ListResourceTemplatesRequestMethod, ListResourceTemplatesResult, ListResourcesRequestMethod,
    ListResourcesResult, ListToolsRequestMethod, ListToolsResult, ProtocolVersion, ServerConfig,
};

use super::{LIST_TTL_MS, Shared, capabilities, respond::Era};

/// Lays the hints of a list that changes only by announcement, and who we are, over its page.
macro_rules! page {
    ($shared:ident, $era:ident, $result:expr) => {{
        let mut page = $result
            .with_ttl_ms(LIST_TTL_MS)
            .with_cache_scope($shared.list_cache_scope());
        page.meta = ($era == Era::Modern).then(|| $shared.result_meta());
        Ok(page)
    }};
}

/// The entries of a list whose scope the caller sees, beside their form on the wire.
fn visible<'a, T: Clone + 'a>(
    entries: impl Iterator<Item = (Scope, &'a T)>,
    sees: impl Fn(Scope) -> bool,
) -> Vec<T> {
    let shown = entries.filter(|(scope, _)| sees(*scope));
    shown.map(|(_, entry)| entry.clone()).collect()
}

impl Shared {
    /// What the server declares of itself to a client of the legacy era.
    pub(super) fn info(&self) -> ServerConfig {
        ServerConfig::new(capabilities::of(self.pipeline.registry()))
            .with_server_info(self.implementation())
            .with_protocol_version(ProtocolVersion::V_2025_11_25)
    }

    /// The answer to `server/discover`.
    pub(super) fn discovery(&self) -> DiscoverResult {
        let versions = ProtocolVersion::KNOWN_VERSIONS.to_vec();
        DiscoverResult::from_server_info(versions, self.info())
            .with_ttl_ms(LIST_TTL_MS)
            .with_cache_scope(CacheScope::Public)
    }

    /// The answer to `tools/list`.
    ///
    /// # Errors
    /// Without tools there is no such method; the other lists likewise.
    pub(super) fn tools_page(
        &self,
        principal: &Principal,
        era: Era,
    ) -> Result<ListToolsResult, ErrorData> {
        let registry = self.pipeline.registry();
        if registry.tools().is_empty() {
            return Err(ErrorData::method_not_found::<ListToolsRequestMethod>());
        }
        let scopes = registry
            .tools()
            .iter()
            .map(|entry| entry.definition.scope());
        let tools = scopes.zip(self.lists.tools(registry));
        let seen = visible(tools, |scope| self.pipeline.shows(principal, scope));
        page!(self, era, ListToolsResult::with_all_items(seen))
    }

    /// The answer to `resources/list`.
    pub(super) fn resources_page(
        &self,
        principal: &Principal,
        era: Era,
    ) -> Result<ListResourcesResult, ErrorData> {
        let registry = self.pipeline.registry();
        if !registry.has_resources() {
            return Err(ErrorData::method_not_found::<ListResourcesRequestMethod>());
        }
        let scopes = registry
            .resources(false)
            .map(|entry| entry.definition.scope());
        let resources = scopes.zip(&self.lists.resources);
        let seen = visible(resources, |scope| self.pipeline.shows(principal, scope));
        page!(self, era, ListResourcesResult::with_all_items(seen))
    }

    /// The answer to `resources/templates/list`.
    pub(super) fn templates_page(
        &self,
        principal: &Principal,
        era: Era,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let registry = self.pipeline.registry();
        if !registry.has_resources() {
            return Err(ErrorData::method_not_found::<
                ListResourceTemplatesRequestMethod,
            >());
        }
        let scopes = registry
            .resources(true)
            .map(|entry| entry.definition.scope());
        let templates = scopes.zip(&self.lists.resource_templates);
        let seen = visible(templates, |scope| self.pipeline.shows(principal, scope));
        page!(self, era, ListResourceTemplatesResult::with_all_items(seen))
    }

    /// The answer to `prompts/list`.
    pub(super) fn prompts_page(
        &self,
        principal: &Principal,
        era: Era,
    ) -> Result<ListPromptsResult, ErrorData> {
        let registry = self.pipeline.registry();
        if registry.prompts().is_empty() {
            return Err(ErrorData::method_not_found::<ListPromptsRequestMethod>());
        }
        let scopes = registry
            .prompts()
            .iter()
            .map(|entry| entry.definition.scope());
        let prompts = scopes.zip(&self.lists.prompts);
        let seen = visible(prompts, |scope| self.pipeline.shows(principal, scope));
        page!(self, era, ListPromptsResult::with_all_items(seen))
    }
}
