//! Which buckets and keys may be used: every name a caller gives passes through here.

use crate::config::{BucketConfig, Mode};
use crate::error::S3Error;

/// The longest key that S3 knows, in bytes.
const LONGEST_KEY: usize = 1024;

/// The configured buckets.
#[derive(Debug)]
pub(crate) struct Buckets(pub(crate) Vec<BucketConfig>);

/// An object that may be read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Object<'a> {
    pub(crate) bucket: &'a str,
    pub(crate) key: &'a str,
}

impl Buckets {
    pub(crate) fn find(&self, name: &str) -> Result<&BucketConfig, S3Error> {
        self.0
            .iter()
            .find(|bucket| bucket.name == name)
            .ok_or_else(|| S3Error::NoSuchBucket { given: name.into() })
    }

    /// An object that may be read.
    pub(crate) fn readable<'a>(
        &self,
        bucket: &'a str,
        key: &'a str,
    ) -> Result<Object<'a>, S3Error> {
        let found = self.find(bucket)?;
        check_key(key)?;
        check_prefix(found, key)?;
        Ok(Object { bucket, key })
    }

    /// An object that may be written.
    pub(crate) fn writable<'a>(
        &self,
        bucket: &'a str,
        key: &'a str,
    ) -> Result<Object<'a>, S3Error> {
        let object = self.readable(bucket, key)?;
        if self.find(bucket)?.mode != Mode::Rw {
            return Err(S3Error::ReadOnly {
                bucket: bucket.into(),
            });
        }
        Ok(object)
    }

    /// The prefix of a list: what was asked for, inside what is allowed.
    pub(crate) fn prefix<'a>(&'a self, bucket: &str, asked: &'a str) -> Result<&'a str, S3Error> {
        let found = self.find(bucket)?;
        if asked.is_empty() {
            return Ok(&found.prefix);
        }
        if asked.len() > LONGEST_KEY {
            return Err(S3Error::LongKey);
        }
        check_prefix(found, asked)?;
        Ok(asked)
    }

    /// Whether what a store listed is inside of what is allowed.
    pub(crate) fn allows(&self, bucket: &str, key: &str) -> bool {
        self.find(bucket)
            .is_ok_and(|found| key.starts_with(&found.prefix))
    }
}

/// The bytes must be those of the prefix: nothing is decoded, folded or normalised.
fn check_prefix(bucket: &BucketConfig, key: &str) -> Result<(), S3Error> {
    if key.starts_with(&bucket.prefix) {
        return Ok(());
    }
    Err(S3Error::Outside {
        key: key.into(),
        prefix: bucket.prefix.as_str().into(),
    })
}

/// Parts `.` and `..` mean something else to URLs and to stores that keep files. Percent signs in a key are
/// only percent signs, but a store that decodes twice would find dots in them, so those are refused too.
fn check_key(key: &str) -> Result<(), S3Error> {
    if key.is_empty() {
        return Err(S3Error::EmptyKey);
    }
    if key.len() > LONGEST_KEY {
        return Err(S3Error::LongKey);
    }
    let undotted = |part: &str| part.to_ascii_lowercase().replace("%2e", ".");
    if key
        .split(['/', '\\'])
        .any(|part| matches!(undotted(part).as_str(), "." | ".."))
    {
        return Err(S3Error::DottedKey { key: key.into() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buckets() -> Buckets {
        let bucket = |name: &str, prefix: &str, mode| BucketConfig {
            name: name.to_owned(),
            prefix: prefix.to_owned(),
            mode,
        };
        Buckets(vec![
            bucket("ours", "team-a/", Mode::Rw),
            bucket("whole", "", Mode::Ro),
        ])
    }

    #[test]
    fn keys_stay_below_their_prefix() {
        let buckets = buckets();
        for good in [
            "team-a/x",
            "team-a/",
            "team-a//x",
            "team-a/..x/y",
            "team-a/%2f",
            "team-a/ü\n",
        ] {
            assert!(buckets.readable("ours", good).is_ok(), "{good}");
            assert!(buckets.writable("ours", good).is_ok(), "{good}");
        }
        for bad in [
            "team-a",
            "team-ab/x",
            "Team-a/x",
            "/team-a/x",
            "x",
            "team-b/x",
            "team%2da/x",
            " team-a/x",
        ] {
            let said = buckets.readable("ours", bad).unwrap_err().to_string();
            assert!(
                said.contains("outside of what can be used") && said.contains("\"team-a/\""),
                "{said}"
            );
        }
        for bad in [
            "team-a/../x",
            "team-a/./x",
            "team-a/..",
            "team-a/%2e%2E/x",
            "team-a/.%2e/x",
            "team-a/..\\x",
            "./team-a/x",
        ] {
            let said = buckets.readable("ours", bad).unwrap_err().to_string();
            assert!(said.contains("a part that is `.` or `..`"), "{bad}: {said}");
        }
        assert!(
            buckets
                .readable("ours", "")
                .unwrap_err()
                .to_string()
                .contains("the key is empty")
        );
        let long = format!("team-a/{}", "x".repeat(1024));
        assert!(
            buckets
                .readable("ours", &long)
                .unwrap_err()
                .to_string()
                .contains("longer than 1024")
        );
        assert!(
            buckets
                .prefix("ours", &long)
                .unwrap_err()
                .to_string()
                .contains("longer than 1024")
        );
    }

    #[test]
    fn buckets_are_those_configured() {
        let buckets = buckets();
        for bad in ["", "Ours", "other", "ours/", "ours/team-a", "../ours"] {
            assert!(
                buckets
                    .find(bad)
                    .unwrap_err()
                    .to_string()
                    .contains("list_buckets names"),
                "{bad}"
            );
        }
        let said = buckets.writable("whole", "x").unwrap_err().to_string();
        assert!(
            said.contains("read-only here") && said.contains("mode = \"rw\""),
            "{said}"
        );
        assert_eq!(buckets.prefix("ours", "").unwrap(), "team-a/");
        assert_eq!(buckets.prefix("ours", "team-a/x").unwrap(), "team-a/x");
        assert!(
            buckets.prefix("ours", "team").is_err() && buckets.prefix("ours", "tean-b/").is_err()
        );
        assert!(buckets.allows("ours", "team-a/x") && !buckets.allows("ours", "team-b/x"));
    }
}
