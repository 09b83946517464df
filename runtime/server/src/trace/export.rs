//! Telling a collector, with the `OpenTelemetry` crates: what is in the queue becomes spans, and those go out in
//! batches, beside the calls. A collector that is gone or silent costs what waits in the queue, and a count.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use mcp_factory_outbound::{Client, Reach, Url, is_loopback};
use opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::{
    Protocol, RetryPolicy, SpanExporter, WithExportConfig as _, WithHttpConfig as _,
    WithTonicConfig as _, tonic_types::metadata::MetadataMap,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanExporter as _, SpanLinks};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::config::{OtlpProtocol, TracingConfig};
use super::recorder::{Finished, LAST_SPANS, Recorder};
use super::{grpc, http_client::Outbound};
use crate::identity::Identity;

/// Spans of one batch, and how long the first one waits for others.
const BATCH: usize = 512;
const GATHER: Duration = Duration::from_secs(1);
/// Failures that come again within this time are warned of once.
const QUIET: Duration = Duration::from_mins(1);

/// What is wrong with the section, at which key.
pub(crate) type Wrong = (&'static str, String);

/// Opens the way to the configured collector, and keeps its task among `tasks`. Nobody is connected to yet: a
/// collector that is not there keeps no server from starting.
///
/// # Errors
/// What cannot be meant.
pub(crate) fn open(
    config: &TracingConfig,
    url: &str,
    identity: &Identity,
    tasks: &TaskTracker,
) -> Result<Recorder, Wrong> {
    if !(0.0..=1.0).contains(&config.sample) {
        return Err((
            "sample",
            format!("{} is no share: write 0 to 1, such as 0.01", config.sample),
        ));
    }
    let mut exporter = exporter(config, url)?;
    let service = config
        .service
        .as_deref()
        .unwrap_or(identity.name)
        .to_owned();
    let instance = format!("{:032x}", rand::random::<u128>());
    exporter.set_resource(
        &Resource::builder()
            .with_service_name(service)
            .with_attributes([
                KeyValue::new("service.version", identity.version),
                KeyValue::new("service.instance.id", instance),
            ])
            .build(),
    );
    let (recorder, spans) = Recorder::new(config.sample);
    let exporting = Exporting {
        exporter,
        scope: InstrumentationScope::builder("mcp-factory")
            .with_version(env!("CARGO_PKG_VERSION"))
            .build(),
        timeout: config.timeout,
        lost: Arc::clone(&recorder.lost),
        sending: 0,
        warned: None,
    };
    let task = tasks.spawn(exporting.run(spans, recorder.ending.clone()));
    Ok(recorder.exported_by(task))
}

fn exporter(config: &TracingConfig, url: &str) -> Result<SpanExporter, Wrong> {
    let wrong = |message: String| ("endpoint", message);
    let mut parsed = Url::parse(url)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| {
            wrong(
                "it is no URL of a collector: write http://127.0.0.1:4318, or :4317 for gRPC"
                    .to_owned(),
            )
        })?;
    if !config.headers.is_empty() && parsed.scheme() == "http" && !is_loopback(&parsed) {
        let message = "they would cross the network unencrypted, and what they hold is a token: write `endpoint` \
                       with https (http is for this machine only), or leave them out";
        return Err(("headers", message.to_owned()));
    }
    let mut given = HashMap::new();
    for (name, reference) in &config.headers {
        let secret = reference
            .read()
            .map_err(|error| ("headers", format!("{name}: {error}")))?;
        given.insert(name.to_ascii_lowercase(), secret.expose().to_owned());
    }
    let is_grpc = config.protocol.map_or_else(
        || parsed.port_or_known_default() == Some(4317),
        |protocol| protocol == OtlpProtocol::Grpc,
    );
    let built = if is_grpc {
        let headers = headers(&given)?;
        SpanExporter::builder()
            .with_tonic()
            .with_endpoint(url)
            .with_timeout(config.timeout)
            .with_channel(grpc::channel(url, config.timeout).map_err(wrong)?)
            .with_metadata(MetadataMap::from_headers(headers))
            .with_retry_policy(RetryPolicy::disabled())
            .build()
    } else {
        if parsed.path() == "/" {
            parsed.set_path("/v1/traces");
        }
        headers(&given)?;
        let client = Client::builder(Reach::operator())
            .timeout(config.timeout)
            .build()
            .map_err(|error| wrong(error.to_string()))?;
        SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(parsed.as_str())
            .with_timeout(config.timeout)
            .with_headers(given)
            .with_http_client(Outbound(client))
            .with_retry_policy(RetryPolicy::disabled())
            .build()
    };
    built.map_err(|error| wrong(error.to_string()))
}

/// The headers as gRPC takes them; what is none is told without its value.
fn headers(all: &HashMap<String, String>) -> Result<http::HeaderMap, Wrong> {
    let mut map = http::HeaderMap::new();
    for (name, value) in all {
        let wrong = |()| {
            (
                "headers",
                format!(
                    "`{}` is no header, or its value is none",
                    name.escape_debug()
                ),
            )
        };
        let key: http::HeaderName = name.parse().map_err(|_| wrong(()))?;
        let mut value: http::HeaderValue = value.parse().map_err(|_| wrong(()))?;
        value.set_sensitive(true);
        map.insert(key, value);
    }
    Ok(map)
}

struct Exporting {
    exporter: SpanExporter,
    scope: InstrumentationScope,
    timeout: Duration,
    lost: Arc<AtomicU64>,
    /// Spans that are on their way.
    sending: u64,
    warned: Option<Instant>,
}

impl Exporting {
    async fn run(mut self, mut spans: mpsc::Receiver<Finished>, ending: CancellationToken) {
        let lost = Arc::clone(&self.lost);
        tokio::select! {
            () = self.export_all(&mut spans, &ending) => {}
            () = async { ending.cancelled().await; tokio::time::sleep(LAST_SPANS).await } => {
                tracing::warn!("the last spans could not be sent in time");
            }
        }
        lost.fetch_add(spans.len() as u64 + self.sending, Relaxed);
    }

    async fn export_all(
        &mut self,
        spans: &mut mpsc::Receiver<Finished>,
        ending: &CancellationToken,
    ) {
        let mut batch = Vec::new();
        loop {
            let ended = tokio::select! {
                count = spans.recv_many(&mut batch, BATCH) => count == 0,
                () = ending.cancelled(), if !spans.is_closed() => { spans.close(); false }
            };
            if ended {
                return;
            }
            if batch.is_empty() {
                continue;
            }
            // Others may follow; nobody waits for these.
            let gathering = async {
                while batch.len() < BATCH {
                    let room = BATCH - batch.len();
                    if spans.recv_many(&mut batch, room).await == 0 {
                        return;
                    }
                }
            };
            tokio::select! {
                () = gathering => {}
                () = tokio::time::sleep(GATHER) => {}
                () = ending.cancelled() => {}
            }
            self.export(std::mem::take(&mut batch)).await;
        }
    }

    async fn export(&mut self, batch: Vec<Finished>) {
        let count = batch.len() as u64;
        let spans = batch
            .into_iter()
            .map(|span| span_data(span, &self.scope))
            .collect();
        // What is cut off by the end is lost as well.
        self.sending = count;
        let sent = tokio::time::timeout(self.timeout, self.exporter.export(spans)).await;
        self.sending = 0;
        let trouble = match sent {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("it did not answer within {:?}", self.timeout),
        };
        self.lost.fetch_add(count, Relaxed);
        let is_news = self.warned.is_none_or(|warned| warned.elapsed() >= QUIET);
        if is_news {
            tracing::warn!(
                trouble,
                "spans do not reach the collector; calls go on, and what is missing is counted"
            );
            self.warned = Some(Instant::now());
        }
    }
}

/// A call as a span of the server's, in the words of the semantic conventions for MCP where they have one.
fn span_data(call: Finished, scope: &InstrumentationScope) -> SpanData {
    let mut attributes = vec![
        KeyValue::new("mcp.method.name", call.method),
        KeyValue::new(
            "network.transport",
            if call.transport == "stdio" {
                "pipe"
            } else {
                "tcp"
            },
        ),
        KeyValue::new("enduser.id", call.principal.id().to_owned()),
        KeyValue::new("mcp_factory.outcome", call.outcome),
        KeyValue::new("mcp_factory.cached", call.cached),
    ];
    let mut add = |key: &'static str, value: Option<String>| {
        attributes.extend(value.map(|value| KeyValue::new(key, value)));
    };
    add(
        "mcp_factory.tenant",
        call.principal.tenant().map(str::to_owned),
    );
    add(
        "mcp_factory.plugin",
        call.plugin.as_deref().map(str::to_owned),
    );
    add(
        "mcp_factory.scope",
        call.scope.map(|scope| scope.as_str().to_owned()),
    );
    add("mcp_factory.error_id", call.error_id);
    match call.method {
        "tools/call" => {
            add("gen_ai.operation.name", Some("execute_tool".to_owned()));
            add("gen_ai.tool.name", Some(call.name.clone()));
        }
        "prompts/get" => add("gen_ai.prompt.name", Some(call.name.clone())),
        "resources/read" => add("mcp.resource.uri", Some(call.name.clone())),
        _ => {}
    }
    let is_well = call.outcome == "ok";
    let error = if call.outcome == "error" {
        "tool_error"
    } else {
        call.outcome
    };
    add("error.type", (!is_well).then(|| error.to_owned()));
    if let Some(bytes) = call.argument_bytes {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        attributes.push(KeyValue::new("mcp_factory.arguments.bytes", bytes));
    }
    // A URI may be any of many: it is no part of a name.
    let name = match (&call.plugin, call.method) {
        (Some(plugin), "tools/call" | "prompts/get") => {
            Cow::Owned(format!("{plugin}.{}", call.name))
        }
        _ => Cow::Borrowed(call.method),
    };
    SpanData {
        span_context: SpanContext::new(
            TraceId::from_bytes(call.trace.id.to_be_bytes()),
            SpanId::from_bytes(call.trace.span.to_be_bytes()),
            TraceFlags::SAMPLED,
            false,
            TraceState::NONE,
        ),
        parent_span_id: SpanId::from_bytes(call.trace.parent.to_be_bytes()),
        parent_span_is_remote: call.trace.parent != 0,
        span_kind: SpanKind::Server,
        name,
        start_time: call.began,
        end_time: call.began + call.took,
        attributes,
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: if is_well {
            Status::Unset
        } else {
            Status::error(error)
        },
        instrumentation_scope: scope.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[tokio::test]
    async fn a_token_goes_nowhere_in_the_clear() {
        // Its value matters to nobody.
        let token = || {
            [(
                "x-token".to_owned(),
                "env:CARGO_MANIFEST_DIR".parse().unwrap(),
            )]
            .into()
        };
        let with = |headers| TracingConfig {
            headers,
            ..TracingConfig::default()
        };
        for url in [
            "http://collector.example:4318",
            "http://10.0.0.7:4317",
            "http://localhost.example:4318",
        ] {
            let (key, message) = exporter(&with(token()), url).unwrap_err();
            assert_eq!(key, "headers", "{url}");
            assert!(message.contains("https"), "{message}");
            assert!(exporter(&with(BTreeMap::new()), url).is_ok(), "{url}");
        }
        for url in [
            "https://collector.example:4318",
            "http://127.0.0.1:4318",
            "http://localhost:4317",
            "http://[::1]:4318",
        ] {
            assert!(exporter(&with(token()), url).is_ok(), "{url}");
        }
    }
}
