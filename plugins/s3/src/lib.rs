//! Objects in S3-compatible stores for agents, inside the buckets and prefixes an operator names.
//!
//! Requests are signed here and sent through the one way out of the server. This file is the plugin's face:
//! its tools, each a few lines. The work is done by [`S3`], which knows no protocol of ours. The README has the
//! settings, and what is refused and why.

#![forbid(unsafe_code)]

mod address;
mod bucket;
mod config;
mod encode;
mod error;
mod get;
mod keys;
mod list;
mod presign;
mod put;
mod sign;
mod start;
mod store;
mod xml;

use mcp_factory_outbound::{Faults, OutboundError};
use mcp_factory_sdk::{Health, parse_duration, prelude::*};

pub use config::{BucketConfig, Config, Mode};
pub use error::{S3Error, Shown};
pub use get::{Encoding, GetRequest, ObjectInfo, ObjectPart};
pub use list::{BucketInfo, BucketList, ListRequest, ObjectEntry, ObjectList};
pub use presign::Link;
pub use put::{CopyRequest, Deleted, PutRequest, Written};
pub use start::ConfigError;
pub use store::S3;

/// The plugin: a store and what of it may be used.
#[derive(Debug)]
pub struct S3Plugin {
    s3: S3,
}

impl Plugin for S3Plugin {
    type Config = Config;

    async fn start(config: Config, context: &StartContext) -> Result<Self, StartError> {
        let duration = |name, text: &str| {
            parse_duration(text).map_err(|error| ConfigError::Duration(name, error.to_string()))
        };
        let timeout = duration("timeout", &config.timeout)?;
        let links = duration("presign_max", &config.presign_max)?;
        let faults = Faults::read(config.retries, &config.breaker)?;
        let made =
            tokio::task::spawn_blocking(move || S3::new(config, timeout, links, faults)).await?;
        let s3 = made.map_err(|error| match error {
            ConfigError::NoBuckets => StartError::new(format!(
                "{error}; set it, for example with --set 'plugins.{}.buckets=[{{name=\"team-data\"}}]'",
                context.mount()
            )),
            error => error.into(),
        })?;
        s3.prepare().await?;
        Ok(Self { s3 })
    }

    async fn health(&self) -> Health {
        let refused = S3Error::Credentials.to_string();
        self.s3.upstream().health(&refused)
    }
}

/// Every failure of the domain is written for the model; its cause is for the log.
fn told(error: S3Error) -> ToolError {
    let message = error.to_string();
    match &error {
        S3Error::NoSuchBucket { .. } | S3Error::NotFound { .. } => ToolError::not_found(message),
        S3Error::Halted(halt) => halt.tool_error(message),
        S3Error::Unavailable => ToolError::unavailable(message),
        S3Error::Outbound(OutboundError::Timeout) => ToolError::timed_out(message),
        S3Error::Outbound(_) => ToolError::unavailable(message).because(error),
        S3Error::Store { .. } | S3Error::Secret(_) => ToolError::new(message).because(error),
        _ => ToolError::new(message),
    }
}

/// Objects in an S3 store, in the buckets that `list_buckets` names.
#[plugin(name = "s3")]
impl S3Plugin {
    /// Names the buckets that can be used, the prefix that keys in them begin with, and whether they can be written.
    #[tool(scope = "read", title = "List buckets", read_only)]
    fn list_buckets(&self) -> Result<BucketList, ToolError> {
        Ok(self.s3.list_buckets())
    }

    /// Lists the objects of a bucket, in pages.
    #[tool(scope = "read", title = "List objects", read_only, open_world)]
    async fn list_objects(
        &self,
        /// The bucket.
        bucket: String,
        /// Only keys that begin with this.
        #[arg(default = String::new())]
        prefix: String,
        /// Lists what keys begin with up to this, once: `/` shows one level, as of directories.
        #[arg(max_length = 16)]
        delimiter: Option<String>,
        /// The most entries.
        #[arg(default = 200, minimum = 1, maximum = 1000)]
        limit: u32,
        /// `next_cursor` of the page before.
        cursor: Option<String>,
    ) -> Result<ObjectList, ToolError> {
        let request = ListRequest {
            bucket,
            prefix,
            delimiter,
            limit: limit as usize,
            cursor,
        };
        self.s3.list_objects(&request).await.map_err(told)
    }

    /// Reads an object, or a part of it, as text or base64. Long ones come in parts: go on with `next_offset`.
    #[tool(scope = "read", title = "Get object", read_only, open_world)]
    async fn get_object(
        &self,
        /// The bucket.
        bucket: String,
        /// The whole key.
        key: String,
        /// The first byte.
        #[arg(default = 0)]
        offset: u64,
        /// The most bytes.
        #[arg(minimum = 1)]
        length: Option<u64>,
        /// How the bytes are shown.
        #[arg(default = Encoding::Auto)]
        encoding: Encoding,
        /// Fails unless the object has this ETag.
        #[arg(max_length = 256)]
        if_match: Option<String>,
    ) -> Result<ObjectPart, ToolError> {
        let request = GetRequest {
            bucket,
            key,
            offset,
            length,
            encoding,
            if_match,
        };
        self.s3.get_object(&request).await.map_err(told)
    }

    /// Shows size, type, time and metadata of an object.
    #[tool(scope = "read", title = "Head object", read_only, open_world)]
    async fn head_object(
        &self,
        /// The bucket.
        bucket: String,
        /// The whole key.
        key: String,
    ) -> Result<ObjectInfo, ToolError> {
        self.s3.head_object(&bucket, &key).await.map_err(told)
    }

    /// Writes an object: a new one, unless `overwrite` or `if_match` says otherwise.
    #[tool(scope = "write", title = "Put object", destructive, open_world)]
    async fn put_object(
        &self,
        /// The bucket.
        bucket: String,
        /// The whole key.
        key: String,
        /// The content, if it is text.
        text: Option<String>,
        /// The content in base64, if it is not.
        base64: Option<String>,
        /// The media type.
        #[arg(max_length = 256)]
        content_type: Option<String>,
        /// Replaces an object that is there.
        #[arg(default = false)]
        overwrite: bool,
        /// Replaces the object only if it has this ETag.
        #[arg(max_length = 256)]
        if_match: Option<String>,
    ) -> Result<Written, ToolError> {
        let request = PutRequest {
            bucket,
            key,
            text,
            base64,
            content_type,
            overwrite,
            if_match,
        };
        self.s3.put_object(&request).await.map_err(told)
    }

    /// Copies an object inside the store.
    #[tool(scope = "write", title = "Copy object", destructive, open_world)]
    async fn copy_object(
        &self,
        /// The bucket to copy from.
        source_bucket: String,
        /// The whole key to copy from.
        source_key: String,
        /// The bucket to copy to.
        bucket: String,
        /// The whole key to copy to.
        key: String,
        /// Replaces an object that is there.
        #[arg(default = false)]
        overwrite: bool,
    ) -> Result<Written, ToolError> {
        let request = CopyRequest {
            source_bucket,
            source_key,
            bucket,
            key,
            overwrite,
        };
        self.s3.copy_object(&request).await.map_err(told)
    }

    /// Deletes an object.
    #[tool(scope = "admin", title = "Delete object", destructive, open_world)]
    async fn delete_object(
        &self,
        /// The bucket.
        bucket: String,
        /// The whole key.
        key: String,
    ) -> Result<Deleted, ToolError> {
        self.s3.delete_object(&bucket, &key).await.map_err(told)
    }

    /// Makes a link to an object that works for anybody who has it, for a while.
    #[tool(scope = "admin", title = "Make link", read_only, idempotent = false)]
    async fn presign_url(
        &self,
        /// The bucket.
        bucket: String,
        /// The whole key.
        key: String,
        /// For how many seconds.
        #[arg(default = 900, minimum = 1, maximum = 604_800)]
        expires_in: u64,
    ) -> Result<Link, ToolError> {
        self.s3
            .presign_url(&bucket, &key, expires_in)
            .await
            .map_err(told)
    }
}
