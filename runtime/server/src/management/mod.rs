//! The management port: how the server is, for probes, scrapers and whoever is on call.
//!
//! A second listener with the bounds of the first, and no way to a tool. What it shows is counted or asked of the
//! plugins; it knows no credential and shows none. In the room: the port (here), its setting (`config`), the table of
//! pages (`pages`), what plugins say (`probe`), the metrics (`scrape`) and the description of it all (`openapi`). Not
//! here: the counters (`metrics`), the connections (`http`).

mod config;
mod openapi;
mod pages;
mod probe;
mod scrape;

use std::net::SocketAddr;
use std::sync::Arc;

use mcp_factory_guard::AddressLimits;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub(crate) use config::ManagementConfig;
use pages::Manager;

use crate::http::{self, Gatekeeper, GatekeeperParts, HostList, Listen};
use crate::identity::Identity;
use crate::lifecycle::Lifecycle;
use crate::runtime::Runtime;

/// Refuses an address that other machines reach, unless the operator asks callers who they are or insists: what it
/// shows is no secret, and nobody's business either.
pub(crate) fn check_exposure(
    listen: Listen,
    authenticated: bool,
    insecure: bool,
) -> Result<(), String> {
    let exposed = listen
        .check_exposure(None, authenticated, insecure)
        .is_err();
    if !exposed {
        return Ok(());
    }
    Err(format!(
        "the management port {listen} can be reached from other machines and no authentication is configured: \
         configure [auth], listen on 127.0.0.1:{}, or say --insecure if the network keeps strangers out",
        listen.address().port()
    ))
}

/// The port, taken and not served yet.
#[derive(Debug)]
pub(crate) struct Port {
    listener: TcpListener,
    address: SocketAddr,
    hosts: HostList,
}

impl Port {
    /// Takes the configured port. One that cannot be had is told of, and the server goes on without: several servers
    /// on one machine may have one configuration, and none of them is worth less for it.
    ///
    /// # Errors
    /// A name in `management.allowed_hosts` that is none.
    pub(crate) fn open(config: &ManagementConfig) -> Result<Option<Self>, String> {
        let Some(listen) = config.listen else {
            return Ok(None);
        };
        let mut hosts = HostList::loopback();
        for host in &config.allowed_hosts {
            hosts
                .allow(host)
                .map_err(|wrong| format!("`management.allowed_hosts`: {wrong}"))?;
        }
        let opened = listen.bind().and_then(|listener| {
            let address = listener.local_addr().map_err(|error| error.to_string())?;
            Ok((listener, address))
        });
        match opened {
            Ok((listener, address)) => Ok(Some(Self {
                listener,
                address,
                hosts,
            })),
            Err(error) => {
                tracing::warn!(%error, "there is no management port; the server goes on without");
                Ok(None)
            }
        }
    }

    /// Serves it until it is told to end: later than the server, so that whoever asks sees it drain.
    pub(crate) fn serve(
        self,
        identity: Identity,
        runtime: &Arc<Runtime>,
        service: Option<Arc<http::Service<Runtime>>>,
        lifecycle: &Lifecycle,
    ) -> Serving {
        let own = Lifecycle::default();
        let gatekeeper = Gatekeeper::new(GatekeeperParts {
            authenticator: None,
            trusted_proxies: Vec::new(),
            requests: AddressLimits::new(100, None),
            failures: AddressLimits::new(100, None),
            audit: runtime.pipeline.shared_audit(),
        });
        let manager = Manager::new(identity, Arc::clone(runtime), service, lifecycle.clone());
        let service = http::Service::of_pages(
            Arc::clone(runtime),
            self.hosts,
            gatekeeper,
            Arc::new(manager),
            own.clone(),
        );
        tracing::info!("management on http://{}", self.address);
        let serving = http::serve(self.listener, Arc::new(service), None, own.clone());
        let (end, server) = (own.clone(), lifecycle.clone());
        let task = lifecycle.tasks().spawn(async move {
            let serving = std::pin::pin!(serving);
            tokio::select! {
                () = serving => {}
                () = server.stopping() => end.stop(),
            }
        });
        Serving {
            lifecycle: own,
            task,
        }
    }
}

/// A port that is served.
#[derive(Debug)]
pub(crate) struct Serving {
    lifecycle: Lifecycle,
    task: JoinHandle<()>,
}

impl Serving {
    /// Ends it.
    pub(crate) async fn end(self) {
        self.lifecycle.stop();
        // A panic in it was told where it happened.
        drop(self.task.await);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_machines_reach_it_only_if_somebody_meant_it() {
        let everywhere: Listen = "0.0.0.0:9090".parse().unwrap();
        let message = check_exposure(everywhere, false, false).unwrap_err();
        assert!(
            message.contains("127.0.0.1:9090") && message.contains("--insecure"),
            "{message}"
        );
        assert!(check_exposure(everywhere, true, false).is_ok());
        assert!(check_exposure(everywhere, false, true).is_ok());
        let here: Listen = "127.0.0.1:9090".parse().unwrap();
        assert!(check_exposure(here, false, false).is_ok());
    }

    #[tokio::test]
    async fn a_taken_port_is_no_reason_not_to_serve() {
        let holder = "127.0.0.1:0".parse::<Listen>().unwrap().bind().unwrap();
        let taken = holder.local_addr().unwrap().to_string().parse().unwrap();
        let config = |listen, host: &str| ManagementConfig {
            listen,
            allowed_hosts: vec![host.to_owned()],
        };
        assert!(
            Port::open(&config(Some(taken), "a.example"))
                .unwrap()
                .is_none()
        );
        assert!(Port::open(&config(None, "a.example")).unwrap().is_none());
        let free = "127.0.0.1:0".parse().unwrap();
        assert!(
            Port::open(&config(Some(free), "a.example"))
                .unwrap()
                .is_some()
        );
        let error = Port::open(&config(Some(free), "http://a")).unwrap_err();
        assert!(error.contains("management.allowed_hosts"), "{error}");
    }
}
