//! From a configuration to a running server's parts, with every complaint at the place it is about.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use mcp_factory_guard::{
    Audit, AuditTarget, CallLog, Clock, Gates, RateLimits, Shared as SharedState, is_same_file,
};
use mcp_factory_identity::{Authenticator, Mode};
use mcp_factory_sdk::{Principal, Scope, ScopeSet, Secret};
use mcp_factory_secrets::Refresher;

use super::Product;
use super::doorkeeper::{authenticator, is_authenticated, tls};
use super::instances::{serves_nobodys, tenants};
use super::stores;
use crate::config::{Config, KeepFor, Problem, Problems, did_you_mean};
use crate::features::Feature;
use crate::http::Tls;
use crate::identity::Identity;
use crate::lifecycle::Lifecycle;
use crate::pipeline::{CallLimits, Guards, Pipeline, may_be_kept};
use crate::registry::Registry;
use crate::runtime::Runtime;
use crate::trace::{Recorder, TracingConfig};
use tokio_util::task::TaskTracker;

/// Characters of a key that nobody guesses.
const SHORTEST_KEY: usize = 32;

/// By which door callers come in; it decides what is worth a record when nobody says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    Stdio,
    /// With the address, by which a server is known that has no public URL.
    Http(SocketAddr),
}

/// Everything behind the transports, and who knows the callers before it.
pub(super) struct Started {
    pub(super) runtime: Runtime,
    /// Of a server with secrets in a store.
    pub(super) refresher: Option<Refresher>,
    /// Of a server over HTTP that asks its callers who they are.
    pub(super) authenticator: Option<Authenticator>,
    /// Of a server over HTTP that has a certificate.
    pub(super) tls: Option<Tls>,
}

/// Starts everything behind the transports.
///
/// # Errors
/// Everything that is wrong with the configuration and every plugin that did not start, at once.
pub(super) async fn start(
    product: &Product,
    config: &Config,
    door: Door,
    lifecycle: &Lifecycle,
) -> Result<Started, Problems> {
    let mut problems = Problems::default();
    let stored = stores::fetch(config, &mut problems).await;
    let first = problems.len();
    let registry = Registry::new(product.mounts, is_read_only(product, config));
    check_names(config, &registry, door, &mut problems);
    let guards = guards(product, config, &registry, door, &mut problems);
    let state_key = state_key(config, &mut problems);
    let authenticator = match door {
        Door::Stdio => None,
        Door::Http(address) => authenticator(config, &registry, address, &mut problems),
    };
    let tls = match door {
        Door::Stdio => None,
        Door::Http(_) => tls(config, &mut problems),
    };
    let gates = guards.as_ref().and_then(|guards| guards.gates.clone());
    let tenants = tenants(product, config, gates.as_ref(), &mut problems).await;
    let recorder = recorder(product, config, lifecycle, &mut problems);
    let calls = calls(config, &mut problems);
    let Some(guards) = guards.filter(|_| problems.is_empty()) else {
        tenants.stop().await;
        // Whoever reads a secret that was not fetched says so once more.
        return Err(problems.without(first, |problem| stored.explains(problem)));
    };
    let limits = CallLimits {
        timeout: config.limits.timeout,
        concurrency: config.limits.concurrency,
        queue_time: config.limits.queue_time,
        rate: config.limits.rate,
        max_result: config.limits.max_result,
        cache: config.limits.cache,
    };
    let mut pipeline = Pipeline::new(registry, tenants, limits, &config.tool_limits, guards);
    if config.management.listen.is_some() {
        pipeline = pipeline.measured();
    }
    pipeline = pipeline.recorded(recorder).logged(calls);
    let mut runtime = Runtime::new(
        product.identity,
        pipeline,
        local_principal(config),
        state_key.as_ref(),
        config.server.fast_lane,
        config.http.legacy_sessions,
        lifecycle,
    );
    runtime.secrets = stored.refresher.as_ref().map(Refresher::freshness);
    Ok(Started {
        runtime,
        refresher: stored.refresher,
        authenticator,
        tls,
    })
}

/// The logs of calls. What is wrong with `[calls]` goes to `problems`.
fn calls(config: &Config, problems: &mut Problems) -> Option<CallLog> {
    let others = [
        (config.log.to.as_deref(), "log.to"),
        (config.audit.file(), "audit.to"),
    ];
    for (name, path) in config.calls.files() {
        let same =
            |(other, _): &&(Option<&Path>, _)| other.is_some_and(|other| is_same_file(other, path));
        for (_, other) in others.iter().filter(same) {
            let setting = format!("calls.{name}.to");
            let message = format!("`{setting}`: `{other}` is written there: name another file");
            problems.add(Problem::new(config.place(&setting), message));
        }
    }
    let opened = CallLog::open(&config.calls, Clock::system());
    let opened = opened.map_err(|found| wrong(config, "calls", found, problems));
    opened.ok().flatten()
}

/// Tells what is wrong with a section that another crate reads.
fn wrong(
    config: &Config,
    section: &str,
    found: Vec<mcp_factory_guard::Problem>,
    problems: &mut Problems,
) {
    // What is missing in a section that could not be read may well be written there.
    if config.is_unread(section) {
        return;
    }
    for problem in found {
        let path = format!("{section}.{}", problem.path);
        let message = format!("`{path}`: {}", problem.message);
        problems.add(Problem::new(config.place(&path), message));
    }
}

/// Whoever is told of the calls. What is wrong with `[tracing]` goes to `problems`.
fn recorder(
    product: &Product,
    config: &Config,
    lifecycle: &Lifecycle,
    problems: &mut Problems,
) -> Option<Recorder> {
    let url = config.tracing.endpoint.as_deref()?;
    let opened = Feature::Otlp
        .require()
        .map_err(|message| ("endpoint", message))
        .and_then(|()| open_recorder(&config.tracing, url, &product.identity, lifecycle.tasks()));
    match opened {
        Ok(recorder) => recorder,
        Err((key, message)) => {
            let path = format!("tracing.{key}");
            problems.add(Problem::new(
                config.place(&path),
                format!("`{path}`: {message}"),
            ));
            None
        }
    }
}

#[cfg(feature = "otlp")]
fn open_recorder(
    config: &TracingConfig,
    url: &str,
    identity: &Identity,
    tasks: &TaskTracker,
) -> Result<Option<Recorder>, (&'static str, String)> {
    crate::trace::open(config, url, identity, tasks).map(Some)
}

/// Never asked for: the feature was required before.
#[cfg(not(feature = "otlp"))]
#[expect(clippy::unnecessary_wraps, reason = "as with the feature")]
fn open_recorder(
    _: &TracingConfig,
    _: &str,
    _: &Identity,
    _: &TaskTracker,
) -> Result<Option<Recorder>, (&'static str, String)> {
    Ok(None)
}

/// Whether tools that change something are left out.
pub(super) fn is_read_only(product: &Product, config: &Config) -> bool {
    product.read_only || config.access.read_only
}

/// The user at the other end of stdio: trusted with everything, unless the configuration narrows it.
fn local_principal(config: &Config) -> Principal {
    let local = match &config.stdio.scopes {
        None => Principal::local(),
        Some(scopes) => Principal::new(
            "local",
            ScopeSet::granted(scopes, &config.access.hierarchy()),
        ),
    };
    match &config.stdio.tenant {
        None => local,
        Some(tenant) => local.of_tenant(tenant),
    }
}

/// The key that replicas share, when there is one.
fn state_key(config: &Config, problems: &mut Problems) -> Option<Secret> {
    let wrong = match config.server.state_key.as_ref()?.read() {
        Ok(key) if key.expose().len() >= SHORTEST_KEY => return Some(key),
        Ok(_) => format!("the key has less than {SHORTEST_KEY} characters: openssl rand -hex 32"),
        Err(error) => error.to_string(),
    };
    let message = format!("`server.state_key`: {wrong}");
    problems.add(Problem::new(config.place("server.state_key"), message));
    None
}

/// Names in the configuration that must be names of something here.
fn check_names(config: &Config, registry: &Registry, door: Door, problems: &mut Problems) {
    let mut wrong = |path: &str, message: String| {
        problems.add(Problem::new(config.place(path), message));
    };
    for name in config.tool_limits.keys() {
        if registry.tool(name).is_none() {
            let meant = registry
                .nearest_tool(name, |_| true)
                .map(|near| format!("; did you mean `{near}`?"))
                .unwrap_or_default();
            let path = format!("limits.tools.{name}");
            wrong(&path, format!("this server has no tool `{name}`{meant}"));
        }
    }
    for (name, limits) in &config.tool_limits {
        let keeps = matches!(limits.cache, Some(KeepFor(Some(_))));
        let may = |name| {
            registry
                .tool(name)
                .is_none_or(|tool| may_be_kept(tool.definition))
        };
        if keeps && !may(name) {
            let path = format!("limits.tools.{name}.cache");
            wrong(
                &path,
                "its answers are not kept, since it may change something or stands behind a gate: write \"off\""
                    .to_owned(),
            );
        }
        if limits.concurrency == Some(0) {
            let path = format!("limits.tools.{name}.concurrency");
            wrong(
                &path,
                "0 would let no call run: write 1 or more, or leave the tool out with `deny`"
                    .to_owned(),
            );
        }
    }
    for (name, tenant) in &config.tenants {
        if tenant.concurrency == Some(0) {
            let path = format!("tenants.{name}.concurrency");
            wrong(&path, "0 would let no call run: write 1 or more".to_owned());
        }
        let known = |plugin: &str| registry.mounts().iter().any(|mount| mount.name() == plugin);
        for plugin in tenant.plugins.keys().filter(|plugin| !known(plugin)) {
            let path = format!("tenants.{name}.plugins.{plugin}");
            wrong(&path, format!("this server has no plugin `{plugin}`"));
        }
    }
    for (at, name) in config.access.validators.iter().enumerate() {
        if !registry.mounts().iter().any(|mount| mount.name() == name) {
            let path = format!("access.validators[{at}]");
            wrong(&path, format!("this server has no plugin `{name}`"));
        }
    }
    let demanded = registry.scopes();
    let contained = config.access.hierarchy();
    let auth = &config.auth;
    let keys = auth.keys.iter().enumerate();
    let keys = keys.map(|(at, key)| (format!("auth.keys[{at}].scopes"), key.scopes.as_slice()));
    let stdio = config.stdio.scopes.as_deref().unwrap_or_default();
    let challenge = auth.challenge_scopes.as_deref().unwrap_or_default();
    let lists = [
        ("stdio.scopes".to_owned(), stdio),
        (
            "auth.required_scopes".to_owned(),
            auth.required_scopes.as_slice(),
        ),
        ("auth.challenge_scopes".to_owned(), challenge),
    ];
    for (path, names) in lists.into_iter().chain(keys) {
        for (at, name) in names.iter().enumerate() {
            let grants = ScopeSet::granted([name], &contained);
            if !demanded.iter().any(|scope| grants.contains(*scope)) {
                let meant = did_you_mean(name, demanded.iter().map(Scope::as_str));
                let message = format!("nothing in this server demands the scope `{name}`{meant}");
                wrong(&format!("{path}[{at}]"), message);
            }
        }
    }
    if let Some(tenant) = &config.stdio.tenant
        && !config.tenants.contains_key(tenant)
    {
        wrong("stdio.tenant", format!("there is no [tenants.{tenant}]"));
    }
    let unnamed = config.stdio.tenant.is_none() && !serves_nobodys(config);
    if door == Door::Stdio && unnamed {
        let message = "nothing is configured for callers of no tenant: `stdio.tenant` says to which the local user belongs";
        wrong("tenants", message.to_owned());
    }
    let by_token = matches!(config.auth.mode(), Mode::Jwt | Mode::Introspection);
    let claim = config.auth.clone().with_tenants().tenant_claim;
    if door != Door::Stdio && by_token && !config.tenants.is_empty() && claim.is_none() {
        let message =
            "[tenants] need `auth.tenant_claim`: which claim of a token names the caller's tenant";
        wrong("tenants", message.to_owned());
    }
}

/// The guards; what is wrong with them goes to `problems`, and then there are none.
fn guards(
    product: &Product,
    config: &Config,
    registry: &Registry,
    door: Door,
    problems: &mut Problems,
) -> Option<Guards> {
    let mut section = |section, found| wrong(config, section, found, problems);
    let shared = match config.redis.as_ref().map(SharedState::new).transpose() {
        Ok(shared) => shared.map(Arc::new),
        Err(problem) => {
            section("redis", vec![problem]);
            None
        }
    };
    let groups: Vec<&str> = registry.gates().collect();
    let gates = Gates::new(
        product.identity.name,
        &config.gate,
        &groups,
        shared.clone(),
        Clock::system(),
    );
    let gates = gates
        .map(|gates| (!groups.is_empty()).then(|| Arc::new(gates)))
        .map_err(|found| section("gate", found));
    let asked = door != Door::Stdio && is_authenticated(config);
    let otherwise = if asked {
        AuditTarget::Stderr
    } else {
        AuditTarget::Off
    };
    let audit = Audit::open(&config.audit, &otherwise, Clock::system())
        .map_err(|found| section("audit", found));
    let validators = &config.access.validators;
    let mounts = registry.mounts().iter().enumerate();
    Some(Guards {
        hierarchy: config.access.hierarchy(),
        visibility: config.access.unauthorized_tools,
        rates: RateLimits::new(config.limits.tracked_callers, shared),
        gates: gates.ok()?,
        audit: Arc::new(audit.ok()?),
        validators: mounts
            .filter(|(_, mount)| validators.iter().any(|name| name == mount.name()))
            .map(|(index, _)| index)
            .collect(),
    })
}

#[cfg(all(test, not(any(feature = "vault", feature = "awssm"))))]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::Layers;

    /// A list in a variable, or of `--set`, has one place for all that is in it.
    #[tokio::test]
    async fn what_follows_from_an_unfetched_secret_is_not_told_and_everything_else_is() {
        let key = |name: &str, secret: &str| {
            format!("{{ name = '{name}', scopes = ['read'], secret = '{secret}' }}")
        };
        let keys = [
            key("one", "vault:kv/app#a"),
            key("two", "file:/nonexistent/key"),
        ];
        let layers = Layers {
            assignments: vec![
                "auth.mode='keys'".to_owned(),
                format!("auth.keys=[{}]", keys.join(", ")),
            ],
            ..Layers::default()
        };
        let config = Config::load(&layers, &[], &|_| json!({})).unwrap();
        let product = Product {
            identity: Identity {
                name: "test",
                version: "1.0.0",
                description: "",
                factory: "",
            },
            defaults: "",
            read_only: false,
            mounts: &[],
        };
        let door = Door::Http(SocketAddr::from(([127, 0, 0, 1], 0)));
        let problems = start(&product, &config, door, &Lifecycle::default()).await;
        let told = problems.err().expect("two secrets are missing").to_string();
        for (words, count) in [
            ("[\"vault\"]", 1),
            ("/nonexistent/key", 1),
            ("was not fetched", 0),
        ] {
            assert_eq!(told.matches(words).count(), count, "{words}: {told}");
        }
    }
}
