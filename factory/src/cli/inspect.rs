//! `mcp-factory inspect`: what a binary says of itself, read and not run.

use std::fmt::Write as _;

use serde_json::json;

use crate::{
    error::{Code, Failure, Result},
    plan::count,
    recipe::{self, Recipe},
    sbom::{self, Bill},
    verify::elf,
};

use super::{arguments::InspectArguments, session::Session};

pub(super) fn run(session: &mut Session<'_>, arguments: &InspectArguments) -> Result<()> {
    let shown = arguments.binary.display();
    let not_ours = |why: &str| {
        Failure::new(
            Code::NotAServer,
            format!("{shown} is no server built by mcp-factory: {why}"),
        )
        .fix("name the binary that `mcp-factory build` wrote")
    };
    if !arguments.binary.is_file() {
        return Err(not_ours("there is no such file").into());
    }
    let facts = elf::facts(&arguments.binary).map_err(|error| not_ours(&error.to_string()))?;
    let sections = elf::sections(&arguments.binary, &[recipe::SECTION, sbom::SECTION])?;
    let section = |index: usize| sections.get(index).and_then(Option::as_deref);
    let recipe = section(0).ok_or_else(|| not_ours("it has no section .mcp-factory"))?;
    let recipe = recipe::read(recipe).ok_or_else(|| not_ours("its recipe has another form"))?;
    let bill = section(1).and_then(sbom::read);
    let is_static = !facts.interpreter && facts.libraries.is_empty();

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
