//! `get_object`, `head_object`: an object, or what is known of it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mcp_factory_outbound::{HeaderMap, Method, Response, StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bucket::Object;
use crate::error::S3Error;
use crate::store::{Ask, S3};

/// How far into an object that a store sends whole, against what was asked, is read on.
const FARTHEST: u64 = 64 << 20;

/// How an object's bytes are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// As text if they are, else in base64.
    #[default]
    Auto,
    /// As text.
    Text,
    /// In base64.
    Base64,
}

/// What to read.
#[derive(Clone, Debug, Default)]
pub struct GetRequest {
    /// Of which bucket.
    pub bucket: String,
    /// Which object.
    pub key: String,
    /// The first byte.
    pub offset: u64,
    /// The most bytes.
    pub length: Option<u64>,
    /// How they are shown.
    pub encoding: Encoding,
    /// Only if the object has this `ETag`.
    pub if_match: Option<String>,
}

/// What is known of an object.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct ObjectInfo {
    /// Bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// The media type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// What changes with the content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// When it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
    /// What its writer said of it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

/// A part of an object.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ObjectPart {
    /// What is known of it.
    #[serde(flatten)]
    pub info: ObjectInfo,
    /// The first byte.
    pub offset: u64,
    /// How many bytes.
    pub length: u64,
    /// The bytes, if they are text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The bytes, if they are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
    /// Whether there are more.
    pub truncated: bool,
    /// Pass it as `offset` to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_offset: Option<u64>,
}

impl S3 {
    /// What is known of an object.
    ///
    /// # Errors
    /// A sentence for the model.
    pub async fn head_object(&self, bucket: &str, key: &str) -> Result<ObjectInfo, S3Error> {
        let object = self.buckets.readable(bucket, key)?;
        self.head(object).await
    }

    pub(crate) async fn head(&self, object: Object<'_>) -> Result<ObjectInfo, S3Error> {
        let ask = Ask::new(Method::HEAD, object.bucket, Some(object.key));
        let response = self.send(&ask).await?;
        let size = header(response.headers(), "content-length").and_then(|size| size.parse().ok());
        Ok(info(response.headers(), size))
    }

    /// A part of an object.
    ///
    /// # Errors
    /// A sentence for the model.
    pub async fn get_object(&self, request: &GetRequest) -> Result<ObjectPart, S3Error> {
        let object = self.buckets.readable(&request.bucket, &request.key)?;
        let most = request
            .length
            .unwrap_or(u64::MAX)
            .min(self.max_bytes as u64)
            .max(1);
        let offset = request.offset;
        let last = offset.saturating_add(most - 1);
        let mut ask = Ask::new(Method::GET, object.bucket, Some(object.key))
            .header("range", format!("bytes={offset}-{last}"));
        if let Some(etag) = &request.if_match {
            ask = ask.header("if-match", etag.clone());
        }
        // A store may send more than it was asked for; what comes is counted below.
        ask.max_body = usize::MAX;
        let past = || S3Error::PastTheEnd {
            key: object.key.into(),
            offset,
        };
        let response = match self.send(&ask).await {
            Ok(response) => response,
            Err(S3Error::Store { status: 416, .. }) if offset == 0 => {
                // An empty object has no first byte.
                let info = self.head(object).await?;
                return part(info, Vec::new(), 0, request);
            }
            Err(S3Error::Store { status: 416, .. }) => return Err(past()),
            Err(error) => return Err(error),
        };
        // Not every store looks at `If-Match`.
        let has = header(response.headers(), "etag").map(|etag| etag.trim_matches('"'));
        if request
            .if_match
            .as_deref()
            .is_some_and(|wanted| has.is_some_and(|has| has != wanted.trim_matches('"')))
        {
            return Err(S3Error::Changed {
                key: object.key.into(),
            });
        }
        let (skip, size) = extent(&response, offset)?;
        if skip > FARTHEST {
            return Err(S3Error::Argument(
                "the store sends objects only from their start, and this is too far in; use a smaller offset",
            ));
        }
        if skip > 0 && size.is_some_and(|size| offset >= size) {
            return Err(past());
        }
        let info = info(response.headers(), size);
        let bytes = slice(response, skip, most).await?;
        part(info, bytes, offset, request)
    }
}

/// How many bytes come before those that were asked for, and the size of the whole.
fn extent(response: &Response, offset: u64) -> Result<(u64, Option<u64>), S3Error> {
    let headers = response.headers();
    if response.status() != StatusCode::PARTIAL_CONTENT {
        let size = header(headers, "content-length").and_then(|size| size.parse().ok());
        return Ok((offset, size));
    }
    let range = header(headers, "content-range").ok_or(S3Error::NotS3)?;
    let (range, size) = range
        .strip_prefix("bytes ")
        .and_then(|range| range.split_once('/'))
        .ok_or(S3Error::NotS3)?;
    let first = range
        .split_once('-')
        .and_then(|(first, _)| first.parse::<u64>().ok());
    if first != Some(offset) {
        return Err(S3Error::NotS3);
    }
    Ok((0, size.parse().ok()))
}

/// At most `most` bytes of a body, after the first `skip`. What comes after them is not waited for.
async fn slice(mut response: Response, skip: u64, most: u64) -> Result<Vec<u8>, S3Error> {
    let mut bytes = Vec::new();
    let mut skip = usize::try_from(skip).unwrap_or(usize::MAX);
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    while bytes.len() < most {
        let Some(chunk) = response.chunk().await? else {
            break;
        };
        let from = skip.min(chunk.len());
        skip -= from;
        let to = chunk.len().min(from.saturating_add(most - bytes.len()));
        bytes.extend_from_slice(&chunk[from..to]);
    }
    Ok(bytes)
}

fn part(
    info: ObjectInfo,
    mut bytes: Vec<u8>,
    offset: u64,
    request: &GetRequest,
) -> Result<ObjectPart, S3Error> {
    let end = |bytes: &[u8]| offset + bytes.len() as u64;
    let is_more = |bytes: &[u8]| info.size.is_some_and(|size| end(bytes) < size);
    // A character that the limit cut in two comes whole with the next part.
    if is_more(&bytes)
        && request.encoding != Encoding::Base64
        && let Err(error) = std::str::from_utf8(&bytes)
        && error.error_len().is_none()
        && error.valid_up_to() > 0
    {
        bytes.truncate(error.valid_up_to());
    }
    let truncated = is_more(&bytes);
    let next_offset = truncated.then(|| end(&bytes));
    let length = bytes.len() as u64;
    let is_text = !bytes.contains(&0) && std::str::from_utf8(&bytes).is_ok();
    let (text, base64) = match request.encoding {
        Encoding::Auto | Encoding::Text if is_text => {
            (Some(String::from_utf8_lossy(&bytes).into_owned()), None)
        }
        Encoding::Text => {
            return Err(S3Error::NotText {
                key: request.key.as_str().into(),
            });
        }
        Encoding::Auto | Encoding::Base64 => (None, Some(STANDARD.encode(&bytes))),
    };
    Ok(ObjectPart {
        info,
        offset,
        length,
        text,
        base64,
        truncated,
        next_offset,
    })
}

pub(crate) fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get(name)?
        .to_str()
        .ok()
        .filter(|value| value.len() <= 1024)
}

/// What the headers of an answer say of an object. A store may let writers say what they like: bounded.
fn info(headers: &HeaderMap, size: Option<u64>) -> ObjectInfo {
    let own = |name: &str| header(headers, name).map(str::to_owned);
    let metadata = headers
        .iter()
        .filter_map(|(name, value)| {
            let name = name.as_str().strip_prefix("x-amz-meta-")?;
            Some((
                name.to_owned(),
                value.to_str().ok()?.chars().take(1024).collect(),
            ))
        })
        .take(64);
    ObjectInfo {
        size,
        content_type: own("content-type"),
        etag: own("etag"),
        last_modified: own("last-modified"),
        metadata: metadata.collect(),
    }
}
