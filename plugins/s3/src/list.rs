//! `list_buckets`, `list_objects`: what may be used, and what is there.

use mcp_factory_outbound::Method;
use mcp_factory_sdk::{BadCursor, CursorKey};
use schemars::JsonSchema;
use serde::Serialize;

use crate::config::Mode;
use crate::error::S3Error;
use crate::store::{Ask, S3};
use crate::xml::texts;

/// A bucket that may be used.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BucketInfo {
    /// Its name.
    pub name: String,
    /// Keys have to begin with this.
    pub prefix: String,
    /// Whether objects can be written.
    pub mode: Mode,
}

/// The buckets.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BucketList {
    /// As they are configured.
    pub buckets: Vec<BucketInfo>,
}

/// What to list.
#[derive(Clone, Debug, Default)]
pub struct ListRequest {
    /// Of which bucket.
    pub bucket: String,
    /// Only keys that begin with this; empty for all that may be used.
    pub prefix: String,
    /// Keys are cut after it, and what they begin with is listed once.
    pub delimiter: Option<String>,
    /// The most entries, 1000 at most.
    pub limit: usize,
    /// Where the list before ended.
    pub cursor: Option<String>,
}

/// An object of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ObjectEntry {
    /// Its key.
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// When it was written.
    pub last_modified: String,
}

/// What is there.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct ObjectList {
    /// The objects, by key.
    pub objects: Vec<ObjectEntry>,
    /// What keys begin with, up to the delimiter.
    pub prefixes: Vec<String>,
    /// Whether there are more.
    pub truncated: bool,
    /// Pass it as `cursor` to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl S3 {
    /// The buckets that may be used. No store is asked.
    pub fn list_buckets(&self) -> BucketList {
        let buckets = self.buckets.0.iter().map(|bucket| BucketInfo {
            name: bucket.name.clone(),
            prefix: bucket.prefix.clone(),
            mode: bucket.mode,
        });
        BucketList {
            buckets: buckets.collect(),
        }
    }

    /// A page of objects.
    ///
    /// # Errors
    /// A sentence for the model.
    pub async fn list_objects(&self, request: &ListRequest) -> Result<ObjectList, S3Error> {
        let prefix = self.buckets.prefix(&request.bucket, &request.prefix)?;
        let delimiter = request.delimiter.as_deref().unwrap_or_default();
        let call = CursorKey::new("list", &[&request.bucket, prefix, delimiter]);
        let place = match &request.cursor {
            Some(cursor) => Some(String::from_utf8(call.decode(cursor)?).map_err(|_| BadCursor)?),
            None => None,
        };
        let mut limit = request.limit.clamp(1, 1000);
        loop {
            let mut ask = Ask::new(Method::GET, &request.bucket, None);
            let mut add =
                |name: &str, value: &str| ask.query.push((name.to_owned(), value.to_owned()));
            add("list-type", "2");
            add("max-keys", &limit.to_string());
            add("prefix", prefix);
            if !delimiter.is_empty() {
                add("delimiter", delimiter);
            }
            if let Some(place) = &place {
                add("continuation-token", place);
            }
            let response = self.send(&ask).await?;
            let document = self.document(response).await?;
            let (mut list, next) = read(&document)?;
            list.objects
                .retain(|object| self.buckets.allows(&request.bucket, &object.key));
            list.prefixes
                .retain(|prefix| self.buckets.allows(&request.bucket, prefix));
            // A page cannot be gone on with in its middle, so one that is too long is asked for anew, shorter.
            let bytes: usize = list
                .objects
                .iter()
                .map(|object| object.key.len() + 80)
                .sum();
            let bytes = bytes
                + list
                    .prefixes
                    .iter()
                    .map(|prefix| prefix.len() + 4)
                    .sum::<usize>();
            if bytes > self.max_bytes && limit > 1 {
                limit /= 2;
                continue;
            }
            list.next_cursor = next.map(|next| call.encode(next.as_bytes()));
            list.truncated = list.next_cursor.is_some();
            return Ok(list);
        }
    }
}

/// A page, and the store's own place of the next.
fn read(document: &str) -> Result<(ObjectList, Option<String>), S3Error> {
    let texts = texts(document).ok_or(S3Error::NotS3)?;
    if texts
        .first()
        .is_none_or(|(path, _)| path != "ListBucketResult")
    {
        return Err(S3Error::NotS3);
    }
    let find = |name: &str| {
        let found = texts
            .iter()
            .find(|(path, _)| path.strip_prefix("ListBucketResult/") == Some(name));
        found.map(|(_, text)| text.as_str())
    };
    let mut list = ObjectList::default();
    for (path, text) in &texts {
        match path.strip_prefix("ListBucketResult/").unwrap_or_default() {
            "Contents" => list.objects.push(ObjectEntry::default()),
            "CommonPrefixes/Prefix" => list.prefixes.push(text.clone()),
            field => {
                let Some((object, field)) =
                    list.objects.last_mut().zip(field.strip_prefix("Contents/"))
                else {
                    continue;
                };
                match field {
                    "Key" => object.key.clone_from(text),
                    "Size" => object.size = text.parse().map_err(|_| S3Error::NotS3)?,
                    "LastModified" => object.last_modified = text.chars().take(40).collect(),
                    _ => {}
                }
            }
        }
    }
    let next = match find("IsTruncated") {
        Some("true") => Some(
            find("NextContinuationToken")
                .ok_or(S3Error::NotS3)?
                .to_owned(),
        ),
        _ => None,
    };
    Ok((list, next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_and_keys_are_exact() {
        let document = "<ListBucketResult xmlns='x'><Name>b</Name><KeyCount>1</KeyCount><IsTruncated>true</IsTruncated>\
             <NextContinuationToken>a/b==</NextContinuationToken><Contents><Key>a+b%2F&amp;&#x1;&#13; ü</Key><Size>7</Size>\
             <LastModified>2026-01-01T00:00:00.000Z</LastModified><Owner><ID>x</ID></Owner></Contents>\
             <CommonPrefixes><Prefix>d/</Prefix></CommonPrefixes></ListBucketResult>";
        let (list, next) = read(document).unwrap();
        let entry = ObjectEntry {
            key: "a+b%2F&\u{1}\r ü".to_owned(),
            size: 7,
            last_modified: "2026-01-01T00:00:00.000Z".to_owned(),
        };
        assert_eq!(
            (list.objects, list.prefixes),
            (vec![entry], vec!["d/".to_owned()])
        );
        assert_eq!(next.as_deref(), Some("a/b=="));
    }

    #[test]
    fn what_is_no_page_is_refused() {
        for bad in [
            "",
            "{}",
            "<html></html>",
            "<Error><Code>x</Code></Error>",
            "<ListBucketResult>",
            "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
            "<ListBucketResult><Contents><Size>-1</Size></Contents></ListBucketResult>",
        ] {
            assert!(matches!(read(bad), Err(S3Error::NotS3)), "{bad}");
        }
    }
}
