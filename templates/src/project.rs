//! The scaffold of a project: a manifest, a first plugin, and the files around them.

use askama::Template;

use crate::{
    filters,
    model::ProjectScaffold,
    plugin::render_plugin,
    rendered::{RenderError, RenderedFile, render},
};

#[derive(Template)]
#[template(path = "project/mcp-factory.toml.askama")]
struct Manifest<'a> {
    project: &'a ProjectScaffold,
}

#[derive(Template)]
#[template(path = "project/README.md.askama")]
struct Readme<'a> {
    project: &'a ProjectScaffold,
}

#[derive(Template)]
#[template(path = "project/Cargo.toml.askama")]
struct CargoToml;

#[derive(Template)]
#[template(path = "project/gitignore.askama")]
struct GitIgnore<'a> {
    project: &'a ProjectScaffold,
}

/// Renders a new project, its first plugin included.
///
/// # Errors
/// When a rendered file does not parse.
pub fn render_project(project: &ProjectScaffold) -> Result<Vec<RenderedFile>, RenderError> {
    let mut files = vec![
        render(".gitignore", &GitIgnore { project })?,
        render("Cargo.toml", &CargoToml)?,
        render("README.md", &Readme { project })?,
        render("mcp-factory.toml", &Manifest { project })?,
    ];
    let folder = project.plugin_folder();
    // The project ignores what its plugins would.
    let own = |file: &RenderedFile| file.path == ".gitignore";
    for file in render_plugin(&project.plugin)?
        .into_iter()
        .filter(|file| !own(file))
    {
        files.push(RenderedFile {
            path: format!("{folder}/{}", file.path),
            ..file
        });
    }
    Ok(files)
}
