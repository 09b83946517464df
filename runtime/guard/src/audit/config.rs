//! The audit as the operator writes it.

use std::{
    ops::RangeInclusive,
    path::{Path, PathBuf},
    str::FromStr,
};

use mcp_factory_sdk::SecretReference;
use serde::{Deserialize, Deserializer};

use crate::{Problem, Rotate, Rotation};

/// How many records may wait: some 500 bytes each, at most 8 KiB.
const QUEUE: RangeInclusive<usize> = 1..=65_536;

/// How many files that were put aside may be kept.
const KEEP: RangeInclusive<usize> = 1..=10_000;

/// The table `[audit]`: where the record of what was called goes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuditConfig {
    /// `off`, `stderr` or the path of a file; the server's choice when it is not given.
    pub to: Option<AuditTarget>,
    /// How many records may wait to be written, 1 to 65,536, 4,096 unless told. One more is dropped and counted.
    pub queue: usize,
    /// Where a key for the fingerprints of arguments is, 32 characters or more, so that equal arguments
    /// have one fingerprint in all replicas and after a restart. Unless told, each process makes its own.
    pub key: Option<SecretReference>,
    /// When a file is put aside for a new one: `daily`, or at a size such as `64MiB`; never unless told.
    pub rotate: Option<Rotate>,
    /// How many files that were put aside are kept, 1 to 10,000, 90 unless told.
    pub keep: usize,
    /// Whether files that were put aside are packed with gzip; not unless told.
    pub compress: bool,
}

impl Default for AuditConfig {
    fn default() -> Self {
        Self {
            to: None,
            queue: 4_096,
            key: None,
            rotate: None,
            keep: 90,
            compress: false,
        }
    }
}

impl AuditConfig {
    /// What is wrong, as far as can be told without opening anything.
    pub fn problems(&self) -> Vec<Problem> {
        let counts = [("queue", self.queue, QUEUE), ("keep", self.keep, KEEP)];
        let wrong = counts
            .into_iter()
            .filter(|(_, count, range)| !range.contains(count));
        wrong
            .map(|(key, count, range)| {
                let (least, most) = range.into_inner();
                let message = format!("{count} is out of range: from {least} to {most}");
                Problem::new(key, message)
            })
            .collect()
    }

    /// The file, if it is one.
    pub fn file(&self) -> Option<&Path> {
        match &self.to {
            Some(AuditTarget::File(path)) => Some(path),
            _ => None,
        }
    }

    /// When its file is put aside, and how many of those are kept.
    pub(super) fn rotation(&self) -> Option<Rotation> {
        let keep = self.keep;
        self.rotate.map(|when| Rotation {
            when,
            keep,
            days: None,
            compress: self.compress,
        })
    }
}

/// Where records go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditTarget {
    /// Nowhere: nothing is recorded.
    Off,
    /// To standard error, among the log's lines.
    Stderr,
    /// To the end of a file, which is made with mode `600` when it is not there. When the path names
    /// another file or none (it was rotated), that one is used within a second.
    File(PathBuf),
}

/// A text that is no place for records.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no place for records: write \"off\", \"stderr\" or a path with a slash, as in \"./audit.jsonl\""
)]
pub struct NotATarget(String);

impl FromStr for AuditTarget {
    type Err = NotATarget;

    fn from_str(text: &str) -> Result<Self, NotATarget> {
        match text {
            "off" => Ok(Self::Off),
            "stderr" => Ok(Self::Stderr),
            // A word may be a misspelling, and would fill a file of that name unseen.
            path if path.contains('/') => Ok(Self::File(path.into())),
            other => Err(NotATarget(other.chars().take(64).collect())),
        }
    }
}

impl<'de> Deserialize<'de> for AuditTarget {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_word_or_a_path() {
        let read = |json| serde_json::from_str::<AuditConfig>(json).map(|config| config.to);
        assert_eq!(read("{}").expect("it reads"), None);
        assert_eq!(
            read(r#"{"to":"off"}"#).expect("it reads"),
            Some(AuditTarget::Off)
        );
        assert_eq!(
            read(r#"{"to":"stderr"}"#).expect("it reads"),
            Some(AuditTarget::Stderr)
        );
        let file = Some(AuditTarget::File("./a.jsonl".into()));
        assert_eq!(read(r#"{"to":"./a.jsonl"}"#).expect("it reads"), file);
        for text in ["stdout", "sterr", "audit.jsonl", ""] {
            let error = text.parse::<AuditTarget>().expect_err(text).to_string();
            assert!(error.contains("./audit.jsonl"), "{error}");
        }
        assert!(read(r#"{"two":"stderr"}"#).is_err());
    }

    #[test]
    fn a_queue_has_a_length() {
        for queue in [0, 65_537] {
            let config = AuditConfig {
                queue,
                ..AuditConfig::default()
            };
            assert_eq!(config.problems()[0].path, "queue");
        }
        let none_kept = AuditConfig {
            keep: 0,
            ..AuditConfig::default()
        };
        assert_eq!(none_kept.problems()[0].path, "keep");
        assert_eq!(AuditConfig::default().problems(), []);
    }
}
