//! `presign_url`: a link to an object, for somebody without credentials.

use std::time::SystemTime;

use mcp_factory_outbound::signature_v4::stamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::S3Error;
use crate::sign::Unsigned;
use crate::store::S3;

/// A link that works for anybody who has it, until it ends.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Link {
    /// The URL to GET.
    pub url: String,
    /// For how many seconds it works.
    pub expires_in: u64,
}

impl S3 {
    /// Makes a link to read an object. No store is asked, so the object need not exist.
    ///
    /// # Errors
    /// A sentence for the model.
    pub async fn presign_url(
        &self,
        bucket: &str,
        key: &str,
        seconds: u64,
    ) -> Result<Link, S3Error> {
        let limit = self.links.ok_or(S3Error::NoLinks)?.as_secs().max(1);
        let object = self.buckets.readable(bucket, key)?;
        if seconds > limit {
            return Err(S3Error::LinkTooLong { limit });
        }
        let credentials = self.keys.read().await?;
        let address = self.endpoint.address(object.bucket, Some(object.key), "")?;
        let now = stamp(SystemTime::now());
        let unsigned = Unsigned {
            method: "GET",
            path: &address.path,
            query: Vec::new(),
            headers: vec![("host".to_owned(), address.host.clone())],
            payload: "UNSIGNED-PAYLOAD",
            region: &self.region,
            stamp: &now,
        };
        let query = unsigned.presigned(&credentials, seconds.max(1));
        Ok(Link {
            url: format!("{}?{query}", address.url),
            expires_in: seconds.max(1),
        })
    }
}
