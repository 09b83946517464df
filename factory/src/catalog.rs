//! The built-in plugins, as the packed sources tell of them. There is no list to keep: a folder below
//! `plugins/` with a `Cargo.toml` is a plugin.

use std::path::Path;

use crate::embedded;

/// Built by name, for the protocol's own test suite, and not offered to people.
const HIDDEN: &[&str] = &["conformance"];

/// A plugin that the factory carries.
#[derive(Clone, Debug)]
pub(crate) struct BuiltIn {
    /// The name to write in a manifest: that of its folder.
    pub(crate) name: &'static str,
    /// Its package.
    pub(crate) package: String,
    /// What its `Cargo.toml` says of it.
    pub(crate) description: String,
    /// Its `Cargo.toml`.
    pub(crate) manifest: toml::Table,
    /// Not offered by `plugins list`.
    pub(crate) hidden: bool,
}

impl BuiltIn {
    /// The texts of its `src/**/*.rs`, with their paths.
    pub(crate) fn sources(&self) -> Vec<(String, String)> {
        let folder = format!("plugins/{}/", self.name);
        embedded::files()
            .iter()
            .filter_map(|(path, contents)| {
                let below = path.strip_prefix(&folder)?;
                let is_source = below.starts_with("src/")
                    && Path::new(below)
                        .extension()
                        .is_some_and(|extension| extension == "rs");
                let text = is_source.then(|| std::str::from_utf8(contents).ok())??;
                Some((below.to_owned(), text.to_owned()))
            })
            .collect()
    }
}

/// All of them, sorted by name.
pub(crate) fn all() -> Vec<BuiltIn> {
    let mut plugins: Vec<BuiltIn> = embedded::files()
        .iter()
        .filter_map(|(path, _)| path.strip_prefix("plugins/")?.strip_suffix("/Cargo.toml"))
        .filter_map(find)
        .collect();
    plugins.sort_by_key(|plugin| plugin.name);
    plugins
}

/// The one of this name.
pub(crate) fn find(name: &str) -> Option<BuiltIn> {
    let path = format!("plugins/{name}/Cargo.toml");
    let (stored, _) = embedded::files()
        .iter()
        .find(|(stored, _)| *stored == path)?;
    let name = stored
        .strip_prefix("plugins/")?
        .strip_suffix("/Cargo.toml")?;
    let manifest: toml::Table = embedded::text(stored)?.parse().ok()?;
    let package = manifest.get("package")?;
    Some(BuiltIn {
        name,
        package: package.get("name")?.as_str()?.to_owned(),
        description: package
            .get("description")
            .and_then(|text| text.as_str())
            .unwrap_or_default()
            .to_owned(),
        hidden: HIDDEN.contains(&name),
        manifest,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_folder_of_plugins_is_found() {
        let names: Vec<&str> = all().iter().map(|plugin| plugin.name).collect();
        assert!(
            names.contains(&"echo") && names.contains(&"fs"),
            "{names:?}"
        );
        assert!(names.is_sorted());
        assert!(find("conformance").unwrap().hidden);
        assert!(find("../runtime/sdk").is_none());
        assert!(find("no-such").is_none());
        for plugin in all() {
            assert!(!plugin.sources().is_empty(), "{}", plugin.name);
        }
    }
}
