//! What cargo says while it compiles, one JSON object per line; only what is needed of it.

use serde::Deserialize;

/// A line of `cargo build --message-format=json`.
#[derive(Debug, Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
#[expect(clippy::enum_variant_names, reason = "the names are cargo's")]
pub(super) enum Message {
    CompilerArtifact {
        package_id: String,
        executable: Option<String>,
        fresh: bool,
    },
    CompilerMessage {
        package_id: String,
        message: Diagnostic,
    },
    #[serde(other)]
    Other,
}

/// A message of the compiler.
#[derive(Debug, Deserialize)]
pub(super) struct Diagnostic {
    pub(super) level: String,
    pub(super) rendered: Option<String>,
}

/// An error of the compiler, and the package it is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CompilerError {
    pub(super) package: String,
    pub(super) rendered: String,
}

impl Message {
    pub(super) fn parse(line: &str) -> Option<Self> {
        serde_json::from_str(line).ok()
    }
}

/// The name in a package id, such as `path+file:///x/jira#acme-jira@0.1.0` or `…/acme-jira#0.1.0`.
pub(super) fn package_name(id: &str) -> &str {
    let (source, fragment) = id.rsplit_once('#').unwrap_or(("", id));
    match fragment.rsplit_once('@') {
        Some((name, _)) => name,
        None if fragment.starts_with(|first: char| first.is_ascii_digit()) => source
            .trim_end_matches('/')
            .rsplit('/')
            .next()
            .unwrap_or(fragment),
        None => fragment,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_every_form_of_an_id() {
        assert_eq!(
            package_name("path+file:///x/jira#acme-jira@0.1.0"),
            "acme-jira"
        );
        assert_eq!(package_name("path+file:///x/acme-jira#0.1.0"), "acme-jira");
        assert_eq!(
            package_name("registry+https://github.com/rust-lang/crates.io-index#serde@1.0.229"),
            "serde"
        );
    }

    #[test]
    fn lines_that_are_not_ours_are_not_taken() {
        assert!(Message::parse("warning: something").is_none());
        assert!(matches!(
            Message::parse("{\"reason\":\"build-finished\",\"success\":true}"),
            Some(Message::Other)
        ));
    }
}
