//! What pages there are, and their description for machines.

use serde_json::{Map, Value, json};

use crate::identity::Identity;

/// The page of what is logged, the only one that changes anything.
pub(super) const LEVEL: &str = "/log/level";

/// The pages that say that somebody answers, and nothing else.
pub(super) const ALIVE: [&str; 2] = ["/livez", "/healthz"];

/// The path, whether it may answer 503, what it is for.
pub(super) const PAGES: &[(&str, bool, &str)] = &[
    (
        "/livez",
        false,
        "Whether the process answers. For liveness probes.",
    ),
    (
        "/readyz",
        true,
        "Whether callers should be sent here: every plugin was asked, and the server is not ending.",
    ),
    ("/healthz", false, "The same as /livez, by its older name."),
    ("/health", false, "The state of the server, and the time."),
    (
        "/health/detailed",
        false,
        "Uptime, counters and what is open now.",
    ),
    ("/health/ready", true, "The same as /readyz."),
    (
        "/health/plugins",
        false,
        "What every plugin says of itself, with its gauges.",
    ),
    (
        "/metrics",
        false,
        "Metrics for Prometheus, or OpenMetrics if that is accepted.",
    ),
    (
        LEVEL,
        false,
        "What is logged. PUT changes it, from this machine only.",
    ),
    ("/openapi.json", false, "This description."),
];

/// The description of the pages (`OpenAPI` 3.1).
pub(super) fn description(identity: &Identity) -> Value {
    let paths: Map<String, Value> = PAGES
        .iter()
        .map(|(path, may_fail, summary)| {
            let kind = if *path == "/metrics" { "text/plain" } else { "application/json" };
            let content = json!({ kind: {} });
            let mut responses = json!({ "200": { "description": "It is so.", "content": content } });
            if *may_fail {
                responses["503"] = json!({ "description": "It is not; the body says why.", "content": content });
            }
            let mut page = json!({ "get": { "summary": summary, "responses": responses } });
            if *path == LEVEL {
                page["put"] = json!({
                    "summary": "Changes what is logged, until the server ends.",
                    "requestBody": { "content": { "text/plain": { "example": "debug" } } },
                    "responses": {
                        "200": { "description": "It is changed.", "content": content },
                        "400": { "description": "It is no level.", "content": content },
                        "403": { "description": "It does not come from this machine.", "content": content },
                    },
                });
            }
            ((*path).to_owned(), page)
        })
        .collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": format!("{}: management", identity.name),
            "version": identity.version,
        },
        "paths": paths,
    })
}
