//! Which binary a command is about when none is named: the one that `build` writes for the manifest here.

use std::path::{Path, PathBuf};

use crate::{
    error::{Code, Failure, Result},
    manifest::{self, FILE_NAME},
    read::read_text,
};

use super::session::Session;

/// The binary that was named, or that of the manifest.
///
/// # Errors
/// When neither is there.
pub(super) fn or_of_manifest(session: &Session<'_>, named: Option<&Path>) -> Result<PathBuf> {
    if let Some(path) = named {
        return Ok(path.to_owned());
    }
    let path = session
        .global
        .manifest
        .as_deref()
        .unwrap_or(Path::new(FILE_NAME));
    let nothing = |message: String| {
        Failure::new(Code::NoManifest, message)
            .fix("name the binary that `mcp-factory build` wrote, or work where the manifest is")
    };
    let text = read_text(path).map_err(|_| {
        nothing(format!(
            "no binary is named and there is no {}",
            path.display()
        ))
    })?;
    let manifest = manifest::parse(&path.display().to_string(), text)?;
    let binary = PathBuf::from(manifest.server.name.as_str());
    if binary.is_file() {
        return Ok(binary);
    }
    Err(Failure::new(
        Code::NotAServer,
        format!("{} is not built yet", binary.display()),
    )
    .fix("mcp-factory build")
    .into())
}
