//! `serve`: from a configuration to a running server, and down again.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use ::http::HeaderMap;
use bytes::Bytes;
use http_body_util::Full;
use mcp_factory_identity::Authenticator;
use mcp_factory_sdk::Principal;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Product;
use super::doorkeeper::{endpoint, gatekeeper, is_authenticated, outside_names};
use super::output::{DONE, FAILED, USAGE, complain};
use super::start::{Door, start};
use super::stores;
use crate::config::Config;
use crate::executor;
use crate::frame::{Frame, FrameLimits};
use crate::http::{self, HostList, HttpLimits, Listen, OriginList, Patience};
use crate::lifecycle::{Ended, Lifecycle, TerminationSignals, supervise};
use crate::management;
use crate::pipeline::Origin;
use crate::protocol::{Answer, BoxedBody, Incoming, Lacking, Protocol};
use crate::runtime::Runtime;
use crate::stdio::{self, StdioLimits, Wire};

/// How long calls may still take after stdin has ended.
const END_OF_STDIN: Duration = Duration::from_secs(5);

/// Where the messages come from.
enum Transport {
    Stdio(Wire),
    Http(Listen),
}

pub(super) fn run(
    product: &Product,
    config: Config,
    listen: Option<Listen>,
    insecure: bool,
) -> ExitCode {
    let door = match listen {
        None => match Wire::claim() {
            Ok(wire) => Transport::Stdio(wire),
            Err(error) => {
                return complain(&format!("stdin and stdout cannot be used: {error}"), FAILED);
            }
        },
        Some(listen) => {
            match listen.check_exposure(outside_names(&config), is_authenticated(&config), insecure)
            {
                Ok(()) => Transport::Http(listen),
                Err(message) => return complain(&message, USAGE),
            }
        }
    };
    if let Some(listen) = config.management.listen {
        let authenticated = !matches!(door, Transport::Stdio(_)) && is_authenticated(&config);
        if let Err(message) = management::check_exposure(listen, authenticated, insecure) {
            return complain(&message, USAGE);
        }
    }
    let executor = match executor::build(&config.server) {
        Ok(executor) => executor,
        Err(error) => return complain(&format!("the threads cannot be started: {error}"), FAILED),
    };
    let grace = config.server.drain;
    let product = *product;
    let ended = executor.block_on(async move {
        let lifecycle = Lifecycle::default();
        let signals = TerminationSignals::new().map_err(|error| error.to_string());
        // On a worker, where the sockets wake it without crossing a thread.
        let serving = lifecycle
            .tasks()
            .spawn(serve(product, config, door, lifecycle.clone()));
        Ok::<_, String>(supervise(&lifecycle, grace, signals?, serving).await)
    });
    executor::end(executor);
    match ended {
        Err(message) => complain(&format!("signals cannot be received: {message}"), FAILED),
        Ok(Ended::Served(Some(Ok(Err(message))))) => complain(&message, USAGE),
        Ok(Ended::Served(Some(Err(_)))) => {
            complain("the server itself panicked; the log has more", FAILED)
        }
        Ok(Ended::Served(_)) => ExitCode::from(DONE),
        // What a shell expects of a process that a signal ended.
        Ok(Ended::Interrupted(signal)) => {
            ExitCode::from(u8::try_from(128 + signal).unwrap_or(FAILED))
        }
    }
}

async fn serve(
    product: Product,
    config: Config,
    door: Transport,
    lifecycle: Lifecycle,
) -> Result<(), String> {
    // Bound before the plugins start: a taken port is told at once, and early clients wait in line.
    let listener = match &door {
        Transport::Stdio(_) => None,
        Transport::Http(listen) => Some(listen.bind()?),
    };
    let port = management::Port::open(&config.management)?;
    let way_in = match &listener {
        None => Door::Stdio,
        Some(listener) => Door::Http(listener.local_addr().map_err(|error| error.to_string())?),
    };
    // Boxed, as all that is large here: a task lies on the stack when it is begun, when it ends and in between.
    let starting = Box::pin(start(&product, &config, way_in, &lifecycle));
    let started = tokio::select! {
        started = starting => started.map_err(|problems| problems.to_string())?,
        () = lifecycle.draining() => return Ok(()),
    };
    let runtime = Arc::new(started.runtime);
    runtime.pipeline.begin();
    if let Some(refresher) = started.refresher {
        stores::keep_up(refresher, &lifecycle);
    }
    let watch =
        |service| port.map(|port| port.serve(product.identity, &runtime, service, &lifecycle));
    let watched;
    let (authenticator, tls) = (started.authenticator, started.tls);
    match door {
        Transport::Stdio(wire) => {
            let (input, output) = wire
                .open()
                .map_err(|error| format!("stdin and stdout cannot be used: {error}"))?;
            let limits = StdioLimits {
                frame: FrameLimits {
                    max_bytes: config.stdio.max_line,
                    ..FrameLimits::default()
                },
                in_flight: config.stdio.max_in_flight,
                end_grace: END_OF_STDIN,
            };
            watched = watch(None);
            tracing::debug!(server = product.identity.name, "serving on stdio");
            Box::pin(stdio::serve(
                runtime.as_ref(),
                input,
                output,
                limits,
                &lifecycle,
            ))
            .await;
        }
        Transport::Http(listen) => {
            let listener = listener.ok_or("the listener is gone")?;
            let address = listener.local_addr().map_err(|error| error.to_string())?;
            if outside_names(&config).next().is_some() && config.http.trusted_proxies.is_empty() {
                tracing::warn!(
                    "http.trusted_proxies is empty: if a proxy stands in front, all its clients share the limits of one address"
                );
            }
            let known_by = authenticator
                .as_ref()
                .map_or("nobody is asked", Authenticator::name);
            let gatekeeper = gatekeeper(
                &config,
                authenticator,
                runtime.pipeline.shared_audit(),
                runtime.pipeline.shared_metrics(),
            );
            let service = Arc::new(http_service(
                &config,
                listen,
                gatekeeper,
                Arc::clone(&runtime),
                &lifecycle,
            )?);
            watched = watch(Some(Arc::clone(&service)));
            let endpoint = endpoint(&config, address);
            tracing::info!(authentication = known_by, "serving on {endpoint}");
            Box::pin(http::serve(listener, service, tls, lifecycle.clone())).await;
        }
    }
    if let Some(watched) = watched {
        watched.end().await;
    }
    runtime.stop().await;
    Ok(())
}

fn http_service(
    config: &Config,
    listen: Listen,
    gatekeeper: http::Gatekeeper,
    runtime: Arc<Runtime>,
    lifecycle: &Lifecycle,
) -> Result<http::Service<Runtime>, String> {
    let http = &config.http;
    let (mut hosts, mut origins) = (HostList::loopback(), OriginList::loopback());
    if let Some(host) = listen.host() {
        hosts.allow(&host)?;
    }
    if let Some(url) = &http.public_url {
        let (host, origin) = http::public_url(url)?;
        hosts.allow(&host)?;
        origins.allow(&origin)?;
    }
    http.allowed_hosts
        .iter()
        .try_for_each(|host| hosts.allow(host))?;
    http.allowed_origins
        .iter()
        .try_for_each(|origin| origins.allow(origin))?;
    let limits = HttpLimits {
        frame: FrameLimits {
            max_bytes: http.max_body,
            ..FrameLimits::default()
        },
        connections: http::affordable_connections(http.max_connections),
        in_flight: http.max_in_flight,
        body: http.body_timeout,
        patience: Patience {
            header: http.header_timeout,
            idle: http.idle_timeout,
            write: http.write_timeout,
        },
        stream: http.stream_lifetime,
        sessions: http.legacy_sessions > 0,
    };
    Ok(http::Service::new(
        runtime,
        hosts,
        origins,
        gatekeeper,
        limits,
        lifecycle.clone(),
    ))
}

impl Protocol for Runtime {
    async fn handle(&self, request: ::http::Request<Full<Bytes>>) -> ::http::Response<BoxedBody> {
        self.protocol.handle(request).await
    }

    async fn answer(
        &self,
        headers: &HeaderMap,
        frame: &Frame,
        principal: &Arc<Principal>,
        origin: &Arc<Origin>,
    ) -> Option<Answer> {
        self.protocol
            .answer(headers, frame, principal, origin)
            .await
    }

    fn serves(&self, principal: &Principal) -> bool {
        self.protocol.serves(principal)
    }

    fn lacks(
        &self,
        principal: &Arc<Principal>,
        origin: &Arc<Origin>,
        frame: &Frame,
    ) -> Option<Lacking> {
        self.protocol.lacks(principal, origin, frame)
    }

    fn demanded(&self, method: &str, name: &str) -> Option<&'static str> {
        self.protocol.demanded(method, name)
    }

    async fn connect(
        &self,
        inbound: mpsc::Receiver<Incoming>,
        outbound: mpsc::Sender<Bytes>,
        cancel: CancellationToken,
    ) {
        self.protocol.connect(inbound, outbound, cancel).await;
    }
}
