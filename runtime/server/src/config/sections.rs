//! The sections that are read as a whole: kept as they were written until all layers are laid.
//!
//! In the room: merging, remembering where each value was set, and reading a section into its type.
//! Not here: the single settings, which have a row each (`settings`).

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use toml::de::DeValue;

use super::problem::{Problem, Problems, did_you_mean};
use super::source::Source;
use super::value::{Read, json};

/// Sections by dotted path, and where each of their values was set.
#[derive(Debug, Clone, Default)]
pub(super) struct Sections {
    values: BTreeMap<String, Map<String, Value>>,
    /// By dotted path, such as `plugins.fs.roots[1]`; later layers overwrite.
    places: BTreeMap<String, String>,
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

    /// The section at `path` as its type, the type's default when nobody set anything in it.
    pub(super) fn typed<T: DeserializeOwned + Default>(
        &self,
        path: &str,
        problems: &mut Problems,
    ) -> T {
        let Some(section) = self.values.get(path) else {
            return T::default();
        };
        match serde_path_to_error::deserialize(Value::Object(section.clone())) {
            Ok(value) => value,
            Err(error) => {
                let inner = match error.path().to_string() {
                    root if root == "." => String::new(),
                    inner => format!(".{inner}"),
                };
                let message = explained(&format!("{path}{inner}"), &error.into_inner().to_string());
                let place = self.place(&format!("{path}{inner}")).unwrap_or(path);
                problems.add(Problem::new(place, message));
                T::default()
            }
        }
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
