//! Files that GitHub keeps elsewhere: fetched from where it points to, without the token.

use mcp_factory_outbound::{Client, OutboundError, Request, Response, Url};

use crate::config;
use crate::error::GithubError;
use crate::exchange::failed;
use crate::patience::Patience;

/// The ways to elsewhere.
#[derive(Debug)]
pub(crate) struct Downloads {
    /// To the public internet.
    public: Client,
    /// To hosts that the operator named.
    named: Client,
    hosts: Vec<String>,
}

impl Downloads {
    /// `hosts` are `host:port`.
    pub(crate) fn new(public: Client, named: Client, hosts: Vec<String>) -> Self {
        Self {
            public,
            named,
            hosts,
        }
    }

    /// The answer of `url`, which GitHub named.
    pub(crate) async fn get(
        &self,
        what: &str,
        url: Url,
        most: usize,
        timeout: std::time::Duration,
        patience: &Patience,
    ) -> Result<Response, GithubError> {
        let client = if self.hosts.contains(&config::host(&url)) {
            &self.named
        } else {
            &self.public
        };
        let request = Request::get(url)
            .timeout(patience.exchange(timeout)?)
            .max_body(most);
        let response = client.send(request).await.map_err(|error| match error {
            OutboundError::Refused(_) => {
                tracing::error!(%error, "GitHub points to a host that may not be reached: see `download_hosts`");
                GithubError::Unavailable {
                    reason: "it keeps this on a host that this server may not reach; its operator can name it in `download_hosts`".to_owned(),
                }
            }
            error => failed(&error, false),
        })?;
        match response.status().as_u16() {
            200..=299 => Ok(response),
            403 | 404 | 410 => Err(GithubError::Gone {
                what: what.to_owned(),
            }),
            status => Err(GithubError::Unavailable {
                reason: format!("status {status} of its storage"),
            }),
        }
    }
}
