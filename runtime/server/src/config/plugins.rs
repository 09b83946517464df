//! The sections `[plugins.NAME]`: kept as they are, for the plugins to read.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use toml::de::DeValue;

use super::source::Source;
use super::value::{Read, json};

/// Every plugin's section, and where each of its values was set.
#[derive(Debug, Clone, Default)]
pub(super) struct Sections {
    values: BTreeMap<String, Map<String, Value>>,
    /// By dotted path, the plugin's name first; later layers overwrite.
    places: BTreeMap<String, String>,
}

impl Sections {
    /// All sections in one object, by plugin.
    pub(super) fn all(&self) -> Map<String, Value> {
        self.values
            .iter()
            .map(|(name, section)| (name.clone(), Value::Object(section.clone())))
            .collect()
    }

    pub(super) fn place(&self, name: &str, path: &str) -> Option<&str> {
        let mut path = format!("{name}.{path}");
        loop {
            if let Some(place) = self.places.get(&path) {
                return Some(place);
            }
            let shorter = path.rfind(['.', '['])?;
            path.truncate(shorter);
        }
    }

    /// Lays one layer's section over what earlier layers said: tables are merged, all else replaced.
    pub(super) fn lay(
        &mut self,
        name: &str,
        section: &DeValue<'_>,
        source: &Source<'_>,
    ) -> Read<()> {
        let Value::Object(new) = json(section)? else {
            return Err(format!(
                "`plugins.{name}` is a section: write [plugins.{name}]"
            ));
        };
        self.note(name, section, source);
        merge(self.values.entry(name.to_owned()).or_default(), new);
        Ok(())
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
