//! What there is to set, in words: a row for each setting of the server. `schema`, `env` and the names of
//! environment variables are made from it; tests hold it to the settings themselves and to their defaults.
//!
//! Not here: the settings of plugins, which have schemas of their own.

use Kind::{Choice, Count, Duration, Flag, Rate, Secret, Share, Size, Text, Texts};

/// What a value may be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Text,
    Texts,
    Flag,
    Count,
    /// "64KiB", or bytes.
    Size,
    /// "250ms".
    Duration,
    /// "10/s", or "off".
    Rate,
    /// From 0 to 1.
    Share,
    /// Where a secret is.
    Secret,
    Choice(&'static [&'static str]),
}

/// One setting.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    /// Dotted; `*` is any name, and `[]` is each table of a list.
    pub(super) path: &'static str,
    pub(super) kind: Kind,
    /// In TOML; empty when there is none.
    pub(super) default: &'static str,
    pub(super) text: &'static str,
}

const fn row(path: &'static str, kind: Kind, default: &'static str, text: &'static str) -> Row {
    Row {
        path,
        kind,
        default,
        text,
    }
}

/// Every setting of the server, each in a line.
#[rustfmt::skip]
pub(super) static ROWS: &[Row] = &[
    row("server.drain", Duration, "\"20s\"", "How long calls may still take after a signal to stop."),
    row("server.workers", Count, "0", "Threads that run calls; 0 is one for each processor."),
    row("server.blocking_threads", Count, "64", "Threads for calls that wait for files or processes."),
    row("server.fast_lane", Flag, "true", "Whether requests with one answer are answered without the protocol library. Off only to find a fault."),
    row("server.state_key", Secret, "", "The key that seals what a call of several rounds leaves with its client. Replicas need one and the same; 32 characters or more."),
    row("http.listen", Text, "\"127.0.0.1:8080\"", "Where `--http` without an address listens."),
    row("http.public_url", Text, "", "The URL by which clients know this server, behind a proxy or not."),
    row("http.allowed_hosts", Texts, "[]", "More names that a `Host` header may carry."),
    row("http.allowed_origins", Texts, "[]", "More web origins that may call."),
    row("http.trusted_proxies", Texts, "[]", "Networks of proxies whose `X-Forwarded-For` is believed, for limits by address."),
    row("http.max_body", Size, "\"4MiB\"", "The largest body of a request."),
    row("http.max_connections", Count, "1024", "Connections at once."),
    row("http.max_in_flight", Count, "512", "Requests at once."),
    row("http.header_timeout", Duration, "\"10s\"", "How long the headers of a request may take."),
    row("http.body_timeout", Duration, "\"30s\"", "How long the body of a request may take."),
    row("http.idle_timeout", Duration, "\"75s\"", "How long a connection may be idle between two requests."),
    row("http.write_timeout", Duration, "\"30s\"", "How long a client may leave its answer unread."),
    row("http.stream_lifetime", Duration, "\"15m\"", "How long a stream of events lasts where callers are known; clients open it anew."),
    row("http.legacy_sessions", Count, "256", "Sessions of the older protocol revisions at once; 0 is none."),
    row("http.tls.certificate", Text, "", "A PEM file with the server's certificate and those between it and a root."),
    row("http.tls.key", Secret, "", "The certificate's private key, as PEM."),
    row("stdio.max_line", Size, "\"4MiB\"", "The longest line on stdio."),
    row("stdio.max_in_flight", Count, "128", "Requests on stdio at once."),
    row("stdio.scopes", Texts, "", "What the user at the other end of stdio may do; everything unless told."),
    row("stdio.tenant", Text, "", "The tenant that the user at the other end of stdio belongs to."),
    row("limits.timeout", Duration, "\"30s\"", "How long a call may take, of a tool that has no limit of its own."),
    row("limits.concurrency", Count, "256", "Calls at once."),
    row("limits.queue_time", Duration, "\"250ms\"", "How long a call may wait for its turn."),
    row("limits.rate", Rate, "\"100/s\"", "How often each caller may call each tool over HTTP, of tools that have no rate of their own."),
    row("limits.address_rate", Rate, "\"1000/s\"", "Requests of one address, before anybody is asked who they are."),
    row("limits.failure_rate", Rate, "\"10/s\"", "Requests of one address that failed to authenticate."),
    row("limits.tracked_callers", Count, "10000", "How many callers, and how many addresses, are kept count of."),
    row("limits.max_result", Size, "\"8MiB\"", "The largest result of a call."),
    row("limits.cache", Size, "\"64MiB\"", "Memory for answers that are given again; \"off\" keeps none."),
    row("limits.tools.*.rate", Rate, "", "How often each caller may call this tool."),
    row("limits.tools.*.concurrency", Count, "", "Calls of this tool at once, of all callers."),
    row("limits.tools.*.timeout", Duration, "", "How long a call of this tool may take."),
    row("limits.tools.*.max_result", Text, "", "The largest result of this tool."),
    row("limits.tools.*.cache", Duration, "", "How long an answer of this tool is given again; \"off\" for not at all."),
    row("log.level", Text, "", "A level, or directives such as \"warn,mcp_factory=debug\"."),
    row("log.to", Text, "\"stderr\"", "Where log lines go: \"stderr\", or the path of a file."),
    row("log.rotate", Text, "", "When the log's file is put aside for a new one: \"daily\", or at a size such as \"64MiB\"; never unless told."),
    row("log.keep", Count, "", "How many log files that were put aside are kept; 90 unless told."),
    row("log.compress", Flag, "false", "Whether log files that were put aside are packed with gzip."),
    row("log.json", Flag, "false", "One JSON object a line instead of text."),
    row("auth.mode", Choice(&["none", "jwt", "introspection", "keys"]), "\"none\"", "How callers over HTTP are known."),
    row("auth.preset", Choice(&["auth0", "clerk", "logto", "hydra", "entra", "workos", "google"]), "", "An identity provider whose peculiarities are known."),
    row("auth.issuer", Text, "", "Who issues the tokens: an https URL, exactly as in their `iss`."),
    row("auth.audience", Texts, "", "Whom tokens must be meant for; the resource unless told."),
    row("auth.resource", Text, "", "The URL of the endpoint; the public URL and `/mcp` unless told."),
    row("auth.resource_name", Text, "", "What this server is called where a user is asked for consent."),
    row("auth.jwks_url", Text, "", "Where the issuer's keys are; discovered unless told."),
    row("auth.algorithms", Texts, "", "The signatures that are taken, of RS256, PS256, ES256 and EdDSA; all four unless told."),
    row("auth.jwks_ttl", Duration, "\"15m\"", "How long the issuer's keys are used before they are fetched again."),
    row("auth.leeway", Duration, "\"30s\"", "How far the issuer's clock may be off, 60s at most."),
    row("auth.scope_claims", Texts, "", "The claims whose words are scopes."),
    row("auth.tenant_claim", Text, "", "The claim that names the caller's tenant."),
    row("auth.required_scopes", Texts, "[]", "Scopes that every request needs."),
    row("auth.challenge_scopes", Texts, "", "Scopes that a client without a token is told to ask for."),
    row("auth.introspection_url", Text, "", "Where tokens are introspected; discovered unless told."),
    row("auth.client_id", Text, "", "Who this server is to its issuer, for introspection."),
    row("auth.client_secret", Secret, "", "The secret that goes with the client id."),
    row("auth.cache_ttl", Duration, "\"60s\"", "How long an introspected token is taken for good; \"0s\" asks every time."),
    row("auth.keys_file", Text, "", "A file of `[[key]]` tables, read again while the server runs."),
    row("auth.keys[].name", Text, "", "Who holds the key."),
    row("auth.keys[].sha256", Text, "", "The SHA-256 of the key, in hexadecimal."),
    row("auth.keys[].secret", Secret, "", "The key, instead of its hash."),
    row("auth.keys[].scopes", Texts, "[]", "What its holder may do."),
    row("auth.keys[].tenant", Text, "", "The tenant of its holder."),
    row("auth.keys[].expires", Text, "", "When it stops working: a date or a time."),
    row("access.unauthorized_tools", Choice(&["show", "hide"]), "\"show\"", "Whether callers see what they may not use."),
    row("access.read_only", Flag, "false", "Whether only tools that change nothing exist. No later layer takes it back."),
    row("access.contains.*", Texts, "", "The scopes that this scope contains."),
    row("access.validators", Texts, "[]", "The plugins that judge every call of every plugin before it runs."),
    row("gate.attempts", Count, "5", "Wrong codes of one caller in a row before it is locked out."),
    row("gate.group_attempts", Count, "50", "Wrong codes of all callers together before nobody can open the group."),
    row("gate.lockout", Duration, "\"15m\"", "How long a lock-out lasts."),
    row("gate.groups.*.secret", Secret, "", "The authenticator's secret, in base32."),
    row("gate.groups.*.inactivity", Duration, "\"2h\"", "How long the group stays open for a caller that calls none of its tools."),
    row("redis.url", Text, "", "Where the Redis is that replicas share: `redis://` or `rediss://` without a password, or `env:NAME` or `file:PATH` of a URL with one."),
    row("redis.prefix", Text, "\"mcp:\"", "What every key in Redis begins with."),
    row("redis.timeout", Duration, "\"100ms\"", "The longest that a call waits for Redis."),
    row("audit.to", Text, "", "Where the record of calls goes: \"off\", \"stderr\" or a file."),
    row("audit.queue", Count, "4096", "How many records may wait to be written; one more is dropped and counted."),
    row("audit.rotate", Text, "", "When the record's file is put aside for a new one: \"daily\", or at a size such as \"64MiB\"; never unless told."),
    row("audit.keep", Count, "90", "How many files of the record that were put aside are kept."),
    row("audit.compress", Flag, "false", "Whether files of the record that were put aside are packed with gzip."),
    row("audit.key", Secret, "", "The key for the fingerprints of arguments, 32 characters or more."),
    row("calls.arguments", Text, "\"16KiB\"", "How much of a call's arguments is written, from 1KiB to 1MiB."),
    row("calls.results", Text, "\"off\"", "How much of a result is written, from 1KiB to 1MiB; \"off\" is none."),
    row("calls.redact", Texts, "[]", "Names whose values are not written, besides passwords, tokens, keys and their like."),
    row("calls.queue", Count, "1024", "How many calls may wait to be written; one more is dropped and counted."),
    row("calls.jsonl.to", Text, "", "The file of lines of JSON, one for each call; there is none unless told."),
    row("calls.jsonl.rotate", Text, "", "When that file is put aside for a new one: \"daily\", or at a size such as \"64MiB\"; never unless told."),
    row("calls.jsonl.keep", Count, "90", "How many of those that were put aside are kept."),
    row("calls.jsonl.days", Count, "", "For how many days one is kept; as long as it is among the youngest unless told."),
    row("calls.jsonl.compress", Flag, "false", "Whether those that were put aside are packed with gzip."),
    row("calls.text.to", Text, "", "The file of lines for people, one for each call; there is none unless told."),
    row("calls.text.rotate", Text, "", "When that file is put aside for a new one: \"daily\", or at a size such as \"64MiB\"; never unless told."),
    row("calls.text.keep", Count, "90", "How many of those that were put aside are kept."),
    row("calls.text.days", Count, "", "For how many days one is kept; as long as it is among the youngest unless told."),
    row("calls.text.compress", Flag, "false", "Whether those that were put aside are packed with gzip."),
    row("calls.markdown.to", Text, "", "The file of the transcript; there is none unless told."),
    row("calls.markdown.rotate", Text, "", "When that file is put aside for a new one: \"daily\", or at a size such as \"64MiB\"; never unless told."),
    row("calls.markdown.keep", Count, "90", "How many of those that were put aside are kept."),
    row("calls.markdown.days", Count, "", "For how many days one is kept; as long as it is among the youngest unless told."),
    row("calls.markdown.compress", Flag, "false", "Whether those that were put aside are packed with gzip."),
    row("tenants.*.concurrency", Count, "", "Calls of this tenant's callers at once."),
    row("tenants.*.rate", Rate, "", "How often each caller of this tenant may call a tool."),
    row("tracing.endpoint", Text, "", "The collector that spans of calls are sent to, over OTLP; nothing is sent unless told."),
    row("tracing.protocol", Choice(&["http", "grpc"]), "", "How the collector is spoken to; gRPC at port 4317 and HTTP at any other unless told."),
    row("tracing.sample", Share, "1.0", "The share of the calls that are told of, where the caller does not say."),
    row("tracing.headers.*", Secret, "", "A header that the collector wants to see, such as a token."),
    row("tracing.service", Text, "", "The name of the service; the server's unless told."),
    row("tracing.timeout", Duration, "\"10s\"", "How long the collector may take for one batch."),
    row("management.listen", Text, "", "Where probes and metrics are served; nowhere unless told."),
    row("management.allowed_hosts", Texts, "[]", "Names with a dot that a `Host` header may carry there."),
    row("secrets.timeout", Duration, "\"10s\"", "How long fetching secrets from stores may take at a time, in all: from 1ms to 24h."),
    row("secrets.refresh", Duration, "\"5m\"", "How often secrets of stores are fetched again while the server runs: from 1s to 24h, or off."),
    row("secrets.vault.address", Text, "", "The URL of Vault; the variable VAULT_ADDR unless told."),
    row("secrets.vault.namespace", Text, "", "The namespace in Vault; the variable VAULT_NAMESPACE unless told."),
    row("secrets.vault.token", Secret, "", "The token for Vault; the variable VAULT_TOKEN unless there is another way in."),
    row("secrets.vault.approle.role_id", Text, "", "The id of the role to log in with."),
    row("secrets.vault.approle.secret_id", Secret, "", "The secret that goes with the role."),
    row("secrets.vault.approle.mount", Text, "\"approle\"", "Where Vault has the method."),
    row("secrets.vault.kubernetes.role", Text, "", "The role of the account that Kubernetes runs the server as."),
    row("secrets.vault.kubernetes.mount", Text, "\"kubernetes\"", "Where Vault has the method."),
    row("secrets.vault.kubernetes.token_file", Text, "\"/var/run/secrets/kubernetes.io/serviceaccount/token\"", "Where the account's token is."),
    row("secrets.vault.roots_file", Text, "", "A PEM file of root certificates to trust besides the usual ones."),
    row("secrets.awssm.region", Text, "", "The region; the variable AWS_REGION unless told."),
    row("secrets.awssm.endpoint", Text, "", "The URL of the service, when it is reached another way."),
    row("secrets.awssm.access_key", Secret, "", "The id of an access key; the variable AWS_ACCESS_KEY_ID unless told."),
    row("secrets.awssm.secret_key", Secret, "", "The access key; the variable AWS_SECRET_ACCESS_KEY unless told."),
    row("secrets.awssm.session_token", Secret, "", "What belongs to temporary keys; the variable AWS_SESSION_TOKEN where it is set."),
];

/// The sections of the server, in the order in which they are shown.
pub(super) static SECTIONS: &[(&str, &str)] = &[
    ("server", "The process."),
    ("http", "How clients reach the server over HTTP."),
    (
        "http.tls",
        "The server's certificate; without it, HTTP is plain.",
    ),
    ("stdio", "The client at the other end of stdio."),
    ("limits", "How much, how long and how often."),
    (
        "limits.tools",
        "The same for single tools, by the names that clients see.",
    ),
    ("log", "What the server says on stderr."),
    ("auth", "How callers over HTTP are known."),
    ("auth.keys", "API keys, one by one."),
    ("access", "Who may do what."),
    ("access.contains", "Which scope contains which."),
    ("gate", "Tools that a second factor opens."),
    ("gate.groups", "The groups of such tools."),
    ("redis", "What replicas share."),
    ("audit", "The record of calls."),
    (
        "calls",
        "Logs of tool calls with their arguments, in up to three forms at once.",
    ),
    ("calls.jsonl", "A line of JSON for each call."),
    ("calls.text", "A line for people for each call."),
    ("calls.markdown", "A transcript."),
    (
        "tracing",
        "Spans of calls, for a collector of OpenTelemetry.",
    ),
    (
        "tracing.headers",
        "What the collector wants to see, by the names of headers.",
    ),
    (
        "management",
        "Probes and metrics, at an address of their own.",
    ),
    ("secrets", "Stores of secrets, for `vault:` and `awssm:`."),
    ("secrets.vault", "HashiCorp Vault, or what speaks like it."),
    ("secrets.vault.approle", "To log in with a role."),
    (
        "secrets.vault.kubernetes",
        "To log in as the account that Kubernetes runs the server as.",
    ),
    ("secrets.awssm", "AWS Secrets Manager."),
    ("tenants", "Tenants, each with plugins of its own."),
    ("plugins", "The plugins of this server."),
    (
        "profile",
        "Settings that count only with `--profile NAME`, by its name.",
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde::de::DeserializeOwned;
    use serde_json::json;

    use super::super::settings::names;
    use super::super::{AccessConfig, Config, Layers, TenantConfig, ToolLimits};
    use super::*;
    use crate::http::TlsFiles;

    /// The fields of a type, as its reader tells who asks for one that there is none of.
    fn fields<T: DeserializeOwned>() -> BTreeSet<String> {
        let Err(error) = serde_json::from_value::<T>(json!({"there is none": 1})) else {
            panic!("it takes any key");
        };
        let error = error.to_string();
        let names = error.split('`').skip(3).step_by(2);
        names.map(str::to_owned).collect()
    }

    fn rows_below(parent: &str) -> BTreeSet<String> {
        let below = ROWS
            .iter()
            .filter_map(|row| row.path.strip_prefix(parent)?.strip_prefix('.'));
        below
            .map(|path| path.split(['.', '[']).next().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn every_setting_has_a_row() {
        for section in ["server", "http", "stdio", "limits", "log"] {
            let mut known: BTreeSet<String> = names(section).map(str::to_owned).collect();
            known.extend((section == "http").then(|| "tls".to_owned()));
            known.extend((section == "limits").then(|| "tools".to_owned()));
            assert_eq!(rows_below(section), known, "[{section}]");
        }
        let mut tenant = fields::<TenantConfig>();
        assert!(tenant.remove("plugins"), "they have their own schemas");
        for (section, fields) in [
            ("http.tls", fields::<TlsFiles>()),
            ("limits.tools.*", fields::<ToolLimits>()),
            ("auth", fields::<mcp_factory_identity::AuthConfig>()),
            ("access", fields::<AccessConfig>()),
            ("gate", fields::<mcp_factory_guard::GateConfig>()),
            ("redis", fields::<mcp_factory_guard::RedisConfig>()),
            ("audit", fields::<mcp_factory_guard::AuditConfig>()),
            ("calls", fields::<mcp_factory_guard::CallsConfig>()),
            ("calls.jsonl", fields::<mcp_factory_guard::FileConfig>()),
            ("calls.text", fields::<mcp_factory_guard::FileConfig>()),
            ("calls.markdown", fields::<mcp_factory_guard::FileConfig>()),
            ("secrets", fields::<mcp_factory_secrets::SecretsConfig>()),
            (
                "secrets.vault",
                fields::<mcp_factory_secrets::VaultConfig>(),
            ),
            (
                "secrets.vault.approle",
                fields::<mcp_factory_secrets::AppRole>(),
            ),
            (
                "secrets.vault.kubernetes",
                fields::<mcp_factory_secrets::Kubernetes>(),
            ),
            ("secrets.awssm", fields::<mcp_factory_secrets::AwsConfig>()),
            (
                "management",
                fields::<crate::management::ManagementConfig>(),
            ),
            ("tracing", fields::<crate::trace::TracingConfig>()),
            ("tenants.*", tenant),
        ] {
            assert_eq!(rows_below(section), fields, "[{section}]");
        }
        for (path, fields) in [
            (
                "auth.keys[]",
                ["name", "sha256", "secret", "scopes", "tenant", "expires"].as_slice(),
            ),
            ("gate.groups.*", &["secret", "inactivity"]),
        ] {
            assert_eq!(
                rows_below(path),
                fields.iter().map(|name| (*name).to_owned()).collect(),
                "{path}"
            );
        }
    }

    #[test]
    fn the_defaults_are_those_that_are_told() {
        // What the types of whole sections leave open until they are used.
        let later = [
            "auth.jwks_ttl",
            "auth.leeway",
            "auth.cache_ttl",
            "redis.prefix",
            "redis.timeout",
            "secrets.refresh",
            "secrets.timeout",
            "secrets.vault.approle.mount",
            "secrets.vault.kubernetes.mount",
            "secrets.vault.kubernetes.token_file",
        ];
        let told = ROWS.iter().filter(|row| {
            !row.default.is_empty() && !row.path.contains(['*', '[']) && !later.contains(&row.path)
        });
        let assignments: Vec<String> = told
            .map(|row| format!("{}={}", row.path, row.default))
            .collect();
        let layers = Layers {
            assignments,
            ..Layers::default()
        };
        let config = Config::load(&layers, &[], &|_| json!({})).unwrap();
        let shown = |config: &Config| {
            let mut config = config.clone();
            config.sections = super::super::sections::Sections::default();
            format!("{config:?}")
        };
        assert_eq!(shown(&config), shown(&Config::default()));
    }

    #[test]
    fn rows_are_written_for_people() {
        for row in ROWS {
            assert!(row.text.ends_with('.') && row.text.len() > 10, "{row:?}");
            let section = row.path.split('.').next().unwrap();
            assert!(
                SECTIONS.iter().any(|(name, _)| *name == section),
                "{section}"
            );
        }
    }
}
