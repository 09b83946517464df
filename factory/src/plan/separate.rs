//! Two plugins of a `--plugins` list with a name in common: each puts its own name before those of its
//! tools and prompts. In a manifest this is a mistake to be told of, since names there are somebody's choice;
//! a list has nowhere to choose.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    manifest::Manifest,
    names::{PluginName, Prefix},
    resolve::Resolved,
    scan::Scanned,
};

/// The manifest with prefixes where they are needed, and the plugins that got one.
pub(crate) fn separate(manifest: &Manifest, resolved: &[Resolved]) -> (Manifest, Vec<PluginName>) {
    let mut manifest = manifest.clone();
    if manifest.source.is_some() {
        return (manifest, Vec::new());
    }
    let shared = sharing(resolved.iter().map(|plugin| &plugin.scanned));
    let mut separated = Vec::new();
    for index in shared {
        let entry = &mut manifest.plugins[index];
        entry.prefix = Prefix::parse(entry.name.as_str());
        separated.push(entry.name.clone());
    }
    (manifest, separated)
}

/// Which of the plugins have the name of a tool or a prompt in common with another, by their places.
pub(crate) fn sharing<'a>(plugins: impl Iterator<Item = &'a Scanned>) -> BTreeSet<usize> {
    let mut owners: BTreeMap<(&str, &str), BTreeSet<usize>> = BTreeMap::new();
    for (index, plugin) in plugins.enumerate() {
        let tools = plugin.tools.iter().map(|tool| ("tool", &tool.name));
        let prompts = plugin.prompts.iter().map(|prompt| ("prompt", &prompt.name));
        for (kind, name) in tools.chain(prompts) {
            owners.entry((kind, name)).or_default().insert(index);
        }
    }
    let shared = owners.into_values().filter(|owners| owners.len() > 1);
    shared.flatten().collect()
}
