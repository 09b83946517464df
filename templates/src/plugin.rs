//! The scaffold of a plugin crate.

use askama::Template;

use crate::{
    filters,
    model::PluginScaffold,
    rendered::{RenderError, RenderedFile, render},
};

#[derive(Template)]
#[template(path = "plugin/Cargo.toml.askama")]
struct CargoToml<'a> {
    plugin: &'a PluginScaffold,
}

#[derive(Template)]
#[template(path = "plugin/gitignore.askama")]
struct Gitignore;

#[derive(Template)]
#[template(path = "plugin/lib.rs.askama")]
struct LibRs<'a> {
    plugin: &'a PluginScaffold,
}

#[derive(Template)]
#[template(path = "plugin/tally.rs.askama")]
struct TallyRs;

#[derive(Template)]
#[template(path = "plugin/tools.rs.askama")]
struct ToolsRs<'a> {
    plugin: &'a PluginScaffold,
}

#[derive(Template)]
#[template(path = "plugin/README.md.askama")]
struct Readme<'a> {
    plugin: &'a PluginScaffold,
}

/// Renders a new plugin: a crate with one tool, its logic apart from the protocol, and a test of each.
///
/// # Errors
/// When a rendered file does not parse.
pub fn render_plugin(plugin: &PluginScaffold) -> Result<Vec<RenderedFile>, RenderError> {
    Ok(vec![
        render(".gitignore", &Gitignore)?,
        render("Cargo.toml", &CargoToml { plugin })?,
        render("README.md", &Readme { plugin })?,
        render("src/lib.rs", &LibRs { plugin })?,
        render("src/tally.rs", &TallyRs)?,
        render("tests/tools.rs", &ToolsRs { plugin })?,
    ])
}
