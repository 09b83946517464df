//! What the clients of this user start: whether their files can be read, and whether the programs are there.

use std::{env, os::unix::fs::PermissionsExt as _, path::Path, path::PathBuf};

use serde_json::Value;

use crate::{
    error::{Code, Failure},
    install::{CLIENTS, System, servers},
};

use super::Findings;

/// Looks into every client's file that is there.
pub(crate) fn examine_clients(findings: &mut Findings) {
    for client in CLIENTS {
        let file = client.file(System::here(), |name| env::var_os(name).map(PathBuf::from));
        let Some(file) = file.filter(|file| file.exists()) else {
            continue;
        };
        let rows = match servers(client, &file) {
            Ok(rows) => rows,
            Err(error) => {
                findings.trouble(error);
                continue;
            }
        };
        let shown = file.display();
        let mut good = 0;
        for (name, row) in &rows {
            match missing(row) {
                None => good += 1,
                Some(why) => {
                    let failure = Failure::new(Code::Unwell, format!("{} starts {name:?}, and {why} ({shown})", client.title))
                        .fix(format!("mcp-factory install BINARY --client {} --name {name}   or take the row out", client.name));
                    findings.trouble(failure.into());
                }
            }
        }
        if good > 0 || rows.is_empty() {
            findings.fine(format!(
                "{} can start {good} of its {} servers ({shown})",
                client.title,
                rows.len()
            ));
        }
    }
}

/// Why a row's program cannot be started; `None` when it can, or when nobody can tell.
fn missing(row: &Value) -> Option<String> {
    let command = row["command"].as_str()?;
    let path = Path::new(command);
    // What it looks for in its own PATH may be there; variables of its own are its business.
    if !path.is_absolute() {
        let relative = command.contains('/') && !command.starts_with(['$', '~']);
        return relative.then(|| {
            format!("{command} is no absolute path, and clients start wherever they like")
        });
    }
    match path.metadata() {
        Err(_) => Some(format!("there is no {command}")),
        Ok(there) if !there.is_file() => Some(format!("{command} is no file")),
        Ok(there) if there.permissions().mode() & 0o111 == 0 => {
            Some(format!("{command} may not be executed"))
        }
        Ok(_) => None,
    }
}
