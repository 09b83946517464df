//! The store: requests signed, sent, tried again where that is safe, and their failures understood.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use mcp_factory_outbound::{
    Bytes, Client, HeaderName, HeaderValue, Method, OutboundError, Reach, Request, Response,
    StatusCode, retry,
};

use crate::address::Endpoint;
use crate::bucket::Buckets;
use crate::config::Config;
use crate::error::S3Error;
use crate::keys::Keys;
use crate::sign::{Unsigned, canonical_query, sha256};
use crate::start::ConfigError;
use crate::time::stamp;
use crate::xml::texts;

/// How often a request that changes nothing is sent at most.
const ATTEMPTS: u32 = 3;
/// The largest answer that is no object: a list of a thousand keys of the longest kind fits.
const LARGEST_DOCUMENT: usize = 8 << 20;
/// The largest explanation of a failure.
const LARGEST_PROBLEM: usize = 64 << 10;

/// A store and what of it may be used.
#[derive(Debug)]
pub struct S3 {
    client: Client,
    pub(crate) endpoint: Endpoint,
    pub(crate) region: String,
    pub(crate) keys: Keys,
    pub(crate) buckets: Buckets,
    pub(crate) max_bytes: usize,
    pub(crate) max_write_bytes: u64,
    timeout: Duration,
    /// How long a link may last; `None` when none are made.
    pub(crate) links: Option<Duration>,
    waiting: AtomicUsize,
    /// Whether the store refused the credentials when it was asked last.
    is_refused: AtomicBool,
}

/// Counts a request for as long as it is waited for.
struct Waiting<'s>(&'s AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// A request to be signed.
pub(crate) struct Ask<'a> {
    pub(crate) method: Method,
    pub(crate) bucket: &'a str,
    pub(crate) key: Option<&'a str>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
    pub(crate) max_body: usize,
}

impl<'a> Ask<'a> {
    pub(crate) fn new(method: Method, bucket: &'a str, key: Option<&'a str>) -> Self {
        Self {
            method,
            bucket,
            key,
            query: Vec::new(),
            headers: Vec::new(),
            body: Bytes::new(),
            max_body: LARGEST_DOCUMENT,
        }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn is_safe(&self) -> bool {
        matches!(self.method, Method::GET | Method::HEAD)
    }
}

impl S3 {
    /// Checks the settings and reads the secrets once. Needs no network; blocks for a moment.
    ///
    /// # Errors
    /// What is wrong, naming the setting.
    pub fn new(config: Config, timeout: Duration, links: Duration) -> Result<Self, ConfigError> {
        if config.buckets.is_empty() {
            return Err(ConfigError::NoBuckets);
        }
        for (name, is_zero) in [
            ("max_bytes", config.max_bytes == 0),
            ("max_write_bytes", config.max_write_bytes == 0),
            ("timeout", timeout.is_zero()),
            ("presign_max", links.is_zero()),
        ] {
            if is_zero {
                return Err(ConfigError::Zero(name));
            }
        }
        if links > Duration::from_hours(168) {
            return Err(ConfigError::LongLinks);
        }
        let is_region = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if config.region.is_empty() || !config.region.bytes().all(is_region) {
            return Err(ConfigError::BadRegion);
        }
        let endpoint = Endpoint::new(&config)?;
        for (at, bucket) in config.buckets.iter().enumerate() {
            endpoint.check(bucket)?;
            if config.buckets[..at]
                .iter()
                .any(|other| other.name == bucket.name)
            {
                return Err(ConfigError::SameBucket(bucket.name.clone()));
            }
            let prefix = &bucket.prefix;
            if !prefix.is_empty() && !prefix.ends_with('/') {
                return Err(ConfigError::OpenPrefix(prefix.clone()));
            }
            if prefix.starts_with('/') || prefix.split('/').any(|part| matches!(part, "." | "..")) {
                return Err(ConfigError::BadPrefix(prefix.clone()));
            }
        }
        let keys = Keys::new(&config)?;
        // The operator wrote the endpoint, so any address will do.
        let mut client = Client::builder(Reach::operator()).timeout(timeout);
        if let Some(roots) = config.roots_file {
            client = client.roots_file(roots);
        }
        Ok(Self {
            client: client.build().map_err(ConfigError::Client)?,
            endpoint,
            region: config.region,
            keys,
            buckets: Buckets(config.buckets),
            max_bytes: usize::try_from(config.max_bytes).unwrap_or(usize::MAX),
            max_write_bytes: config.max_write_bytes,
            timeout,
            links: config.presign.then_some(links),
            waiting: AtomicUsize::new(0),
            is_refused: AtomicBool::new(false),
        })
    }

    /// How many requests wait for the store now.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Acquire)
    }

    /// Whether the store refused the server's credentials when it was asked last.
    pub fn is_refused(&self) -> bool {
        self.is_refused.load(Ordering::Acquire)
    }

    /// Loads the root certificates, so that a wrong `roots_file` is told at start.
    ///
    /// # Errors
    /// What is wrong, naming the setting.
    pub async fn prepare(&self) -> Result<(), ConfigError> {
        self.client.prepare().await.map_err(ConfigError::Client)
    }

    /// Sends a request and returns a good answer: a status of 2xx.
    pub(crate) async fn send(&self, ask: &Ask<'_>) -> Result<Response, S3Error> {
        self.waiting.fetch_add(1, Ordering::AcqRel);
        let _waiting = Waiting(&self.waiting);
        let sent = tokio::time::timeout(self.timeout, self.send_often(ask)).await;
        let response = sent.map_err(|_| OutboundError::Timeout)??;
        if response.status().is_success() {
            self.is_refused.store(false, Ordering::Release);
            return Ok(response);
        }
        let failure = self.failure(ask, response).await;
        let is_refused = matches!(failure, S3Error::Credentials);
        self.is_refused.store(is_refused, Ordering::Release);
        Err(failure)
    }

    /// The text of a document.
    pub(crate) async fn document(&self, response: Response) -> Result<String, S3Error> {
        let bytes = response.bytes().await?;
        String::from_utf8(bytes.to_vec()).map_err(|_| S3Error::NotS3)
    }

    async fn send_often(&self, ask: &Ask<'_>) -> Result<Response, S3Error> {
        let mut attempt = 0;
        loop {
            let result = self.send_once(ask).await;
            attempt += 1;
            let is_passing = match &result {
                Ok(response) => matches!(response.status().as_u16(), 429 | 500 | 502 | 503 | 504),
                Err(S3Error::Outbound(error)) => {
                    matches!(error, OutboundError::Connect(_) | OutboundError::Broken(_))
                }
                Err(_) => false,
            };
            if !is_passing || !ask.is_safe() || attempt == ATTEMPTS {
                return result;
            }
            let wait = retry::backoff(attempt, Duration::from_millis(100), Duration::from_secs(2));
            tokio::time::sleep(wait).await;
        }
    }

    async fn send_once(&self, ask: &Ask<'_>) -> Result<Response, S3Error> {
        let credentials = self.keys.read().await?;
        let query = canonical_query(&ask.query);
        let address = self.endpoint.address(ask.bucket, ask.key, &query)?;
        let payload = sha256(&ask.body);
        let stamp = stamp(SystemTime::now());
        let mut headers: Vec<(String, String)> = ask
            .headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        headers.push(("x-amz-content-sha256".to_owned(), payload.clone()));
        headers.push(("x-amz-date".to_owned(), stamp.clone()));
        if let Some(token) = &credentials.session_token {
            headers.push(("x-amz-security-token".to_owned(), token.expose().clone()));
        }
        let mut request = Request::new(ask.method.clone(), address.url)
            .body(ask.body.clone())
            .max_body(ask.max_body);
        for (name, value) in &headers {
            let name = HeaderName::try_from(name.as_str());
            let value = HeaderValue::try_from(value.as_str());
            let (Ok(name), Ok(mut value)) = (name, value) else {
                return Err(S3Error::Argument(
                    "an argument holds a character that cannot be sent; take it out",
                ));
            };
            value.set_sensitive(name.as_str() == "x-amz-security-token");
            request = request.header(name, value);
        }
        headers.push(("host".to_owned(), address.host));
        let unsigned = Unsigned {
            method: ask.method.as_str(),
            path: &address.path,
            query: ask.query.clone(),
            headers,
            payload: &payload,
            region: &self.region,
            stamp: &stamp,
        };
        let authorization = HeaderValue::try_from(unsigned.authorization(&credentials));
        let mut authorization = authorization.map_err(|_| S3Error::Credentials)?;
        authorization.set_sensitive(true);
        let request = request.header(mcp_factory_outbound::header::AUTHORIZATION, authorization);
        Ok(self.client.send(request).await?)
    }

    /// What a bad status means, by the store's code where it sends one.
    async fn failure(&self, ask: &Ask<'_>, response: Response) -> S3Error {
        let status = response.status();
        let body = response.bytes_up_to(LARGEST_PROBLEM).await;
        let body = body.map(|(bytes, _)| bytes).unwrap_or_default();
        let code = code_of(&body);
        tracing::debug!(
            status = status.as_u16(),
            code,
            "the store refused a request"
        );
        understood(ask, status, &code)
    }
}

/// The code of an explanation, if it is one.
pub(crate) fn code_of(body: &[u8]) -> String {
    let texts = std::str::from_utf8(body)
        .ok()
        .and_then(texts)
        .unwrap_or_default();
    let code = texts.into_iter().find(|(path, _)| path == "Error/Code");
    code.map(|(_, code)| code)
        .filter(|code| {
            code.len() <= 64
                && code
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'.')
        })
        .unwrap_or_default()
}

/// What a status and a code mean for a request.
pub(crate) fn understood(ask: &Ask<'_>, status: StatusCode, code: &str) -> S3Error {
    let key = || ask.key.unwrap_or_default().into();
    match (status.as_u16(), code) {
        (_, "NoSuchBucket") => S3Error::BucketGone {
            bucket: ask.bucket.into(),
        },
        (
            _,
            "InvalidAccessKeyId"
            | "SignatureDoesNotMatch"
            | "ExpiredToken"
            | "InvalidToken"
            | "RequestTimeTooSkewed",
        ) => S3Error::Credentials,
        (_, "AuthorizationHeaderMalformed" | "PermanentRedirect" | "TemporaryRedirect")
        | (300..=399, _) => S3Error::Elsewhere,
        (401, _) => S3Error::Credentials,
        (403, _) => S3Error::Denied,
        (404, _) if ask.key.is_some() => S3Error::NotFound { key: key() },
        (404, _) => S3Error::BucketGone {
            bucket: ask.bucket.into(),
        },
        (412, _) if ask.headers.iter().any(|(name, _)| *name == "if-match") => {
            S3Error::Changed { key: key() }
        }
        (409 | 412, _) => S3Error::Exists { key: key() },
        (429 | 500 | 502 | 503 | 504, _) => S3Error::Unavailable,
        (status, code) => S3Error::Store {
            status,
            code: code.to_owned(),
        },
    }
}
