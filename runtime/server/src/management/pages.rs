//! The pages of the management port, and what each says.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method, Response, StatusCode};
use mcp_factory_guard::Timestamp;
use mcp_factory_sdk::BoxFuture;
use serde_json::{Value, json};

use super::openapi;
use super::probe::{Probe, reasons};
use crate::http::{Asked, Pages, Service, page};
use crate::identity::Identity;
use crate::lifecycle::Lifecycle;
use crate::logging;
use crate::metrics::{Form, Process};
use crate::pipeline::PluginHealth;
use crate::response_body::ResponseBody;
use crate::runtime::Runtime;

/// Whoever answers on the management port.
pub(super) struct Manager {
    pub(super) identity: Identity,
    pub(super) runtime: Arc<Runtime>,
    /// Of a server over HTTP.
    pub(super) service: Option<Arc<Service<Runtime>>>,
    pub(super) probe: Probe,
    lifecycle: Lifecycle,
}

impl Pages for Manager {
    fn is_free(&self, path: &str) -> bool {
        openapi::ALIVE.contains(&path)
    }

    fn takes_body(&self, method: &Method, path: &str) -> bool {
        sets_level(method, path)
    }

    fn answer(&self, asked: Asked) -> BoxFuture<'_, Response<ResponseBody>> {
        Box::pin(async move {
            let mut response = self.route(&asked).await;
            // What was so a moment ago is nothing to keep.
            let headers = response.headers_mut();
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        })
    }
}

impl Manager {
    pub(super) fn new(
        identity: Identity,
        runtime: Arc<Runtime>,
        service: Option<Arc<Service<Runtime>>>,
        lifecycle: Lifecycle,
    ) -> Self {
        Self {
            identity,
            service,
            probe: Probe::new(Arc::clone(&runtime.pipeline)),
            runtime,
            lifecycle,
        }
    }

    async fn route(&self, asked: &Asked) -> Response<ResponseBody> {
        let known = openapi::PAGES.iter().any(|(path, ..)| *path == asked.path);
        if !known {
            let all: Vec<&str> = openapi::PAGES.iter().map(|(path, ..)| *path).collect();
            return said(
                StatusCode::NOT_FOUND,
                &json!({ "error": "not found", "pages": all }),
            );
        }
        if sets_level(&asked.method, &asked.path) {
            return set_level(asked);
        }
        if !matches!(asked.method, Method::GET | Method::HEAD) {
            let mut response = said(
                StatusCode::METHOD_NOT_ALLOWED,
                &json!({ "error": "this is not what the page is for" }),
            );
            let may = if asked.path == openapi::LEVEL {
                "GET, HEAD, PUT"
            } else {
                "GET, HEAD"
            };
            let headers = response.headers_mut();
            headers.insert(ALLOW, HeaderValue::from_static(may));
            return response;
        }
        match asked.path.as_str() {
            "/readyz" | "/health/ready" => self.ready().await,
            "/health" => said(
                StatusCode::OK,
                &json!({ "status": self.status(), "timestamp": now() }),
            ),
            "/health/detailed" => self.detailed().await,
            "/health/plugins" => {
                let seen = self.probe.look().await;
                let plugins: Vec<Value> = seen.iter().map(PluginHealth::told).collect();
                said(StatusCode::OK, &json!({ "plugins": plugins }))
            }
            "/metrics" => {
                let form = Form::wanted(&asked.accept);
                let mut response = page(StatusCode::OK, self.scrape(form).await);
                let headers = response.headers_mut();
                headers.insert(CONTENT_TYPE, HeaderValue::from_static(form.content_type()));
                response
            }
            openapi::LEVEL => said(StatusCode::OK, &json!({ "level": logging::filter() })),
            "/openapi.json" => said(StatusCode::OK, &openapi::description(&self.identity)),
            // Whoever reads this is alive.
            _ => said(StatusCode::OK, &json!({ "status": "ok" })),
        }
    }

    fn status(&self) -> &'static str {
        if self.lifecycle.is_draining() {
            "draining"
        } else {
            "ok"
        }
    }

    async fn ready(&self) -> Response<ResponseBody> {
        let unavailable = StatusCode::SERVICE_UNAVAILABLE;
        if self.lifecycle.is_draining() {
            return said(
                unavailable,
                &json!({ "status": "draining", "error": "the server is ending" }),
            );
        }
        let seen = self.probe.look().await;
        let reasons = reasons(&seen);
        if reasons.is_empty() {
            return said(StatusCode::OK, &json!({ "status": "ok" }));
        }
        let words: Vec<String> = reasons
            .iter()
            .map(|plugin| {
                format!(
                    "{}: {}",
                    plugin.plugin,
                    plugin.health.trouble().unwrap_or_default()
                )
            })
            .collect();
        let plugins: Vec<Value> = reasons
            .iter()
            .map(|plugin| {
                json!({
                    "plugin": plugin.plugin,
                    "tenant": plugin.tenant,
                    "reason": plugin.health.trouble(),
                })
            })
            .collect();
        let error = words.join("; ");
        said(
            unavailable,
            &json!({ "status": "unavailable", "error": error, "reasons": plugins }),
        )
    }

    async fn detailed(&self) -> Response<ResponseBody> {
        let seen = self.probe.look().await;
        let troubled = seen
            .iter()
            .filter(|plugin| plugin.health.trouble().is_some())
            .count();
        let pipeline = &self.runtime.pipeline;
        let metrics = pipeline.metrics();
        let (requests, errors) = metrics.map_or((0, 0), crate::metrics::Metrics::totals);
        let (connections, in_flight) = self
            .service
            .as_ref()
            .map_or((0, 0), |service| service.load());
        let memory = Process::look();
        said(
            StatusCode::OK,
            &json!({
                "status": if troubled > 0 { "degraded" } else { self.status() },
                "timestamp": now(),
                "server": self.identity.name,
                "version": self.identity.version,
                "factory": self.identity.factory,
                "uptime_seconds": metrics.map_or(0, |metrics| metrics.uptime().as_secs()),
                "requests": requests,
                "errors": errors,
                "calls_running": pipeline.running().0,
                "connections": connections,
                "requests_in_flight": in_flight,
                "sessions": self.runtime.protocol.sessions(),
                "memory_bytes": memory.resident(),
                "plugins": { "well": seen.len() - troubled, "in_trouble": troubled },
            }),
        )
    }
}

/// Changes what is logged. Only for whoever is on this machine: nobody else is asked who they are.
fn set_level(asked: &Asked) -> Response<ResponseBody> {
    if !asked.is_local {
        let error = "the log is changed from this machine only: through a port that is forwarded, or by `localhost`";
        return said(StatusCode::FORBIDDEN, &json!({ "error": error }));
    }
    let words = String::from_utf8_lossy(&asked.body);
    match logging::change(words.trim()) {
        Ok(level) => said(StatusCode::OK, &json!({ "level": level })),
        Err(error) => said(StatusCode::BAD_REQUEST, &json!({ "error": error })),
    }
}

fn sets_level(method: &Method, path: &str) -> bool {
    path == openapi::LEVEL && method == Method::PUT
}

fn said(status: StatusCode, words: &Value) -> Response<ResponseBody> {
    page(status, words.to_string())
}

fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Timestamp(since.unwrap_or_default()).to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::mpsc;
    use std::time::Duration;

    use http_body_util::BodyExt as _;
    use mcp_factory_guard::{Audit, RateLimits};
    use mcp_factory_sdk::{Principal, ScopeHierarchy};

    use super::*;
    use crate::config::Visibility;
    use crate::pipeline::{CallLimits, Guards, Pipeline, Tenants};
    use crate::registry::Registry;

    fn manager() -> Manager {
        let guards = Guards {
            hierarchy: ScopeHierarchy::default(),
            visibility: Visibility::default(),
            rates: RateLimits::new(100, None),
            gates: None,
            audit: Arc::new(Audit::off()),
            validators: Vec::new(),
        };
        let pipeline = Pipeline::new(
            Registry::new(&[], false),
            Tenants::default(),
            CallLimits::default(),
            &BTreeMap::new(),
            guards,
        );
        let identity = Identity {
            name: "server",
            version: "1.2.3",
            description: "For tests.",
            factory: "",
        };
        let lifecycle = Lifecycle::default();
        let local = Principal::local();
        let runtime = Runtime::new(identity, pipeline, local, None, true, 4, &lifecycle);
        Manager::new(identity, Arc::new(runtime), None, lifecycle)
    }

    fn get(path: &str) -> Asked {
        Asked {
            method: Method::GET,
            path: path.to_owned(),
            accept: String::new(),
            body: bytes::Bytes::new(),
            is_local: false,
        }
    }

    #[test]
    fn tools_that_hold_every_thread_hold_no_page() {
        let tokio = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let (done, wait) = mpsc::channel::<()>();
        tokio.spawn_blocking(move || wait.recv());
        let answers = tokio.block_on(async {
            let manager = manager();
            let all = async {
                let mut texts = Vec::new();
                for (path, ..) in openapi::PAGES {
                    let response = manager.answer(get(path)).await;
                    let body = response.into_body().collect().await.unwrap().to_bytes();
                    texts.push((*path, String::from_utf8(body.to_vec()).unwrap()));
                }
                texts
            };
            tokio::time::timeout(Duration::from_secs(5), all).await
        });
        drop(done);
        let answers: BTreeMap<&str, String> =
            answers.expect("every page in time").into_iter().collect();
        let detailed: Value = serde_json::from_str(&answers["/health/detailed"]).unwrap();
        assert!(
            detailed["memory_bytes"].as_u64() > Some(1 << 20),
            "{detailed}"
        );
        assert!(answers["/metrics"].contains("mcp_build_info"));
    }

    #[test]
    fn pages_that_cost_nothing_are_pages() {
        for free in openapi::ALIVE {
            assert!(openapi::PAGES.iter().any(|(path, ..)| *path == free));
        }
    }
}
