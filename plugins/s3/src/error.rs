//! What can go wrong, in words for the model: what is wrong and what to do about it.
//!
//! What a store says in its own words is not repeated; only its error code is, and only to the log.

use std::fmt;

use mcp_factory_outbound::{Halt, OutboundError};
use mcp_factory_sdk::BadCursor;

/// A key or name as it is put into a message: quoted, control characters escaped, cut when very long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown(String);

impl Shown {
    /// The longest text that is repeated in full, in characters.
    const LONGEST: usize = 200;
}

impl<T: AsRef<str>> From<T> for Shown {
    fn from(text: T) -> Self {
        let text = text.as_ref();
        let mut short: String = text.chars().take(Self::LONGEST).collect();
        if short.len() < text.len() {
            short.push('…');
        }
        Self(short)
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Why a tool of this plugin refused or failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each variant is documented by its message")]
pub enum S3Error {
    // What may be reached.
    #[error("there is no bucket {given} here; list_buckets names those that can be used")]
    NoSuchBucket { given: Shown },
    #[error(
        "{key} is outside of what can be used of this bucket; use keys that begin with {prefix}"
    )]
    Outside { key: Shown, prefix: Shown },
    #[error(
        "the bucket {bucket} is read-only here; its operator can set `mode = \"rw\"` for it in `buckets`"
    )]
    ReadOnly { bucket: Shown },
    #[error("links are not made here; the server's operator can set `presign = true`")]
    NoLinks,

    // Keys and arguments.
    #[error("the key is empty; name an object")]
    EmptyKey,
    #[error("the key is longer than 1024 bytes, and no object has such a key; use a shorter one")]
    LongKey,
    #[error(
        "{key} has a part that is `.` or `..`, which cannot be sent in a URL without changing its meaning; use another key"
    )]
    DottedKey { key: Shown },
    #[error("{0}")]
    Argument(&'static str),
    #[error("the content has {size} bytes and the limit here is {limit}; write less")]
    ContentTooLarge { size: u64, limit: u64 },
    #[error(transparent)]
    BadCursor(#[from] BadCursor),
    #[error("{key} is not text; pass encoding = \"base64\"")]
    NotText { key: Shown },
    #[error("a link may last {limit} seconds at most here; ask for less")]
    LinkTooLong { limit: u64 },

    // What the store says.
    #[error("there is no object {key} in that bucket; list_objects shows what there is")]
    NotFound { key: Shown },
    #[error(
        "the store has no bucket {bucket}; the server's operator should look at `buckets`, `endpoint` and `region`"
    )]
    BucketGone { bucket: Shown },
    #[error(
        "an object {key} exists already; pass overwrite = true to replace it, or use another key"
    )]
    Exists { key: Shown },
    #[error(
        "the object {key} is not the one you read: its ETag is another now; read it again and redo the change"
    )]
    Changed { key: Shown },
    #[error("the object {key} ends before byte {offset}; use a smaller offset")]
    PastTheEnd { key: Shown, offset: u64 },
    #[error(
        "the store refused this: the server's credentials do not permit it; ask the server's operator"
    )]
    Denied,
    #[error(
        "the store does not accept the server's credentials; the server's operator should look at `access_key`, `secret_key`, `region` and the clock"
    )]
    Credentials,
    #[error(
        "the bucket is in another region or at another endpoint; the server's operator should set `region` or `endpoint`"
    )]
    Elsewhere,
    #[error("the store is overloaded or down; try again in a while")]
    Unavailable,
    #[error(
        "the store could not do this (status {status}); try something else, or ask the server's operator"
    )]
    Store { status: u16, code: String },
    #[error(
        "the store's answer could not be understood; ask the server's operator whether `endpoint` is an S3 store"
    )]
    NotS3,
    #[error("the store {0}")]
    Halted(#[from] Halt),
    #[error("the store cannot be reached: {0}")]
    Outbound(#[from] OutboundError),
    #[error("the server's credentials cannot be read; ask its operator")]
    Secret(#[from] mcp_factory_sdk::SecretProblem),
}
