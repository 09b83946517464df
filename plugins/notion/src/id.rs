//! Ids of pages, blocks, databases and data sources: UUIDs, with or without dashes.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

use crate::error::NotionError;

/// An id: 32 hexadecimal digits in small letters, with dashes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Id(String);

impl Id {
    /// Reads an id with or without dashes.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let dashed = text.len() == 36
            && [8, 13, 18, 23]
                .into_iter()
                .all(|at| text.as_bytes()[at] == b'-');
        let digits: String = if dashed {
            text.chars().filter(|c| *c != '-').collect()
        } else {
            text.to_owned()
        };
        let is_one = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_one.then(|| {
            let digits = digits.to_ascii_lowercase();
            let part = |from, to| digits.get(from..to).unwrap_or_default();
            let parts = [
                part(0, 8),
                part(8, 12),
                part(12, 16),
                part(16, 20),
                part(20, 32),
            ];
            Self(parts.join("-"))
        })
    }

    /// Reads an argument.
    pub(crate) fn of(argument: &'static str, text: &str) -> Result<Self, NotionError> {
        Self::parse(text).ok_or_else(|| NotionError::NotId {
            argument,
            value: text.to_owned(),
        })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Id;

    #[test]
    fn an_id_comes_with_or_without_dashes() {
        let dashed = "59833787-2cf9-4fdf-8782-e53db20768a5";
        for text in [
            dashed,
            "598337872cf94fdf8782e53db20768a5",
            " 59833787-2CF9-4FDF-8782-E53DB20768A5",
        ] {
            assert_eq!(Id::parse(text).expect("an id").as_str(), dashed);
        }
        for bad in [
            "",
            "59833787",
            "598337872cf94fdf8782e53db20768ag",
            "59833787-2cf94fdf8782e53db20768a5-----",
            "../../v1/users/598337872cf94fdf8782",
            "é9833787-2cf9-4fdf-8782-e53db20768a",
        ] {
            assert!(Id::parse(bad).is_none(), "{bad}");
        }
    }
}
