//! The entry of every message: one handler, both eras.
//!
//! It looks up what a message wants, has the pipeline do it, and says the result. One handler serves a
//! connection (stdio, a legacy session) or a single stateless request.

use std::sync::Arc;

use rmcp::{
    RoleServer, ServerHandler,
    model::{
        CallToolRequestMethod, CallToolRequestParams, CallToolResponse, CompleteRequestMethod,
        CompleteRequestParams, CompleteResult, CustomRequest, CustomResult, DiscoverResult,
        ErrorCode, ErrorData, GetPromptRequestMethod, GetPromptRequestParams, GetPromptResponse,
        InitializeRequestParams, InitializeResult, ListPromptsResult, ListResourceTemplatesResult,
        ListResourcesResult, ListToolsResult, PaginatedRequestParams, ReadResourceRequestMethod,
        ReadResourceRequestParams, ReadResourceResponse, ServerConfig, SetLevelRequestMethod,
        SetLevelRequestParams, SubscribeRequestParams, SubscriptionFilter, Tool,
        UnsubscribeRequestParams,
    },
    service::{NotificationContext, RequestContext, SubscriptionContext},
};

use super::{
    Shared,
    call::{Request, extension, known, nobody, principal},
    connection::Connection,
    events,
    respond::Era,
    status::StatusHint,
};
use crate::{pipeline::CallFailure, protocol::MAX_URI_BYTES, registry::Registry};

/// Serves one connection, or one stateless request.
#[derive(Debug)]
pub(super) struct Handler {
    shared: Arc<Shared>,
    connection: Arc<Connection>,
}

impl Handler {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self::of(shared, Arc::new(Connection::new()))
    }

    /// The handler of a connection that somebody else looks at, too.
    pub(super) const fn of(shared: Arc<Shared>, connection: Arc<Connection>) -> Self {
        Self { shared, connection }
    }

    fn request(&self, context: RequestContext<RoleServer>) -> Request {
        Request::new(&self.shared, context, self.connection.log_level())
    }

    fn registry(&self) -> &Registry {
        self.shared.pipeline.registry()
    }
}

/// A list that fits one page has no second; a cursor must be one that we gave out, and we gave none.
fn only_page(request: Option<PaginatedRequestParams>) -> Result<(), ErrorData> {
    match request.and_then(|request| request.cursor) {
        None => Ok(()),
        Some(_) => Err(ErrorData::invalid_params(
            "unknown cursor: all entries are on the first page",
            None,
        )),
    }
}

/// A URI that nobody could have meant is refused before anything keeps or repeats it.
fn bounded_uri(uri: &str) -> Result<(), ErrorData> {
    if uri.len() <= MAX_URI_BYTES {
        return Ok(());
    }
    let message = format!("a uri has at most {MAX_URI_BYTES} bytes");
    Err(ErrorData::invalid_params(message, None))
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        self.shared.info()
    }

    async fn initialize(
        &self,
        request: InitializeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<InitializeResult, ErrorData> {
        if context.peer.peer_info().is_none() {
            // What it would agree on, nothing on this connection would keep to.
            let message = "this connection began without a handshake, and goes on without one";
            return Err(ErrorData::invalid_request(message, None));
        }
        self.connection.initialize()?;
        context.peer.set_peer_info(request.clone());
        self.negotiate_initialize(&request)
    }

    async fn discover(
        &self,
        _context: RequestContext<RoleServer>,
    ) -> Result<DiscoverResult, ErrorData> {
        Ok(self.shared.discovery())
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let asked = self.request(context);
        let page = self.shared.tools_page(asked.principal(), asked.era)?;
        only_page(request)?;
        Ok(page)
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        let registry = self.registry();
        registry.tool(name)?;
        self.shared
            .lists
            .tools(registry)
            .iter()
            .find(|tool| tool.name == name)
            .cloned()
    }

    async fn call_tool(
        &self,
        params: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        if self.registry().tools().is_empty() {
            return Err(ErrorData::method_not_found::<CallToolRequestMethod>());
        }
        self.request(context).call_tool(params).await
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let asked = self.request(context);
        let page = self.shared.resources_page(asked.principal(), asked.era)?;
        only_page(request)?;
        Ok(page)
    }

    async fn list_resource_templates(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let asked = self.request(context);
        let page = self.shared.templates_page(asked.principal(), asked.era)?;
        only_page(request)?;
        Ok(page)
    }

    async fn read_resource(
        &self,
        params: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        if !self.registry().has_resources() {
            return Err(ErrorData::method_not_found::<ReadResourceRequestMethod>());
        }
        bounded_uri(&params.uri)?;
        self.request(context).read_resource(params).await
    }

    async fn list_prompts(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        let asked = self.request(context);
        let page = self.shared.prompts_page(asked.principal(), asked.era)?;
        only_page(request)?;
        Ok(page)
    }

    async fn get_prompt(
        &self,
        params: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        if self.registry().prompts().is_empty() {
            return Err(ErrorData::method_not_found::<GetPromptRequestMethod>());
        }
        self.request(context).get_prompt(params).await
    }

    async fn complete(
        &self,
        params: CompleteRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        if !self.registry().has_completions() {
            return Err(ErrorData::method_not_found::<CompleteRequestMethod>());
        }
        self.request(context).complete(params).await
    }

    async fn set_level(
        &self,
        params: SetLevelRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        if self.request(context).era == Era::Modern {
            return Err(ErrorData::method_not_found::<SetLevelRequestMethod>());
        }
        self.connection.set_log_level(params.level);
        Ok(())
    }

    async fn subscribe(
        &self,
        params: SubscribeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        bounded_uri(&params.uri)?;
        let unknown = || {
            let message = format!("unknown resource: `{}`", params.uri);
            ErrorData::resource_not_found(message, None)
        };
        let scope = self.registry().scope_of("resources/read", &params.uri);
        let scope = scope.ok_or_else(unknown)?;
        let request = self.request(context);
        if !request.principal().scopes().contains(scope) {
            return Err(if request.sees(scope) {
                request.failure(CallFailure::Denied { required: scope })
            } else {
                unknown()
            });
        }
        self.connection.subscribe(params.uri)
    }

    async fn unsubscribe(
        &self,
        params: UnsubscribeRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.connection.unsubscribe(&params.uri);
        Ok(())
    }

    fn accepted_subscription_filter(
        &self,
        requested: &SubscriptionFilter,
    ) -> Option<SubscriptionFilter> {
        Some(events::accepted(requested))
    }

    async fn listen(&self, listener: SubscriptionContext) -> Result<(), ErrorData> {
        let principal = principal(listener.request_context());
        let subscription = self.shared.events.subscribe(&self.shared, principal);
        tokio::select! {
            () = listener.cancelled() => {}
            () = self.shared.lifecycle.draining() => {}
            () = events::feed(subscription, &listener) => {}
        }
        Ok(())
    }

    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        let principal = known(&context.extensions).unwrap_or_else(nobody);
        let heard = known(&context.extensions);
        self.connection
            .push_events(&self.shared, &principal, context.peer, heard);
    }

    /// `rmcp` brings a known method here when its params do not fit, which it would call unknown.
    async fn on_custom_request(
        &self,
        request: CustomRequest,
        context: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        let hint = extension::<Arc<StatusHint>>(&context);
        let era = self.request(context).era;
        if takes_params(&request.method, era) {
            if let Some(hint) = hint {
                hint.misshapen();
            }
            let message = format!(
                "the params of `{}` do not have the required form",
                request.method
            );
            Err(ErrorData::invalid_params(message, None))
        } else {
            Err(ErrorData::new(
                ErrorCode::METHOD_NOT_FOUND,
                format!("unknown method: `{}`", request.method),
                None,
            ))
        }
    }
}

/// Whether `method` exists in this era and has params that can be wrong.
fn takes_params(method: &str, era: Era) -> bool {
    match method {
        "tools/call"
        | "tools/list"
        | "resources/list"
        | "resources/templates/list"
        | "resources/read"
        | "prompts/list"
        | "prompts/get"
        | "completion/complete" => true,
        "initialize" | "logging/setLevel" | "resources/subscribe" | "resources/unsubscribe" => {
            era == Era::Legacy
        }
        "subscriptions/listen" | "server/discover" => era == Era::Modern,
        _ => false,
    }
}
