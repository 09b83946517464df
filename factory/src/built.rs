//! A server that was built earlier, as its file tells of it: read, and not run.

use std::path::{Path, PathBuf};

use crate::{
    error::{Code, Failure, Result},
    names::ServerName,
    recipe::{self, Recipe},
    sbom::{self, Bill},
    verify::elf::{self, Facts},
};

/// What the file of a built server says.
#[derive(Debug)]
pub(crate) struct Built {
    /// Where it is, as it was named.
    pub(crate) path: PathBuf,
    /// The ELF file's own words.
    pub(crate) facts: Facts,
    /// What it was made from.
    pub(crate) recipe: Recipe,
    /// The crates in it; `None` when it was built without.
    pub(crate) bill: Option<Bill>,
}

impl Built {
    /// Reads a binary.
    ///
    /// # Errors
    /// When there is none, or none that the factory built.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let shown = path.display();
        let not_ours = |why: &str| {
            Failure::new(
                Code::NotAServer,
                format!("{shown} is no server built by mcp-factory: {why}"),
            )
            .fix("name the binary that `mcp-factory build` wrote")
        };
        if !path.is_file() {
            return Err(not_ours("there is no such file").into());
        }
        let facts = elf::facts(path).map_err(|error| not_ours(&error.to_string()))?;
        let sections = elf::sections(path, &[recipe::SECTION, sbom::SECTION])?;
        let section = |index: usize| sections.get(index).and_then(Option::as_deref);
        let recipe = section(0).ok_or_else(|| not_ours("it has no section .mcp-factory"))?;
        // The name is going to be a file's and a container's: it has to be one that the factory gives.
        let named = |recipe: &Recipe| ServerName::parse(&recipe.server.name).is_some();
        let recipe = recipe::read(recipe)
            .filter(named)
            .ok_or_else(|| not_ours("its recipe has another form"))?;
        Ok(Self {
            path: path.to_owned(),
            facts,
            recipe,
            bill: section(1).and_then(sbom::read),
        })
    }

    /// Whether it needs no loader and no library.
    pub(crate) fn is_static(&self) -> bool {
        elf::check_static(&self.facts).is_ok()
    }
}
