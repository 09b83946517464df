//! One layer's text, and how a place in it is called.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::environment::Environment;
use super::expand::expand;
use super::problem::{Problem, Problems};
use super::yaml;

/// How a `--set` is called: by its key alone, for its value may be a secret that belongs elsewhere.
pub(super) fn label(assignment: &str) -> String {
    let key = assignment
        .split_once('=')
        .map_or(assignment, |(key, _)| key);
    format!("--set {}", key.trim())
}

/// A text with a name.
#[derive(Debug)]
pub(super) struct Source<'a> {
    label: String,
    pub(super) text: Cow<'a, str>,
    /// A `--set` or a variable: its label says it all, lines and columns would mean nothing.
    whole: bool,
    /// In YAML, not in TOML.
    yaml: bool,
}

impl<'a> Source<'a> {
    pub(super) fn new(label: impl Into<String>, text: impl Into<Cow<'a, str>>) -> Self {
        Self {
            label: label.into(),
            text: text.into(),
            whole: false,
            yaml: false,
        }
    }

    /// A file: YAML when its name ends so, otherwise TOML.
    pub(super) fn file(path: &Path, text: String) -> Self {
        let extension = path.extension().and_then(|extension| extension.to_str());
        Self {
            yaml: matches!(extension, Some("yaml" | "yml")),
            ..Self::new(path.display().to_string(), text)
        }
    }

    pub(super) fn assignment(assignment: &str, text: String) -> Self {
        Self {
            label: label(assignment),
            text: text.into(),
            whole: true,
            yaml: false,
        }
    }

    pub(super) fn variable(name: &str, text: String) -> Self {
        Self {
            label: format!("the environment variable {name}"),
            text: text.into(),
            whole: true,
            yaml: false,
        }
    }

    /// What stands in it, with the variables of a file's values replaced; those of a profile that is not `chosen`
    /// stay, for they need not be set here. What is wrong goes to `problems`, and to `unexpanded` what stands as it is
    /// because of that; `None` when nothing of it can be read.
    pub(super) fn read(
        &self,
        environment: &Environment,
        chosen: Option<&str>,
        problems: &mut Problems,
        unexpanded: &mut BTreeSet<String>,
    ) -> Option<DeTable<'_>> {
        let mut found = Vec::new();
        let mut replace = |text: &str, span: Range<usize>| {
            expand(text, environment).unwrap_or_else(|message| {
                found.push((span, message));
                unexpanded.insert(text.to_owned());
                text.to_owned()
            })
        };
        let table = if self.yaml {
            match yaml::parse(&self.text, chosen, &mut replace) {
                Ok(table) => Some(table),
                Err(fault) => {
                    found.push(fault);
                    None
                }
            }
        } else {
            let (document, errors) = DeTable::parse_recoverable(&self.text);
            if errors.is_empty() {
                let mut table = document.into_inner();
                if !self.whole {
                    replace_all(&mut table, chosen, &mut replace);
                }
                Some(table)
            } else {
                let fault = |error: &toml::de::Error| {
                    let span = error.span().unwrap_or_default();
                    (span, format!("not TOML: {}", error.message().trim()))
                };
                found.extend(errors.iter().map(fault));
                None
            }
        };
        for (span, message) in found {
            problems.add(Problem::new(self.place(&span), message));
        }
        table
    }

    /// `file:line:column` of a span, both from 1, columns in characters.
    pub(super) fn place(&self, span: &Range<usize>) -> String {
        if self.whole {
            return self.label.clone();
        }
        let before = self.text.get(..span.start).unwrap_or(&self.text);
        let line = before.matches('\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .chars()
            .count()
            + 1;
        format!("{}:{line}:{column}", self.label)
    }
}

/// Replaces in every text of a file, but in no profile that is not `chosen`.
fn replace_all(
    table: &mut DeTable<'_>,
    chosen: Option<&str>,
    replace: &mut dyn FnMut(&str, Range<usize>) -> String,
) {
    for (key, value) in table.iter_mut() {
        match value.get_mut() {
            DeValue::Table(profiles) if key.get_ref() == "profile" => {
                for (name, profile) in profiles.iter_mut() {
                    if Some(name.get_ref().as_ref()) == chosen {
                        replace_value(profile, replace);
                    }
                }
            }
            _ => replace_value(value, replace),
        }
    }
}

/// Replaces in every text of the table.
fn replace_in(table: &mut DeTable<'_>, replace: &mut dyn FnMut(&str, Range<usize>) -> String) {
    for (_, value) in table.iter_mut() {
        replace_value(value, replace);
    }
}

fn replace_value(
    value: &mut toml::Spanned<DeValue<'_>>,
    replace: &mut dyn FnMut(&str, Range<usize>) -> String,
) {
    let span = value.span();
    match value.get_mut() {
        DeValue::String(text) if text.contains('$') => *text = Cow::Owned(replace(text, span)),
        DeValue::Array(items) => items
            .iter_mut()
            .for_each(|item| replace_value(item, replace)),
        DeValue::Table(table) => replace_in(table, replace),
        _ => {}
    }
}
