//! The tools that open gates. The server brings them itself as soon as one of its tools has a gate, so
//! they are planned like all others, and their names are taken.
//!
//! What they are is read from the runtime's own source, as everything in a plan is read from sources.

use std::{collections::BTreeSet, path::Path};

use crate::{
    embedded,
    error::{Code, Failure, Result},
    manifest::Manifest,
    resolve::Resolved,
    scan::{Scanned, scan},
};

use super::{
    Plan,
    make::{left_out, planned},
};

/// What the server calls its own plugin.
pub(crate) const GATE: &str = "gate";
/// Where that is, among the packed sources.
const FOLDER: &str = "runtime/guard/src/gate/";

/// Adds the server's own tools, if a tool that is planned has a gate. Returns what stands in their way.
pub(super) fn add(
    plan: &mut Plan,
    manifest: &Manifest,
    resolved: &[Resolved],
) -> Result<Vec<Failure>> {
    let groups: BTreeSet<String> = plan
        .tools
        .iter()
        .filter_map(|tool| tool.gate.clone())
        .collect();
    // `assert_unique` in the generated crate knows nothing of read-only servers, so a name is taken even
    // when the tool with the gate is left out for that.
    let mut offered = manifest
        .plugins
        .iter()
        .zip(resolved)
        .flat_map(|(entry, plugin)| {
            let tools = plugin.scanned.tools.iter();
            tools.filter(move |tool| left_out(entry, tool).is_none())
        });
    if !offered.any(|tool| tool.gate.is_some()) {
        return Ok(Vec::new());
    }
    let own = own()?;
    let failures = taken(plan, manifest, &own);
    if !groups.is_empty() {
        let tools = own.tools.iter();
        plan.tools
            .extend(tools.map(|tool| planned(tool, tool.name.clone(), GATE)));
        plan.gates = groups.into_iter().collect();
    }
    Ok(failures)
}

/// Reads the server's own plugin.
fn own() -> Result<Scanned> {
    let sources: Vec<(String, String)> = embedded::files()
        .iter()
        .filter(|(path, _)| {
            path.starts_with(FOLDER) && Path::new(path).extension().is_some_and(|it| it == "rs")
        })
        .filter_map(|(path, text)| {
            Some((
                (*path).to_owned(),
                std::str::from_utf8(text).ok()?.to_owned(),
            ))
        })
        .collect();
    scan(&sources).map_err(|error| {
        let message = format!("the tools that open gates cannot be read: {error:?}");
        Failure::new(Code::Internal, message).into()
    })
}

/// Plugins and tools with the names of the server's own.
fn taken(plan: &Plan, manifest: &Manifest, own: &Scanned) -> Vec<Failure> {
    let why = "tools with a gate are opened by the server's own plugin `gate`";
    let mut failures = Vec::new();
    for entry in &manifest.plugins {
        let name = entry.name.as_str();
        if name == GATE {
            failures.push(
                Failure::new(
                    Code::Collision,
                    "a plugin cannot be called `gate` in a server with gates",
                )
                .at(entry.place.as_ref(), "the server has one of its own")
                .note(why)
                .fix("give it another name: [plugins.NAME]"),
            );
        }
        let own_name = |name: &str| own.tools.iter().any(|tool| tool.name == name);
        for tool in plan.tools.iter().filter(|tool| tool.plugin == name) {
            if own_name(&tool.name) {
                let prefix = match &entry.prefix {
                    Some(_) => format!("another prefix: [plugins.{name}] prefix = \"my-{name}\""),
                    None => format!("a prefix: [plugins.{name}] prefix = \"{name}\""),
                };
                let message = format!(
                    "plugin `{name}` has a tool `{}`, and so has every server with gates",
                    tool.name
                );
                failures.push(
                    Failure::new(Code::Collision, message)
                        .at(entry.place.as_ref(), "this plugin")
                        .note(why)
                        .fix(format!("give it {prefix}")),
                );
            }
        }
    }
    failures
}
