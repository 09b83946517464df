//! The store: requests signed, sent, tried again where that is safe, and their failures understood.

use std::time::{Duration, Instant, SystemTime};

use mcp_factory_outbound::{
    Bytes, Client, Faults, HeaderName, HeaderValue, Method, Reach, Request, Response, Said,
    StatusCode, Upstream, UpstreamSettings, Work, retry,
    signature_v4::{sha256, stamp},
};

use crate::address::Endpoint;
use crate::bucket::Buckets;
use crate::config::Config;
use crate::error::S3Error;
use crate::keys::Keys;
use crate::sign::{Unsigned, canonical_query};
use crate::start::ConfigError;
use crate::xml::texts;

/// Requests at once; more wait for their turn.
const AT_ONCE: usize = 64;
/// The pause when a store that is asked too much does not say how long.
const UNSAID: Duration = Duration::from_secs(1);
/// The largest answer that is no object: a list of a thousand keys of the longest kind fits.
const LARGEST_DOCUMENT: usize = 8 << 20;
/// The largest explanation of a failure.
const LARGEST_PROBLEM: usize = 64 << 10;

/// A store and what of it may be used.
#[derive(Debug)]
pub struct S3 {
    upstream: Upstream,
    pub(crate) endpoint: Endpoint,
    pub(crate) region: String,
    pub(crate) keys: Keys,
    pub(crate) buckets: Buckets,
    pub(crate) max_bytes: usize,
    pub(crate) max_write_bytes: u64,
    timeout: Duration,
    /// How long a link may last; `None` when none are made.
    pub(crate) links: Option<Duration>,
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
    pub fn new(
        config: Config,
        timeout: Duration,
        links: Duration,
        faults: Faults,
    ) -> Result<Self, ConfigError> {
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
        let client = client.build().map_err(ConfigError::Client)?;
        let settings = UpstreamSettings {
            at_once: AT_ONCE,
            timeout,
            wait_max: timeout,
            faults,
        };
        Ok(Self {
            upstream: Upstream::new("the store", client, settings),
            endpoint,
            region: config.region,
            keys,
            buckets: Buckets(config.buckets),
            max_bytes: usize::try_from(config.max_bytes).unwrap_or(usize::MAX),
            max_write_bytes: config.max_write_bytes,
            timeout,
            links: config.presign.then_some(links),
        })
    }

    /// The way to the store, and how it does.
    pub fn upstream(&self) -> &Upstream {
        &self.upstream
    }

    /// Loads the root certificates, so that a wrong `roots_file` is told at start.
    ///
    /// # Errors
    /// What is wrong, naming the setting.
    pub async fn prepare(&self) -> Result<(), ConfigError> {
        let client = self.upstream.client();
        client.prepare().await.map_err(ConfigError::Client)
    }

    /// Sends a request and returns a good answer: a status of 2xx.
    pub(crate) async fn send(&self, ask: &Ask<'_>) -> Result<Response, S3Error> {
        let work = Work {
            limit: "requests",
            is_repeatable: ask.is_safe(),
            // All tries together take no longer than one may.
            deadline: Instant::now().checked_add(self.timeout),
        };
        let response = self
            .upstream
            .call(work, |timeout| self.send_once(ask, timeout))
            .await?;
        if response.status().is_success() {
            self.upstream.note_refused(false);
            return Ok(response);
        }
        let failure = self.failure(ask, response).await;
        self.upstream
            .note_refused(matches!(failure, S3Error::Credentials));
        Err(failure)
    }

    /// The text of a document.
    pub(crate) async fn document(&self, response: Response) -> Result<String, S3Error> {
        let bytes = response.bytes().await?;
        String::from_utf8(bytes.to_vec()).map_err(|_| S3Error::NotS3)
    }

    async fn send_once(&self, ask: &Ask<'_>, timeout: Duration) -> Said<Response, S3Error> {
        let request = match self.signed(ask).await {
            Ok(request) => request.timeout(timeout),
            Err(error) => return Said::Own(error),
        };
        match self.upstream.client().send(request).await {
            Ok(response) if response.status() == StatusCode::TOO_MANY_REQUESTS => {
                let pause = retry::retry_after(response.headers(), SystemTime::now());
                Said::Later(pause.unwrap_or(UNSAID))
            }
            sent => Said::by_status(sent, S3Error::Outbound),
        }
    }

    /// The request, signed as of now.
    async fn signed(&self, ask: &Ask<'_>) -> Result<Request, S3Error> {
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
        Ok(request.header(mcp_factory_outbound::header::AUTHORIZATION, authorization))
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
        (500 | 502 | 503 | 504, _) => S3Error::Unavailable,
        (status, code) => S3Error::Store {
            status,
            code: code.to_owned(),
        },
    }
}
