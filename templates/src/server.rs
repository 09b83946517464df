//! The crate of a server: `Cargo.toml`, `src/main.rs`, `defaults.toml`, and `src/declared.rs` where the
//! manifest declares tools.

use askama::Template;

use crate::{
    filters,
    model::{Dependency, DependencySource, GitReference, ServerCrate},
    rendered::{RenderError, RenderedFile, check, render},
};

#[derive(Template)]
#[template(path = "server/Cargo.toml.askama")]
struct CargoToml<'a> {
    server: &'a ServerCrate,
    runtime: &'a Dependency,
}

#[derive(Template)]
#[template(path = "server/main.rs.askama")]
struct MainRs<'a> {
    server: &'a ServerCrate,
}

#[derive(Template)]
#[template(path = "server/declared.rs.askama")]
struct DeclaredRs<'a> {
    server: &'a ServerCrate,
}

/// Renders the crate of a server.
///
/// The crate also includes `recipe.json` and `sbom.bin` from beside its `Cargo.toml`; the factory makes
/// those from what cargo resolved.
///
/// # Errors
/// When a rendered file does not parse.
pub fn render_server(server: &ServerCrate) -> Result<Vec<RenderedFile>, RenderError> {
    let defaults = format!(
        "# Default settings of {}, from the manifest. A configuration file at run time wins.\n\n{}",
        server.name, server.defaults
    );
    let mut files = vec![
        render(
            "Cargo.toml",
            &CargoToml {
                server,
                runtime: &server.runtime(),
            },
        )?,
        check("defaults.toml".to_owned(), defaults.trim_end().to_owned())?,
        render("src/main.rs", &MainRs { server })?,
    ];
    if server.declares() {
        files.push(render("src/declared.rs", &DeclaredRs { server })?);
    }
    Ok(files)
}

/// The right-hand side of a line in `[dependencies]`.
fn requirement(dependency: &Dependency) -> String {
    let quote = |text: &str| {
        filters::toml_str::default()
            .execute(text, askama::NO_VALUES)
            .expect("quoting a string cannot fail")
    };
    let mut pairs = match &dependency.source {
        DependencySource::Registry(version) if dependency.features.is_empty() => {
            return quote(version);
        }
        DependencySource::Registry(version) => vec![("version", quote(version))],
        DependencySource::Path(path) => vec![("path", quote(path))],
        DependencySource::Git { url, reference } => {
            let mut pairs = vec![("git", quote(url))];
            match reference {
                GitReference::Default => {}
                GitReference::Rev(rev) => pairs.push(("rev", quote(rev))),
                GitReference::Tag(tag) => pairs.push(("tag", quote(tag))),
                GitReference::Branch(branch) => pairs.push(("branch", quote(branch))),
            }
            pairs
        }
    };
    if !dependency.features.is_empty() {
        let features: Vec<String> = dependency
            .features
            .iter()
            .map(|feature| quote(feature))
            .collect();
        pairs.push(("features", format!("[{}]", features.join(", "))));
    }
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(key, value)| format!("{key} = {value}"))
        .collect();
    format!("{{ {} }}", pairs.join(", "))
}
