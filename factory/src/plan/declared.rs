//! The tools that a manifest declares join those of their plugin, before anything is decided about tools.

use crate::{
    error::{Code, Error, Failure, Result},
    manifest::{Manifest, PluginEntry},
    resolve::Resolved,
};

/// The resolved plugins, each with its declared tools after its own.
///
/// # Errors
/// Declarations for a plugin that takes none, and names that the plugin's own tools, or an earlier
/// declaration, have already.
pub(super) fn join(manifest: &Manifest, resolved: &[Resolved]) -> Result<Vec<Resolved>> {
    let mut failures = Vec::new();
    let mut joined = resolved.to_vec();
    for (entry, plugin) in manifest.plugins.iter().zip(&mut joined) {
        if let Some(first) = entry.declared.first().filter(|_| !plugin.scanned.declares) {
            let message = format!("the plugin `{}` takes no tools from a manifest", entry.name);
            failures.push(
                Failure::new(Code::TakesNoTools, message)
                    .at(first.place.as_ref(), "declared here")
                    .fix(format!(
                        "remove [[plugins.{}.tool]]; in `mcp-factory plugins list`, those with a `+` take tools",
                        entry.name
                    )),
            );
            continue;
        }
        failures.extend(add(entry, plugin));
    }
    if failures.is_empty() {
        Ok(joined)
    } else {
        Err(Error(failures))
    }
}

fn add(entry: &PluginEntry, plugin: &mut Resolved) -> Vec<Failure> {
    let own = plugin.scanned.tools.len();
    let mut failures = Vec::new();
    for declared in &entry.declared {
        let tools = &mut plugin.scanned.tools;
        let name = declared.name.as_str();
        match tools.iter().position(|tool| tool.name == name) {
            None => tools.push(declared.scanned()),
            Some(index) => {
                let first = if index < own {
                    format!("the plugin `{}` has a tool of its own", entry.name)
                } else {
                    "another declaration is".to_owned()
                };
                failures.push(
                    Failure::new(Code::Collision, format!("{first} called `{name}`"))
                        .at(declared.place.as_ref(), "declared here")
                        .fix("give this one another `name`"),
                );
            }
        }
    }
    failures
}
