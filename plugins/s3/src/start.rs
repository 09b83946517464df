//! What is wrong with the settings, in words for the operator.

/// Why the plugin does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each variant is documented by its message")]
pub enum ConfigError {
    #[error("`buckets` is empty: name at least one bucket")]
    NoBuckets,
    #[error("`buckets`: {0:?} is no name of a bucket (3 to 63 of a-z, 0-9, `-` and `.`)")]
    BadBucket(String),
    #[error("`buckets`: {0:?} is there twice; give one entry to a bucket")]
    SameBucket(String),
    #[error(
        "`buckets`: {0:?} holds a dot, so no certificate fits its host; set `path_style = true`"
    )]
    DottedBucket(String),
    #[error(
        "`buckets`: the prefix {0:?} does not end in a slash, so it would allow its neighbours too; add one"
    )]
    OpenPrefix(String),
    #[error(
        "`buckets`: the prefix {0:?} begins with a slash or has a part `.` or `..`; write it as keys are"
    )]
    BadPrefix(String),
    #[error(
        "`endpoint` is no URL of a store; write it as https://host or https://host:port, without a bucket"
    )]
    BadEndpoint,
    #[error(
        "`endpoint` is http, so contents would travel in the clear; use https, or set `allow_http = true`"
    )]
    Clear,
    #[error(
        "`endpoint` is an address, so a bucket cannot be part of its host; set `path_style = true`"
    )]
    NeedsPathStyle,
    #[error(
        "`region` holds something else than letters, digits and `-`; write it as in eu-central-1"
    )]
    BadRegion,
    #[error("`{0}` is missing: set it to \"env:NAME\" or \"file:/path\"")]
    NoCredentials(&'static str),
    #[error("`{0}`: {1}")]
    Secret(&'static str, #[source] mcp_factory_sdk::SecretProblem),
    #[error("`{0}` is 0: set it to 1 or more")]
    Zero(&'static str),
    #[error("`{0}`: {1}")]
    Duration(&'static str, String),
    #[error(
        "`presign_max` is longer than 7 days, which no store allows; set it to \"168h\" or less"
    )]
    LongLinks,
    #[error("`roots_file`: {0}")]
    Client(mcp_factory_outbound::OutboundError),
}
