//! What hosts ask of robots: their `robots.txt`, fetched once and remembered for a while. What its lines
//! mean is [`rules`].

mod rules;

use std::sync::Arc;
use std::time::{Duration, Instant};

use mcp_factory_outbound::{Bytes, OutboundError, Request, Response, Url};
use quick_cache::sync::Cache;

use crate::config::Settings;
use crate::error::FetchError;
use rules::Rules;

/// The most hosts remembered.
const MOST_HOSTS: usize = 128;
/// The most bytes read of a robots.txt (RFC 9309 wants at least 500 KiB).
const MAX_BYTES: usize = 512 * 1024;
/// The least number of redirects RFC 9309 wants followed.
const MAX_REDIRECTS: usize = 5;
/// How long an answer is believed; one that says nothing is asked for again sooner.
const BELIEVED: Duration = Duration::from_hours(1);
const DOUBTED: Duration = Duration::from_mins(1);
const TIMEOUT: Duration = Duration::from_secs(10);

/// What is known of hosts.
#[derive(Debug)]
pub(crate) struct RobotsTable {
    known: Cache<String, Known>,
}

#[derive(Debug, Clone)]
struct Known {
    verdict: Verdict,
    until: Instant,
}

#[derive(Debug, Clone)]
enum Verdict {
    Rules(Arc<Rules>),
    /// The host has no say in it.
    Free,
    /// The host keeps its rules, and so its pages, to itself.
    Barred,
    /// The host did not answer.
    Unknown,
}

impl RobotsTable {
    pub(crate) fn new() -> Self {
        Self {
            known: Cache::new(MOST_HOSTS),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether a robot of this name may fetch the page.
    pub(crate) async fn check(
        &self,
        settings: &Settings,
        robot: &str,
        url: &Url,
    ) -> Result<(), FetchError> {
        let origin = url.origin().ascii_serialization();
        let known = self
            .known
            .get(&origin)
            .filter(|known| Instant::now() < known.until);
        let verdict = if let Some(known) = known {
            known.verdict
        } else {
            let verdict = ask(settings, robot, url).await?;
            let time = match verdict {
                Verdict::Unknown => DOUBTED,
                _ => BELIEVED,
            };
            let known = Known {
                verdict: verdict.clone(),
                until: Instant::now() + time,
            };
            self.known.insert(origin, known);
            verdict
        };
        match verdict {
            Verdict::Free => Ok(()),
            Verdict::Rules(rules) if rules.allow(url) => Ok(()),
            Verdict::Rules(_) | Verdict::Barred => Err(FetchError::Robots),
            Verdict::Unknown => Err(FetchError::RobotsUnknown),
        }
    }
}

/// RFC 9309 §2.3.1: no file, no rules; no answer, no page. A host that demands a sign-in even for this file
/// wants no robots. A host that cannot be reached at all is an error, and nothing to remember.
async fn ask(settings: &Settings, robot: &str, url: &Url) -> Result<Verdict, FetchError> {
    let Ok(place) = url.join("/robots.txt") else {
        return Ok(Verdict::Unknown);
    };
    let response = match follow(settings, place).await {
        Ok(Some(response)) => response,
        // It leads nowhere, which is no file.
        Ok(None) => return Ok(Verdict::Free),
        Err(error) => return told_as_such(error),
    };
    Ok(match response.status().as_u16() {
        200..300 => match response.bytes_up_to(MAX_BYTES).await {
            Ok((text, _)) => parse(text, robot).await,
            Err(_) => Verdict::Unknown,
        },
        401 | 403 => Verdict::Barred,
        429 => Verdict::Unknown,
        300..500 => Verdict::Free,
        _ => Verdict::Unknown,
    })
}

/// Only what is wrong with the very host that was asked for.
fn told_as_such((hop, error): (usize, FetchError)) -> Result<Verdict, FetchError> {
    use OutboundError::{Connect, Refused, Resolve, Tls};
    match error {
        FetchError::Outbound(Refused(_) | Resolve(_) | Connect(_) | Tls(_)) if hop == 0 => {
            Err(error)
        }
        _ => Ok(Verdict::Unknown),
    }
}

async fn parse(text: Bytes, robot: &str) -> Verdict {
    let robot = robot.to_owned();
    let parsed =
        tokio::task::spawn_blocking(move || Rules::parse(&String::from_utf8_lossy(&text), &robot));
    parsed
        .await
        .map_or(Verdict::Unknown, |rules| Verdict::Rules(Arc::new(rules)))
}

/// `None`: more redirects than are followed. An error comes with the hop at which it happened.
async fn follow(settings: &Settings, first: Url) -> Result<Option<Response>, (usize, FetchError)> {
    let mut url = first;
    for hop in 0..=MAX_REDIRECTS {
        let at = |error: FetchError| (hop, error);
        settings.hosts.check(&url).map_err(at)?;
        let request = Request::get(url).timeout(TIMEOUT);
        let response = settings.client.send(request).await;
        let response = response.map_err(|error| at(error.into()))?;
        match response.redirect().map_err(|error| at(error.into()))? {
            Some(next) => url = next,
            None => return Ok(Some(response)),
        }
    }
    Ok(None)
}
