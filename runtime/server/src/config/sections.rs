//! The sections that are read as a whole: kept as they were written until all layers are laid.
//!
//! In the room: merging, remembering where each value was set, and reading a section into its type.
//! Not here: the single settings, which have a row each (`settings`).

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use toml::de::DeValue;

use super::against::{differences, value_at};
use super::problem::{Problem, Problems, did_you_mean};
use super::source::Source;
use super::value::{Read, json};

/// Sections by dotted path, and where each of their values was set.
#[derive(Debug, Clone, Default)]
pub(super) struct Sections {
    values: BTreeMap<String, Map<String, Value>>,
    /// Settings that have a row each, as they were written.
    singles: BTreeMap<String, Value>,
    /// By dotted path, such as `plugins.fs.roots[1]`; later layers overwrite.
    places: BTreeMap<String, String>,
    /// Texts that stand as they are, since a variable in them is not set.
    pub(super) unexpanded: BTreeSet<String>,
}

/// Sections on their way into their types. The schema is made when the first does not fit.
pub(super) struct Reading<'r> {
    sections: &'r Sections,
    make: &'r dyn Fn() -> Value,
    schema: Option<Value>,
    problems: &'r mut Problems,
    /// The dotted paths of those that did not fit.
    pub(super) unread: BTreeSet<String>,
}

impl<'r> Reading<'r> {
    pub(super) fn new(
        sections: &'r Sections,
        make: &'r dyn Fn() -> Value,
        problems: &'r mut Problems,
    ) -> Self {
        Self {
            sections,
            make,
            schema: None,
            problems,
            unread: BTreeSet::new(),
        }
    }

    /// The section at `path` as its type, the type's default when nobody set anything in it, or when it does
    /// not fit.
    pub(super) fn typed<T: DeserializeOwned + Default>(&mut self, path: &[&str]) -> T {
        let dotted = path.join(".");
        let Some(section) = self.sections.values.get(&dotted) else {
            return T::default();
        };
        match serde_path_to_error::deserialize(Value::Object(section.clone())) {
            Ok(value) => value,
            Err(error) => {
                let inner = match error.path().to_string() {
                    root if root == "." => String::new(),
                    inner => format!(".{inner}"),
                };
                self.refuse(
                    path,
                    &format!("{dotted}{inner}"),
                    &error.into_inner().to_string(),
                );
                T::default()
            }
        }
    }

    /// Tells everything in which a section differs from its schema, and what its type says if that is something
    /// else.
    fn refuse(&mut self, path: &[&str], wrong: &str, message: &str) {
        let dotted = path.join(".");
        let section = self
            .sections
            .values
            .get(&dotted)
            .cloned()
            .unwrap_or_default();
        let whole = path
            .iter()
            .rev()
            .fold(Value::Object(section), |value, name| {
                Value::Object(Map::from_iter([((*name).to_owned(), value)]))
            });
        let schema = self.schema.get_or_insert_with(self.make);
        let mut found = differences(schema, schema, &whole, "");
        let message = explained(wrong, message);
        let is_told = found
            .iter()
            .any(|(path, told)| path == wrong || *told == message);
        if !is_told {
            found.push((wrong.to_owned(), message));
        }
        for (path, message) in found {
            if self.sections.is_unexpanded(value_at(&whole, &path)) {
                continue;
            }
            let place = self.sections.place(&path).unwrap_or(&dotted);
            self.problems.add(Problem::new(place, message));
        }
        self.unread.insert(dotted);
    }
}

impl Sections {
    /// The sections directly below `parent`, by name: those of the plugins, or of the tenants.
    pub(super) fn below(&self, parent: &str) -> Map<String, Value> {
        let child = |path: &String| {
            let name = path.strip_prefix(parent)?.strip_prefix('.')?;
            Some(name.to_owned())
        };
        let sections = self.values.iter();
        sections
            .filter_map(|(path, section)| Some((child(path)?, Value::Object(section.clone()))))
            .collect()
    }

    /// Where the value at `path` was set; the place of the nearest thing around it otherwise.
    pub(super) fn place(&self, path: &str) -> Option<&str> {
        let mut path = path.to_owned();
        loop {
            if let Some(place) = self.places.get(&path) {
                return Some(place);
            }
            let shorter = path.rfind(['.', '['])?;
            path.truncate(shorter);
        }
    }

    /// Whether the value is, or holds, one of those texts.
    pub(super) fn is_unexpanded(&self, value: Option<&Value>) -> bool {
        if self.unexpanded.is_empty() {
            return false;
        }
        match value {
            Some(Value::String(text)) => self.unexpanded.contains(text),
            Some(Value::Array(items)) => items.iter().any(|item| self.is_unexpanded(Some(item))),
            Some(Value::Object(members)) => {
                members.values().any(|item| self.is_unexpanded(Some(item)))
            }
            _ => false,
        }
    }

    /// Whether the layers so far say true of `key` in the section at `path`.
    pub(super) fn is_true(&self, path: &str, key: &str) -> bool {
        let section = self.values.get(path);
        section.and_then(|section| section.get(key)) == Some(&Value::Bool(true))
    }

    /// Lays one layer's section over what earlier layers said: tables are merged, all else replaced.
    pub(super) fn lay(
        &mut self,
        path: &str,
        place: &str,
        section: &DeValue<'_>,
        source: &Source<'_>,
    ) -> Read<()> {
        let Value::Object(new) = json(section)? else {
            return Err(format!("`{path}` is a section: write [{path}]"));
        };
        self.places.insert(path.to_owned(), place.to_owned());
        self.note(path, section, source);
        merge(self.values.entry(path.to_owned()).or_default(), new);
        Ok(())
    }

    /// Remembers a setting that is read by itself.
    pub(super) fn note_single(&mut self, path: String, place: String, value: &DeValue<'_>) {
        if let Ok(value) = json(value) {
            self.singles.insert(path.clone(), value);
        }
        self.places.insert(path, place);
    }

    /// Everything that was set, by dotted path.
    pub(super) fn all(&self) -> impl Iterator<Item = (String, &Value)> {
        let singles = self
            .singles
            .iter()
            .map(|(path, value)| (path.clone(), value));
        let members = self.values.iter().flat_map(|(path, section)| {
            section
                .iter()
                .map(move |(key, value)| (format!("{path}.{key}"), value))
        });
        singles.chain(members)
    }

    /// Where every value was set, by dotted path; not what only holds others, and a list as one value.
    pub(super) fn places(&self) -> impl Iterator<Item = (&str, &str)> {
        let holds_others = |path: &str| {
            let mut after = self.places.range(format!("{path}.")..);
            after.next().is_some_and(|(next, _)| {
                let rest = next.strip_prefix(path);
                rest.is_some_and(|rest| rest.starts_with('.'))
            })
        };
        let all = self.places.iter();
        all.filter(move |(path, _)| !path.contains('[') && !holds_others(path))
            .map(|(path, place)| (path.as_str(), place.as_str()))
    }

    fn note(&mut self, path: &str, value: &DeValue<'_>, source: &Source<'_>) {
        match value {
            DeValue::Table(table) => {
                for (key, value) in table {
                    let path = format!("{path}.{}", key.get_ref());
                    self.places.insert(path.clone(), source.place(&key.span()));
                    self.note(&path, value.get_ref(), source);
                }
            }
            DeValue::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    let path = format!("{path}[{at}]");
                    self.places.insert(path.clone(), source.place(&item.span()));
                    self.note(&path, item.get_ref(), source);
                }
            }
            _ => {}
        }
    }
}

/// A reader's complaint in the words of the other settings: an unknown key with the nearest known one.
fn explained(path: &str, message: &str) -> String {
    let Some(names) = message.strip_prefix("unknown field ") else {
        return format!("`{path}`: {}", without_value(message));
    };
    let mut names = names.split('`').skip(1).step_by(2);
    let wrong = names.next().unwrap_or_default();
    let meant = did_you_mean(wrong, names);
    // The path of an unknown key already ends in it.
    let path = path
        .strip_suffix(wrong)
        .map_or(path, |path| path.trim_end_matches('.'));
    format!("unknown setting `{path}.{wrong}`{meant}")
}

/// What stands where it should not may be a secret: only its type is told.
fn without_value(message: &str) -> String {
    let Some((kind, found)) = message
        .split_once(": ")
        .filter(|(kind, _)| matches!(*kind, "invalid type" | "invalid value"))
    else {
        return message.to_owned();
    };
    let found_type = found.split([' ', ',']).next().unwrap_or_default();
    match found.rsplit_once(", expected ") {
        Some((_, expected)) => format!("{kind}: {found_type}, expected {expected}"),
        None => kind.to_owned(),
    }
}

fn merge(old: &mut Map<String, Value>, new: Map<String, Value>) {
    for (key, value) in new {
        match (old.get_mut(&key), value) {
            (Some(Value::Object(old)), Value::Object(new)) => merge(old, new),
            (_, value) => {
                old.insert(key, value);
            }
        }
    }
}
