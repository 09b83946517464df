//! Objects in S3-compatible stores, inside the buckets and prefixes you name.
