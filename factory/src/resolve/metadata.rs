//! `[package.metadata.mcp-plugin]`: what a crate says of itself as a plugin.

use mcp_factory_sdk::INTERFACE_VERSION;
use serde_json::Value;

use crate::{
    error::{Code, Failure, Result},
    manifest::PluginEntry,
    names::{EntryPath, FeatureName, HostPattern, VariableName},
};

use super::entry_path;

/// What a crate says of itself as a plugin.
#[derive(Clone, Debug)]
pub(crate) struct PluginMetadata {
    pub(crate) interface: u32,
    pub(crate) entry: EntryPath,
    pub(crate) env: Vec<String>,
    pub(crate) hosts: Vec<String>,
    /// Cargo features to turn on where the manifest declares tools of it.
    pub(crate) declared_features: Vec<String>,
}

impl PluginMetadata {
    /// Reads `package.metadata` and compares the interface.
    pub(super) fn read(
        entry: &PluginEntry,
        package: &str,
        metadata: Option<&Value>,
    ) -> Result<Self> {
        let name = entry.name.as_str();
        let section = metadata.and_then(|metadata| metadata.get("mcp-plugin"));
        let Some(interface) = section.and_then(|section| section.get("interface")) else {
            let message =
                format!("plugin `{name}`: the crate {package} does not say that it is a plugin");
            return Err(Failure::new(Code::NotAPlugin, message)
                .at(entry.place.as_ref(), "this plugin")
                .note("its Cargo.toml has no [package.metadata.mcp-plugin] with an interface")
                .fix(format!("add to its Cargo.toml:  [package.metadata.mcp-plugin] interface = {INTERFACE_VERSION}"))
                .into());
        };
        if interface.as_u64() != Some(u64::from(INTERFACE_VERSION)) {
            let message = format!(
                "plugin `{name}` needs plugin interface {interface}, this mcp-factory provides {INTERFACE_VERSION}"
            );
            let newer = interface
                .as_u64()
                .is_some_and(|interface| interface > u64::from(INTERFACE_VERSION));
            return Err(Failure::new(Code::Interface, message)
                .at(
                    entry.place.as_ref(),
                    format!("{package} says interface = {interface}"),
                )
                .fix(if newer {
                    "install a newer mcp-factory"
                } else {
                    "use a newer version of the plugin"
                })
                .into());
        }
        let text = |key: &str| {
            section
                .and_then(|section| section.get(key))
                .and_then(Value::as_str)
        };
        // They come to stand in units, manifests and a Cargo.toml: a crate of somebody else must not write there.
        let texts = |key: &str, form: &str, is_one: fn(&str) -> bool| -> Result<Vec<String>> {
            let Some(value) = section.and_then(|section| section.get(key)) else {
                return Ok(Vec::new());
            };
            let refused = |what: &Value| {
                let message = format!("plugin `{name}` has {key} that cannot be: {what}");
                Failure::new(Code::NotAPlugin, message)
                    .at(entry.place.as_ref(), "this plugin")
                    .note(format!("in [package.metadata.mcp-plugin] of {package}"))
                    .fix(format!(
                        "in its Cargo.toml, write {key} = [\"…\"], each of {form}"
                    ))
            };
            let list = value.as_array().ok_or_else(|| refused(value))?;
            list.iter()
                .map(|item| {
                    let text = item.as_str().filter(|text| is_one(text));
                    Ok(text.ok_or_else(|| refused(item))?.to_owned())
                })
                .collect()
        };
        Ok(Self {
            interface: INTERFACE_VERSION,
            entry: entry_path(entry, text("entry").unwrap_or("PLUGIN"))?,
            env: texts("env", VariableName::FORM, |text| {
                VariableName::parse(text).is_some()
            })?,
            hosts: texts("hosts", HostPattern::FORM, |text| {
                HostPattern::parse(text).is_some()
            })?,
            declared_features: texts("declared-features", FeatureName::FORM, |text| {
                FeatureName::parse(text).is_some()
            })?,
        })
    }
}
