//! `mcp-factory setup`: plain cargo commands find the SDK that this binary carries.

use std::{fs, path::Path};

use serde_json::json;

use crate::{
    cargo::{PATCHES_MARK, patches},
    emit::write_if_changed,
    error::{Code, Failure, Result},
    home::Home,
};

use super::session::Session;

pub(super) fn run(session: &mut Session<'_>) -> Result<()> {
    let path = Path::new(".cargo/config.toml");
    write(&Home::find()?, Path::new("."))?;
    session.report.step(
        "Wrote",
        &format!("{}: cargo finds mcp-factory-sdk now", path.display()),
        &json!({ "step": "setup" }),
    );
    if session.report.is_json() {
        session
            .report
            .result(json!({ "file": path.display().to_string() }));
    }
    Ok(())
}

/// Writes the file below `folder`, unless somebody else wrote one there.
pub(super) fn write(home: &Home, folder: &Path) -> Result<()> {
    let path = folder.join(".cargo/config.toml");
    let text = patches(&home.sources()?, &["mcp-factory-sdk"]);
    if fs::read_to_string(&path).is_ok_and(|present| !present.starts_with(PATCHES_MARK)) {
        let lines: Vec<&str> = text.lines().skip(1).collect();
        return Err(Failure::new(
            Code::AlreadyExists,
            format!("{} is not mcp-factory's", path.display()),
        )
        .fix(format!("add to it:  {}", lines.join("  ")))
        .into());
    }
    write_if_changed(&path, text.as_bytes()).map(drop)
}
