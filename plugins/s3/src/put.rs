//! `put_object`, `copy_object`, `delete_object`: what changes a bucket.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mcp_factory_outbound::{Bytes, Method, Response, StatusCode};
use schemars::JsonSchema;
use serde::Serialize;

use crate::bucket::Object;
use crate::encode::percent;
use crate::error::S3Error;
use crate::get::header;
use crate::store::{Ask, S3, code_of, understood};

/// What to write.
#[derive(Clone, Debug, Default)]
pub struct PutRequest {
    /// Into which bucket.
    pub bucket: String,
    /// Which object.
    pub key: String,
    /// Its content, as text.
    pub text: Option<String>,
    /// Its content, in base64.
    pub base64: Option<String>,
    /// Its media type.
    pub content_type: Option<String>,
    /// Replaces an object that is there.
    pub overwrite: bool,
    /// Only if the object has this `ETag`.
    pub if_match: Option<String>,
}

/// What to copy.
#[derive(Clone, Debug, Default)]
pub struct CopyRequest {
    /// From which bucket.
    pub source_bucket: String,
    /// Which object.
    pub source_key: String,
    /// Into which bucket.
    pub bucket: String,
    /// To which key.
    pub key: String,
    /// Replaces an object that is there.
    pub overwrite: bool,
}

/// An object that was written.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Written {
    /// Its key.
    pub key: String,
    /// What changes with the content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// Its version, in a bucket that keeps them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
}

/// An object that was deleted.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Deleted {
    /// Its key.
    pub key: String,
    /// The version that marks it as deleted, in a bucket that keeps them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
}

impl S3 {
    /// Writes an object.
    ///
    /// # Errors
    /// A sentence for the model.
    pub async fn put_object(&self, request: &PutRequest) -> Result<Written, S3Error> {
        let object = self.buckets.writable(&request.bucket, &request.key)?;
        let body = self.content(request)?;
        let content_type = request.content_type.clone().unwrap_or_else(|| {
            let is_text = request.text.is_some();
            if is_text {
                "text/plain; charset=utf-8"
            } else {
                "application/octet-stream"
            }
            .to_owned()
        });
        let mut ask = Ask::new(Method::PUT, object.bucket, Some(object.key))
            .header("content-type", content_type);
        ask.body = body;
        let mut looked = false;
        if let Some(etag) = &request.if_match {
            ask = ask.header("if-match", etag.clone());
        } else if !request.overwrite {
            looked = self.must_be_new(object).await?;
            ask = ask.header("if-none-match", "*");
        }
        let response = match self.send(&ask).await {
            // A store without conditional writes: that nothing was there a moment ago has to do.
            Err(S3Error::Store { status: 501, .. }) if looked => {
                ask.headers.retain(|(name, _)| *name != "if-none-match");
                self.send(&ask).await?
            }
            other => other?,
        };
        Ok(written(&response, object.key))
    }

    /// Copies an object inside the store.
    ///
    /// # Errors
    /// A sentence for the model.
    pub async fn copy_object(&self, request: &CopyRequest) -> Result<Written, S3Error> {
        let source = self
            .buckets
            .readable(&request.source_bucket, &request.source_key)?;
        let object = self.buckets.writable(&request.bucket, &request.key)?;
        let missing = || S3Error::NotFound {
            key: source.key.into(),
        };
        let mut ask = Ask::new(Method::PUT, object.bucket, Some(object.key)).header(
            "x-amz-copy-source",
            format!("/{}/{}", source.bucket, percent(source.key, true)),
        );
        let mut looked = false;
        if !request.overwrite {
            looked = self.must_be_new(object).await?;
            ask = ask.header("if-none-match", "*");
        }
        let response = match self.send(&ask).await {
            Err(S3Error::Store { status: 501, .. }) if looked => {
                ask.headers.retain(|(name, _)| *name != "if-none-match");
                self.send(&ask).await?
            }
            // What is missing is what was to be copied.
            Err(S3Error::NotFound { .. }) => return Err(missing()),
            other => other?,
        };
        let mut copied = written(&response, object.key);
        let document = self.document(response).await?;
        // A copy can fail after its status was sent.
        let code = code_of(document.as_bytes());
        if !code.is_empty() {
            return Err(match code.as_str() {
                "NoSuchKey" => missing(),
                code => understood(&ask, StatusCode::INTERNAL_SERVER_ERROR, code),
            });
        }
        let texts = crate::xml::texts(&document).ok_or(S3Error::NotS3)?;
        let etag = texts
            .into_iter()
            .find(|(path, _)| path == "CopyObjectResult/ETag");
        copied.etag = etag.map(|(_, etag)| etag.chars().take(256).collect());
        Ok(copied)
    }

    /// Deletes an object that is there.
    ///
    /// # Errors
    /// A sentence for the model.
    pub async fn delete_object(&self, bucket: &str, key: &str) -> Result<Deleted, S3Error> {
        let object = self.buckets.writable(bucket, key)?;
        match self.head(object).await {
            // Whoever may delete may not always look.
            Ok(_) | Err(S3Error::Denied) => {}
            Err(error) => return Err(error),
        }
        let response = self
            .send(&Ask::new(Method::DELETE, object.bucket, Some(object.key)))
            .await?;
        let version_id = header(response.headers(), "x-amz-version-id").map(str::to_owned);
        Ok(Deleted {
            key: key.to_owned(),
            version_id,
        })
    }

    /// Not every store knows conditional writes; looking first keeps accidents away from those too. False
    /// where the credentials do not let us look: then the store's own check has to do, and must.
    async fn must_be_new(&self, object: Object<'_>) -> Result<bool, S3Error> {
        match self.head(object).await {
            Ok(_) => Err(S3Error::Exists {
                key: object.key.into(),
            }),
            Err(S3Error::NotFound { .. }) => Ok(true),
            Err(S3Error::Denied) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn content(&self, request: &PutRequest) -> Result<Bytes, S3Error> {
        let limit = self.max_write_bytes;
        let too_large = |size: usize| S3Error::ContentTooLarge {
            size: size as u64,
            limit,
        };
        let bytes: Bytes = match (&request.text, &request.base64) {
            (Some(text), None) => text.clone().into(),
            // Checked before it is decoded; padding makes up for at most two bytes.
            (None, Some(base64)) if (base64.len() / 4 * 3) as u64 > limit.saturating_add(2) => {
                return Err(too_large(base64.len() / 4 * 3));
            }
            (None, Some(base64)) => STANDARD
                .decode(base64)
                .map_err(|_| {
                    S3Error::Argument(
                        "`base64` is not valid base64 with padding; encode the bytes again",
                    )
                })?
                .into(),
            _ => return Err(S3Error::Argument("pass either `text` or `base64`")),
        };
        if bytes.len() as u64 > limit {
            return Err(too_large(bytes.len()));
        }
        Ok(bytes)
    }
}

fn written(response: &Response, key: &str) -> Written {
    let own = |name: &str| header(response.headers(), name).map(str::to_owned);
    Written {
        key: key.to_owned(),
        etag: own("etag"),
        version_id: own("x-amz-version-id"),
    }
}
