//! From settings to a running plugin: credentials are read once, so that a wrong one is told at start. The
//! network is not needed.

use std::time::Duration;

use mcp_factory_outbound::{Client, OutboundError, Reach, Upstream, UpstreamSettings, Url};
use mcp_factory_sdk::{SecretReference, StartError};

use crate::api::Api;
use crate::config::{self, Config};
use crate::credentials::{App, Credentials, Written};
use crate::download::Downloads;
use crate::exchange::Exchange;
use crate::hub::GitHub;
use crate::jwt;

const USER_AGENT: &str = concat!("mcp-plugin-github/", env!("CARGO_PKG_VERSION"));
/// The largest answer of the API that is read.
const LARGEST: usize = 8 << 20;
/// Requests at once; more wait for their turn.
const AT_ONCE: usize = 64;
/// How long one request waits for itself after faults. Rate limits have a budget of their own.
const MOST_WAIT: Duration = Duration::from_secs(5);

/// Starts the plugin.
pub(crate) async fn start(config: Config) -> Result<GitHub, StartError> {
    let settings = config.check()?;
    let credentials = match (&config.token, &config.app) {
        (Some(reference), _) => {
            readable("token", reference, |_| Ok(())).await?;
            Credentials::Token(Written::new(reference.clone()))
        }
        (None, Some(app)) => {
            let check = |pem: &str| {
                jwt::key(pem)
                    .map(drop)
                    .map_err(|problem| problem.to_string())
            };
            readable("app.private_key", &app.private_key, check).await?;
            Credentials::App(App::new(app))
        }
        (None, None) => return Err(StartError::new("`token` is missing")),
    };
    let client = |reach| {
        let mut builder = Client::builder(reach)
            .user_agent(USER_AGENT)
            .timeout(settings.timeout)
            .max_body(LARGEST);
        if let Some(roots) = &config.roots_file {
            builder = builder.roots_file(roots);
        }
        builder.build().map_err(unusable)
    };
    let operator = client(Reach::operator())?;
    if config.roots_file.is_some() {
        operator.prepare().await.map_err(|error| {
            StartError::new(format!(
                "`roots_file` cannot be used: {}",
                error.innermost()
            ))
        })?;
    }
    let mut hosts = settings.download_hosts.clone();
    hosts.extend(Url::parse(&settings.base).map(|base| config::host(&base)));
    let downloads = Downloads::new(client(Reach::public())?, operator.clone(), hosts);
    let bounds = UpstreamSettings {
        at_once: AT_ONCE,
        timeout: settings.timeout,
        wait_max: settings.rate_wait_max.min(MOST_WAIT),
        faults: settings.faults,
    };
    let upstream = Upstream::new("GitHub", operator, bounds);
    let exchange = Exchange::new(upstream, settings.base.clone());
    Ok(GitHub::new(
        settings,
        Api::new(exchange, credentials),
        downloads,
    ))
}

fn unusable(error: OutboundError) -> StartError {
    StartError::new("the way out cannot be made").because(error)
}

/// Reads a secret to see that it can be read, and that it is what it should be.
async fn readable(
    name: &'static str,
    reference: &SecretReference,
    check: fn(&str) -> Result<(), String>,
) -> Result<(), StartError> {
    let reference = reference.clone();
    tokio::task::spawn_blocking(move || {
        let secret = reference
            .read()
            .map_err(|problem| StartError::new(format!("`{name}`")).because(problem))?;
        check(secret.expose()).map_err(|problem| StartError::new(format!("`{name}`: {problem}")))
    })
    .await?
}
