//! How clients write down which servers they start.

use std::collections::BTreeMap;

use mcp_factory_sdk::visible;
use serde::Deserialize;
use serde_json::{Map, Value};

/// More servers than any client starts, and more words than any command line of theirs has.
const MOST: usize = 256;

/// A server in a client's file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ClientServer {
    /// What the client calls it.
    pub(super) name: String,
    /// The program and its arguments; empty for one that is reached by a URL.
    pub(super) command: Vec<String>,
    /// The names of the variables that the client sets for it. Their values may be secrets and are not
    /// kept.
    pub(super) environment: Vec<String>,
}

#[derive(Deserialize)]
struct Entry {
    command: Option<String>,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    env: BTreeMap<String, Value>,
}

/// Where the table of servers is: Claude, Cursor, Windsurf and `.mcp.json` have the first, VS Code's
/// `mcp.json` the second, and its settings the third.
const PLACES: [&[&str]; 3] = [&["mcpServers"], &["servers"], &["mcp", "servers"]];

/// The servers, in the order of the file.
///
/// # Errors
/// What the file lacks, as the end of a sentence that begins with its name.
pub(super) fn servers(text: &str) -> Result<Vec<ClientServer>, String> {
    let file: Value = serde_json::from_str(text).map_err(|error| {
        format!(
            "is not JSON (line {}, column {})",
            error.line(),
            error.column()
        )
    })?;
    let table = PLACES
        .iter()
        .find_map(|path| at(&file, path))
        .ok_or("has no \"mcpServers\" in it")?;
    if table.is_empty() {
        return Err("lists no servers".to_owned());
    }
    if table.len() > MOST {
        return Err(format!("lists more than {MOST} servers"));
    }
    table
        .iter()
        .map(|(name, entry)| {
            // The inner error could quote a value, which may be a secret.
            let entry = Entry::deserialize(entry)
                .map_err(|_| format!("has a server {:?} that is not written as one", line(name)))?;
            if entry.args.len() > MOST {
                return Err(format!(
                    "has a server {:?} with more than {MOST} arguments",
                    line(name)
                ));
            }
            Ok(ClientServer {
                name: line(name),
                command: entry
                    .command
                    .into_iter()
                    .flat_map(|command| std::iter::once(command).chain(entry.args.clone()))
                    .collect(),
                environment: entry.env.into_keys().collect(),
            })
        })
        .collect()
}

fn at<'a>(file: &'a Value, path: &[&str]) -> Option<&'a Map<String, Value>> {
    path.iter()
        .try_fold(file, |value, key| value.get(key))?
        .as_object()
}

/// A name as it can be shown: on one line, short, and with nothing in it that nobody sees.
fn line(name: &str) -> String {
    let shown = visible(name).replace(['\n', '\t'], " ");
    shown.chars().take(64).collect()
}
