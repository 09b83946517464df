//! All metrics of the server as one text.

use super::pages::Manager;
use crate::metrics::{
    BUCKETS, Exposition, Form, METHODS, Metrics, OUTCOMES, Process, REFUSED, Row,
};
use crate::pipeline::PluginHealth;

impl Manager {
    /// The metrics. Labels are names of what was compiled in or configured, never words of a caller.
    pub(super) async fn scrape(&self, form: Form) -> String {
        let seen = self.probe.look().await;
        // Here and not on a thread of the tools, which may all be at work: the kernel answers from memory.
        let process = Process::look();
        let mut text = Exposition::new(form);
        let identity = &self.identity;
        text.gauge("mcp_build_info", "What is running; always 1.")
            .value(
                &[
                    ("server", identity.name),
                    ("version", identity.version),
                    ("factory", identity.factory),
                ],
                1,
            );
        if let Some(metrics) = self.runtime.pipeline.metrics() {
            self.calls(metrics, &mut text);
            refusals(metrics, &mut text);
            #[expect(
                clippy::cast_precision_loss,
                reason = "seconds since 1970 are far below 2⁵³"
            )]
            let started = metrics.started_at().as_secs() as f64;
            process.write(&mut text, started);
        }
        self.now(&mut text);
        plugins(&seen, &mut text);
        text.finish()
    }

    fn calls(&self, metrics: &Metrics, text: &mut Exposition) {
        let registry = self.runtime.pipeline.registry();
        let rows: Vec<(&str, &str, &Row)> = registry
            .tools()
            .iter()
            .filter_map(|tool| {
                let plugin = registry.mounts()[tool.mount].name();
                Some((tool.public_name.as_str(), plugin, metrics.tool(tool.index)?))
            })
            .collect();
        text.counter("mcp_tool_calls_total", "Calls of tools, by how they ended.");
        for (tool, plugin, row) in &rows {
            for (outcome, count) in OUTCOMES.iter().zip(row.outcomes()) {
                // "ok" is there from the start, so that a first failure is a change and not a new line.
                if count > 0 || *outcome == "ok" {
                    let labels = [("tool", *tool), ("plugin", *plugin), ("outcome", *outcome)];
                    text.value(&labels, count);
                }
            }
        }
        text.counter(
            "mcp_tool_answers_kept_total",
            "Calls that were answered from answers that are kept.",
        );
        for (tool, plugin, row) in &rows {
            text.value(&[("tool", *tool), ("plugin", *plugin)], row.cached());
        }
        text.histogram(
            "mcp_tool_call_duration_seconds",
            "How long calls of tools took that were not refused.",
        );
        for (tool, plugin, row) in &rows {
            histogram(text, &[("tool", *tool), ("plugin", *plugin)], row);
        }
        text.counter(
            "mcp_requests_total",
            "Requests that use no tool, by method and how they ended.",
        );
        for method in METHODS {
            let outcomes = metrics
                .method(method)
                .map(Row::outcomes)
                .unwrap_or_default();
            for (outcome, count) in OUTCOMES.iter().zip(outcomes) {
                if count > 0 || *outcome == "ok" {
                    text.value(&[("method", method), ("outcome", outcome)], count);
                }
            }
        }
    }

    /// What is open at this moment.
    fn now(&self, text: &mut Exposition) {
        let (running, places) = self.runtime.pipeline.running();
        text.gauge("mcp_calls_running", "Calls that run now.")
            .value(&[], running);
        text.gauge("mcp_calls_limit", "Calls that may run at once.")
            .value(&[], places);
        let sessions = self.runtime.protocol.sessions();
        text.gauge("mcp_sessions", "Sessions of the older revisions.")
            .value(&[], sessions);
        if let Some(service) = &self.service {
            let (connections, in_flight) = service.load();
            text.gauge("mcp_http_connections", "Connections of clients.")
                .value(&[], connections);
            text.gauge(
                "mcp_http_requests_in_flight",
                "Requests that are being answered.",
            )
            .value(&[], in_flight);
        }
        if let Some(recorder) = self.runtime.pipeline.recorder() {
            text.counter("mcp_spans_lost_total", "Spans that reached no collector.")
                .value(&[], recorder.lost());
        }
        if let Some(secrets) = &self.runtime.secrets {
            text.counter(
                "mcp_secret_refreshes_total",
                "Secrets of a store that were fetched again, by how that ended.",
            );
            text.value(&[("outcome", "ok")], secrets.refreshed());
            text.value(&[("outcome", "error")], secrets.failed());
            text.counter(
                "mcp_secrets_replaced_total",
                "Secrets of a store that were found to be others than before.",
            )
            .value(&[], secrets.replaced());
            text.gauge(
                "mcp_secrets_stale",
                "Secrets of a store that could not be fetched again when last tried.",
            )
            .value(&[], secrets.stale());
        }
        let dropped = self.runtime.pipeline.audit().dropped();
        text.counter(
            "mcp_audit_dropped_total",
            "Records of calls that could not be written.",
        )
        .value(&[], dropped);
        if let Some(calls) = self.runtime.pipeline.calls() {
            text.counter(
                "mcp_call_log_dropped_total",
                "Calls that could not be written to every log of calls.",
            )
            .value(&[], calls.log().dropped());
        }
    }
}

fn histogram(text: &mut Exposition, labels: &[(&str, &str); 2], row: &Row) {
    let buckets = row.buckets();
    let mut below = 0;
    for (count, (_, end)) in buckets.iter().zip(BUCKETS) {
        below += count;
        text.value_of("_bucket", &[labels[0], labels[1], ("le", end)], below);
    }
    below += buckets[BUCKETS.len()];
    text.value_of("_bucket", &[labels[0], labels[1], ("le", "+Inf")], below);
    #[expect(
        clippy::cast_precision_loss,
        reason = "a microsecond in three centuries"
    )]
    let seconds = row.micros() as f64 / 1e6;
    text.value_of("_sum", labels, seconds);
    text.value_of("_count", labels, below);
}

fn refusals(metrics: &Metrics, text: &mut Exposition) {
    text.counter(
        "mcp_refusals_total",
        "Requests that were refused before they were a call of anything.",
    );
    for (reason, count) in REFUSED.iter().zip(metrics.refused()) {
        text.value(&[("reason", reason)], count);
    }
}

/// What the plugins say. A number of theirs whose name ends in `_total` only grows.
fn plugins(seen: &[PluginHealth], text: &mut Exposition) {
    text.gauge(
        "mcp_plugin_healthy",
        "Whether a plugin says that it is well.",
    );
    for plugin in seen {
        let healthy = u8::from(plugin.health.trouble().is_none());
        text.value(&labels(plugin), healthy);
    }
    let all = || {
        seen.iter().flat_map(|plugin| {
            let numbers = plugin.health.gauges().iter();
            numbers.map(move |(name, value)| (plugin, *name, *value))
        })
    };
    text.gauge(
        "mcp_plugin_value",
        "A number that a plugin reports of itself.",
    );
    for (plugin, name, value) in all().filter(|(_, name, _)| !name.ends_with("_total")) {
        let [plugin, tenant] = labels(plugin);
        text.value(&[plugin, tenant, ("name", name)], value);
    }
    text.counter("mcp_plugin_events_total", "What a plugin counts of itself.");
    for (plugin, name, value) in all() {
        let Some(event) = name.strip_suffix("_total") else {
            continue;
        };
        let [plugin, tenant] = labels(plugin);
        text.value(&[plugin, tenant, ("event", event)], value);
    }
}

fn labels(plugin: &PluginHealth) -> [(&str, &str); 2] {
    let tenant = plugin.tenant.as_deref().unwrap_or_default();
    [("plugin", &plugin.plugin), ("tenant", tenant)]
}
