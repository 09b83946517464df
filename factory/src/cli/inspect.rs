//! `mcp-factory inspect`: what a binary says of itself, read and not run.

use std::fmt::Write as _;

use serde_json::json;

use crate::{built::Built, error::Result, plan::count, recipe::Recipe, sbom::Bill};

use super::{arguments::InspectArguments, session::Session};

pub(super) fn run(session: &mut Session<'_>, arguments: &InspectArguments) -> Result<()> {
    let built = Built::read(&arguments.binary)?;
    let is_static = built.is_static();
    let Built {
        facts,
        recipe,
        bill,
        ..
    } = built;

    if session.report.is_json() {
        session.report.event(&json!({
            "recipe": recipe,
            "machine": facts.machine,
            "static": is_static,
            "libraries": facts.libraries,
            "packages": bill.map(|bill| bill.packages),
        }));
    } else {
        let linking = if is_static {
            "static"
        } else {
            "linked with shared libraries"
        };
        let text = describe(
            &recipe,
            bill.as_ref(),
            &format!("{}, {linking}", facts.machine),
        );
        session
            .report
            .data(&text.expect("writing to a String cannot fail"));
    }
    Ok(())
}

fn describe(
    recipe: &Recipe,
    bill: Option<&Bill>,
    machine: &str,
) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    let server = &recipe.server;
    writeln!(text, "{} {}   {machine}", server.name, server.version)?;
    if !server.description.is_empty() {
        writeln!(text, "{}", server.description)?;
    }
    if server.read_only {
        writeln!(text, "read-only")?;
    }
    if !server.features.is_empty() {
        writeln!(text, "features: {}", server.features.join(" "))?;
    }
    writeln!(
        text,
        "built by mcp-factory {}, lock {}",
        recipe.factory,
        recipe.lock.get(..12).unwrap_or_default()
    )?;
    for plugin in &recipe.plugins {
        writeln!(
            text,
            "  {:12} {} {}   {}",
            plugin.name, plugin.package, plugin.version, plugin.source
        )?;
    }
    match bill {
        Some(bill) => {
            let linked = bill
                .packages
                .iter()
                .filter(|package| package.kind.is_none())
                .count();
            let built = bill.packages.len() - linked;
            writeln!(
                text,
                "{} linked, {built} used only to compile (full list: --format json)",
                count(linked, "crate")
            )?;
        }
        None => writeln!(text, "no bill of materials")?,
    }
    if recipe.manifest.is_some() {
        writeln!(text, "the manifest is inside (--format json)")?;
    }
    Ok(text)
}
