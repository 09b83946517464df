//! The entry of every message: one handler, both eras.
//!
//! It looks up what a message wants, has the pipeline do it, and says the result. One handler serves a
//! connection (stdio, a legacy session) or a single stateless request.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use mcp_factory_sdk::{Arguments, Variables};
use rmcp::{
    RoleServer, ServerHandler,
    model::{
        CallToolRequestMethod, CallToolRequestParams, CallToolResponse, CompleteRequestMethod,
        CompleteRequestParams, CompleteResult, CompletionInfo, CustomRequest, CustomResult,
        DiscoverResult, ErrorCode, ErrorData, GetPromptRequestMethod, GetPromptRequestParams,
        GetPromptResponse, InitializeRequestParams, InitializeResult, ListPromptsRequestMethod,
        ListPromptsResult, ListResourceTemplatesRequestMethod, ListResourceTemplatesResult,
        ListResourcesRequestMethod, ListResourcesResult, ListToolsRequestMethod, ListToolsResult,
        LoggingLevel, PaginatedRequestParams, ProtocolVersion, ReadResourceRequestMethod,
        ReadResourceRequestParams, ReadResourceResponse, Reference, ServerCapabilities,
        ServerConfig, SetLevelRequestMethod, SetLevelRequestParams, SubscribeRequestParams,
        SubscriptionFilter, Tool, UnsubscribeRequestParams,
    },
    service::{NotificationContext, RequestContext, SubscriptionContext},
};
use serde_json::{Map, Value};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{
    LIST_CACHE_SCOPE, LIST_TTL_MS, Shared,
    call::{Request, extension},
    convert, events,
    http::Misshapen,
    respond::{self, Era},
};

/// Serves one connection, or one stateless request.
#[derive(Debug)]
pub(super) struct Handler {
    shared: Arc<Shared>,
    connection: Connection,
}

/// What a client of the legacy era may set for its connection.
#[derive(Debug)]
struct Connection {
    initialized: AtomicBool,
    log_level: Mutex<LoggingLevel>,
    subscribed: Arc<Mutex<BTreeSet<String>>>,
    /// Fires when the handler, and so the connection, is gone.
    ended: CancellationToken,
    _ends_with_this: DropGuard,
}

impl Handler {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let ended = CancellationToken::new();
        let connection = Connection {
            initialized: AtomicBool::new(false),
            log_level: Mutex::new(LoggingLevel::Info),
            subscribed: Arc::default(),
            _ends_with_this: ended.clone().drop_guard(),
            ended,
        };
        Self { shared, connection }
    }

    fn request(&self, context: RequestContext<RoleServer>) -> Request {
        let level = *self
            .connection
            .log_level
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Request::new(&self.shared, context, level)
    }

    fn capabilities(&self) -> ServerCapabilities {
        let registry = self.shared.pipeline.registry();
        let mut capabilities = ServerCapabilities::builder().enable_logging().build();
        if !registry.tools().is_empty() {
            let mut tools = rmcp::model::ToolsCapability::default();
            tools.list_changed = Some(true);
            capabilities.tools = Some(tools);
        }
        if registry.has_resources() {
            let mut resources = rmcp::model::ResourcesCapability::default();
            resources.subscribe = Some(true);
            resources.list_changed = Some(true);
            capabilities.resources = Some(resources);
        }
        if !registry.prompts().is_empty() {
            let mut prompts = rmcp::model::PromptsCapability::default();
            prompts.list_changed = Some(true);
            capabilities.prompts = Some(prompts);
        }
        if registry.has_completions() {
            capabilities.completions = Some(Map::new());
        }
        capabilities
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

/// Lays the hints of a list that changes only by announcement, and who we are, over its page.
macro_rules! page {
    ($handler:ident, $context:ident, $result:expr) => {{
        let mut page = $result
            .with_ttl_ms(LIST_TTL_MS)
            .with_cache_scope(LIST_CACHE_SCOPE);
        if $handler.request($context).era == Era::Modern {
            page.meta = Some($handler.shared.result_meta());
        }
        Ok(page)
    }};
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(self.capabilities())
            .with_server_info(self.shared.implementation())
            .with_protocol_version(ProtocolVersion::V_2025_11_25)
    }

    async fn initialize(
        &self,
        request: InitializeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<InitializeResult, ErrorData> {
        if self.connection.initialized.swap(true, Ordering::Relaxed) {
            return Err(ErrorData::invalid_request(
                "this connection is initialized already",
                None,
            ));
        }
        context.peer.set_peer_info(request.clone());
        self.negotiate_initialize(&request)
    }

    async fn discover(
        &self,
        _context: RequestContext<RoleServer>,
    ) -> Result<DiscoverResult, ErrorData> {
        let versions = self.supported_protocol_versions().into_owned();
        Ok(DiscoverResult::from_server_info(versions, self.get_info())
            .with_ttl_ms(LIST_TTL_MS)
            .with_cache_scope(LIST_CACHE_SCOPE))
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let registry = self.shared.pipeline.registry();
        if registry.tools().is_empty() {
            return Err(ErrorData::method_not_found::<ListToolsRequestMethod>());
        }
        only_page(request)?;
        page!(
            self,
            context,
            ListToolsResult::with_all_items(self.shared.lists.tools(registry).to_vec())
        )
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        let registry = self.shared.pipeline.registry();
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
        if self.shared.pipeline.registry().tools().is_empty() {
            return Err(ErrorData::method_not_found::<CallToolRequestMethod>());
        }
        let request = self.request(context);
        let binding = request.binding("tools/call", &params.name, params.arguments.as_ref());
        let answers = request.answers(
            params.request_state.as_deref(),
            params.input_responses,
            &binding,
        )?;
        let arguments = request.arguments(params.arguments.as_ref());
        let caller = request.caller(answers.clone());
        let outcome = self
            .shared
            .pipeline
            .call_tool(&params.name, Arguments::new(&arguments), caller)
            .await;
        let mut result = match outcome {
            Ok(output) => convert::output(output).map_err(|error| {
                ErrorData::internal_error(format!("unreadable structured content: {error}"), None)
            })?,
            Err(failure) => match request.input_required(failure, &answers, &binding) {
                Ok(questions) => return Ok(questions.into()),
                Err(failure) => respond::tool_failure(failure, request.era)?,
            },
        };
        if request.era == Era::Modern {
            result.meta = Some(self.shared.result_meta());
        }
        Ok(result.into())
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        if !self.shared.pipeline.registry().has_resources() {
            return Err(ErrorData::method_not_found::<ListResourcesRequestMethod>());
        }
        only_page(request)?;
        page!(
            self,
            context,
            ListResourcesResult::with_all_items(self.shared.lists.resources.clone())
        )
    }

    async fn list_resource_templates(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        if !self.shared.pipeline.registry().has_resources() {
            return Err(ErrorData::method_not_found::<
                ListResourceTemplatesRequestMethod,
            >());
        }
        only_page(request)?;
        let templates = self.shared.lists.resource_templates.clone();
        page!(
            self,
            context,
            ListResourceTemplatesResult::with_all_items(templates)
        )
    }

    async fn read_resource(
        &self,
        params: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        if !self.shared.pipeline.registry().has_resources() {
            return Err(ErrorData::method_not_found::<ReadResourceRequestMethod>());
        }
        let request = self.request(context);
        let binding = request.binding("resources/read", &params.uri, None);
        let answers = request.answers(
            params.request_state.as_deref(),
            params.input_responses,
            &binding,
        )?;
        let caller = request.caller(answers.clone());
        match self
            .shared
            .pipeline
            .read_resource(&params.uri, caller)
            .await
        {
            Ok((resource, definition)) => {
                let mut result = convert::resource(resource, &params.uri, definition);
                if request.era == Era::Modern {
                    result.meta = Some(self.shared.result_meta());
                }
                Ok(result.into())
            }
            Err(failure) => match request.input_required(failure, &answers, &binding) {
                Ok(questions) => Ok(questions.into()),
                Err(failure) => Err(respond::failure_data(failure, request.era)),
            },
        }
    }

    async fn list_prompts(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        if self.shared.pipeline.registry().prompts().is_empty() {
            return Err(ErrorData::method_not_found::<ListPromptsRequestMethod>());
        }
        only_page(request)?;
        page!(
            self,
            context,
            ListPromptsResult::with_all_items(self.shared.lists.prompts.clone())
        )
    }

    async fn get_prompt(
        &self,
        params: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let registry = self.shared.pipeline.registry();
        if registry.prompts().is_empty() {
            return Err(ErrorData::method_not_found::<GetPromptRequestMethod>());
        }
        let request = self.request(context);
        let binding = request.binding("prompts/get", &params.name, params.arguments.as_ref());
        let answers = request.answers(
            params.request_state.as_deref(),
            params.input_responses,
            &binding,
        )?;
        let arguments = prompt_arguments(params.arguments)?;
        let caller = request.caller(answers.clone());
        match self
            .shared
            .pipeline
            .get_prompt(&params.name, arguments, caller)
            .await
        {
            Ok(prompt) => {
                let description = registry
                    .prompt(&params.name)
                    .map_or("", |entry| entry.definition.description());
                let mut result = convert::prompt(prompt, description);
                if request.era == Era::Modern {
                    result.meta = Some(self.shared.result_meta());
                }
                Ok(result.into())
            }
            Err(failure) => match request.input_required(failure, &answers, &binding) {
                Ok(questions) => Ok(questions.into()),
                Err(failure) => Err(respond::failure_data(failure, request.era)),
            },
        }
    }

    async fn complete(
        &self,
        params: CompleteRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        if !self.shared.pipeline.registry().has_completions() {
            return Err(ErrorData::method_not_found::<CompleteRequestMethod>());
        }
        let request = self.request(context);
        let (of_prompt, target) = match &params.r#ref {
            Reference::Prompt(prompt) => (true, prompt.name.as_str()),
            Reference::Resource(resource) => (false, resource.uri.as_str()),
            _ => return Err(ErrorData::invalid_params("unknown kind of reference", None)),
        };
        let others = params
            .context
            .and_then(|context| context.arguments)
            .into_iter()
            .flatten()
            .collect();
        let caller = request.caller(Map::new());
        let (argument, typed) = (params.argument.name, params.argument.value);
        let completed = self
            .shared
            .pipeline
            .complete(of_prompt, target, &argument, typed, others, caller)
            .await;
        let values = completed.map_err(|failure| respond::failure_data(failure, request.era))?;
        let mut result = CompleteResult::new(completion(values));
        if request.era == Era::Modern {
            result.meta = Some(self.shared.result_meta());
        }
        Ok(result)
    }

    async fn set_level(
        &self,
        params: SetLevelRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        if self.request(context).era == Era::Modern {
            return Err(ErrorData::method_not_found::<SetLevelRequestMethod>());
        }
        *self
            .connection
            .log_level
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = params.level;
        Ok(())
    }

    async fn subscribe(
        &self,
        params: SubscribeRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        if self
            .shared
            .pipeline
            .registry()
            .resource(&params.uri)
            .is_none()
        {
            let message = format!("unknown resource: `{}`", params.uri);
            return Err(ErrorData::resource_not_found(message, None));
        }
        let mut subscribed = self
            .connection
            .subscribed
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if subscribed.len() >= events::MAX_SUBSCRIBED_URIS {
            return Err(ErrorData::invalid_request(
                "too many subscriptions on this connection",
                None,
            ));
        }
        subscribed.insert(params.uri);
        Ok(())
    }

    async fn unsubscribe(
        &self,
        params: UnsubscribeRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.connection
            .subscribed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&params.uri);
        Ok(())
    }

    fn accepted_subscription_filter(
        &self,
        requested: &SubscriptionFilter,
    ) -> Option<SubscriptionFilter> {
        Some(events::accepted(requested))
    }

    async fn listen(&self, listener: SubscriptionContext) -> Result<(), ErrorData> {
        let subscription = self.shared.events.subscribe();
        tokio::select! {
            () = listener.cancelled() => {}
            () = self.shared.lifecycle.draining() => {}
            () = events::feed(subscription, &listener) => {}
        }
        Ok(())
    }

    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        let mut subscription = self.shared.events.subscribe();
        let subscribed = Arc::clone(&self.connection.subscribed);
        let ended = self.connection.ended.clone();
        let lifecycle = self.shared.lifecycle.clone();
        self.shared.lifecycle.tasks().spawn(async move {
            loop {
                let event = tokio::select! {
                    () = ended.cancelled() => return,
                    () = lifecycle.draining() => return,
                    event = subscription.next() => event,
                };
                let Some(event) = event else { return };
                let wanted = |uri: &str| {
                    subscribed
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .contains(uri)
                };
                if events::push(&context.peer, event, wanted).await.is_err() {
                    return;
                }
            }
        });
    }

    /// `rmcp` brings a known method here when its params do not fit, which it would call unknown.
    async fn on_custom_request(
        &self,
        request: CustomRequest,
        context: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        let misshapen = extension::<Arc<Misshapen>>(&context);
        let era = self.request(context).era;
        if takes_params(&request.method, era) {
            if let Some(misshapen) = misshapen {
                misshapen.set();
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

/// A prompt's arguments are strings on the wire.
fn prompt_arguments(arguments: Option<Map<String, Value>>) -> Result<Variables, ErrorData> {
    arguments
        .into_iter()
        .flatten()
        .map(|(name, value)| match value {
            Value::String(text) => Ok((name, text)),
            _ => Err(ErrorData::invalid_params(
                format!("argument `{name}` must be a string"),
                None,
            )),
        })
        .collect()
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
