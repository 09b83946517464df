//! A server's row in the configuration of a client: put in, and taken back.
//!
//! In the room: which clients there are and where they look (`clients`), the change of a text (`edit`), the
//! file (`file`), and what an installation and its undoing come to (here). Not here: what the row says, which
//! is the command line's business.

mod clients;
mod edit;
mod file;

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::{Code, Failure, Result};

use edit::Document;
use file::ClientFile;

pub(crate) use clients::{CLIENTS, Client, System};

/// What is going to be written, and what was there.
#[derive(Debug)]
pub(crate) struct Change {
    file: ClientFile,
    name: String,
    /// As it is in the file then; of an undoing none.
    row: Option<Value>,
    /// `None` takes the file away: it was not there before.
    after: Option<String>,
    /// Whether the copy of before goes with it.
    undoes: bool,
    /// Whether what is there now has to be kept: not where it is already our own work.
    keeps: bool,
}

/// Plans to put `row` into the table of `client` in the file at `path`. Of a row that is of this server already, only
/// what `row` says is changed, whatever `replace` is.
///
/// # Errors
/// When the file is broken, and when another server has the name and `replace` is not said.
pub(crate) fn install(
    client: &Client,
    path: &Path,
    name: &str,
    row: &Value,
    replace: bool,
) -> Result<Change> {
    let file = ClientFile::read(path)?;
    let mut document = parse(client, path, &file)?;
    let there = document.row(client.table, name)?;
    let ours = there.as_ref().filter(|there| is_same_server(there, row));
    let row = match ours {
        Some(there) => brought_up_to_date(client, there, row),
        None => row.clone(),
    };
    let is_another = there
        .as_ref()
        .is_some_and(|there| *there != row && ours.is_none());
    if is_another && !replace {
        let message = format!(
            "{} already has another server called {name:?} in {}",
            client.title,
            path.display()
        );
        return Err(Failure::new(Code::AlreadyExists, message)
            .fix("give this one another name with --name, or put it in the other's place with --replace")
            .into());
    }
    // The copy of before our first row is the one to go back to.
    let keeps = match ours {
        Some(there) => {
            !file.backup(name).exists() && !is_all_ours(client, path, &file, name, there)?
        }
        None => true,
    };
    let after = if there.as_ref() == Some(&row) {
        // However it is written.
        file.text.clone()
    } else {
        document.put(client.table, name, &row)?;
        Some(document.text())
    };
    Ok(Change {
        file,
        name: name.to_owned(),
        row: Some(row),
        after,
        undoes: false,
        keeps,
    })
}

/// Whether two rows start or reach one server, with whatever else they say.
fn is_same_server(there: &Value, row: &Value) -> bool {
    ["command", "url", "serverUrl", "httpUrl"]
        .iter()
        .any(|&key| there[key].is_string() && there[key] == row[key])
}

/// The row of a server that is there, with what a new installation says. The rest is its owner's: that it is switched
/// off, which of its tools run unasked, what its environment holds.
fn brought_up_to_date(client: &Client, there: &Value, row: &Value) -> Value {
    let mut updated = there.clone();
    let (Some(members), Some(news)) = (updated.as_object_mut(), row.as_object()) else {
        return row.clone();
    };
    for (key, new) in news {
        match (members.get_mut(key), new) {
            // All tools are allowed by an installation only where nobody chose some.
            (Some(_), _) if client.allows == Some(key.as_str()) => {}
            (Some(Value::Object(variables)), Value::Object(new)) => {
                variables.extend(new.clone());
            }
            _ => drop(members.insert(key.clone(), new.clone())),
        }
    }
    updated
}

/// Whether the file is as an installation into none makes it.
fn is_all_ours(
    client: &Client,
    path: &Path,
    file: &ClientFile,
    name: &str,
    row: &Value,
) -> Result<bool> {
    let mut made = Document::parse(client.format, &path.display().to_string(), "")?;
    made.put(client.table, name, row)?;
    Ok(file.text.as_ref() == Some(&made.text()))
}

/// Plans to take back what `install` did.
///
/// # Errors
/// When the file is broken, and when there is no such server in it.
pub(crate) fn undo(client: &Client, path: &Path, name: &str) -> Result<Change> {
    let file = ClientFile::read(path)?;
    let mut document = parse(client, path, &file)?;
    let Some(row) = document.row(client.table, name)? else {
        let message = format!(
            "{} has no server called {name:?} in {}",
            client.title,
            path.display()
        );
        return Err(Failure::new(Code::Usage, message)
            .fix("name it with --name")
            .into());
    };
    let backup = ClientFile::read(&file.backup(name))?;
    let mut before = parse(client, path, &backup)?;
    let earlier = before.row(client.table, name)?;
    // Nothing happened since: what was there comes back to the byte.
    before.put(client.table, name, &row)?;
    let after = if file.text.as_ref() == Some(&before.text()) {
        backup.text
    } else {
        match earlier {
            Some(earlier) => document.put(client.table, name, &earlier)?,
            None => document.take(client.table, name)?,
        }
        Some(document.text())
    };
    Ok(Change {
        file,
        name: name.to_owned(),
        row: None,
        after,
        undoes: true,
        keeps: false,
    })
}

/// The servers in the file of a client, by name.
///
/// # Errors
/// When the file is broken.
pub(crate) fn servers(client: &Client, path: &Path) -> Result<Vec<(String, Value)>> {
    parse(client, path, &ClientFile::read(path)?)?.rows(client.table)
}

fn parse(client: &Client, path: &Path, file: &ClientFile) -> Result<Document> {
    Document::parse(
        client.format,
        &path.display().to_string(),
        file.text.as_deref().unwrap_or_default(),
    )
}

impl Change {
    /// Whether there is anything to do.
    pub(crate) fn is_empty(&self) -> bool {
        self.file.text == self.after
    }

    /// The row as it will be in the file; none of an undoing.
    pub(crate) const fn row(&self) -> Option<&Value> {
        self.row.as_ref()
    }

    /// The lines that go and come.
    pub(crate) fn difference(&self, path: &Path) -> String {
        let (before, after) = (self.file.text.as_deref(), self.after.as_deref());
        let name = |text: Option<&str>| {
            text.map_or_else(|| "/dev/null".to_owned(), |_| path.display().to_string())
        };
        similar::TextDiff::from_lines(before.unwrap_or_default(), after.unwrap_or_default())
            .unified_diff()
            .header(&name(before), &name(after))
            .to_string()
    }

    /// Does it. Returns where the text of before is kept.
    pub(crate) fn apply(&self) -> Result<Option<PathBuf>> {
        let backup = if self.keeps {
            self.file.keep(&self.name)?
        } else {
            let earlier = self.file.backup(&self.name);
            (!self.undoes && earlier.exists()).then_some(earlier)
        };
        match &self.after {
            Some(text) => self.file.replace(text)?,
            None => self.file.remove()?,
        }
        if self.undoes {
            // It was good for one undoing.
            let _absent = std::fs::remove_file(self.file.backup(&self.name));
        }
        Ok(backup)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_there_first_comes_back_after_many_installations() {
        let client = Client::named("cursor").unwrap();
        for before in [
            None,
            Some("{\n  // Mine.\n  \"mcpServers\": {\"files\": {\"command\": \"theirs\"}}\n}\n"),
        ] {
            for key in ["command", "url"] {
                let folder = tempfile::tempdir().unwrap();
                let path = folder.path().join("mcp.json");
                if let Some(before) = before {
                    fs::write(&path, before).unwrap();
                }
                for argument in ["a", "b", "c"] {
                    let row = json!({ key: "/x", "args": [argument] });
                    let change = install(client, &path, "files", &row, true).unwrap();
                    assert_eq!(change.apply().unwrap().is_some(), before.is_some());
                }
                undo(client, &path, "files").unwrap().apply().unwrap();
                assert_eq!(fs::read_to_string(&path).ok().as_deref(), before);
                assert_eq!(
                    fs::read_dir(folder.path()).unwrap().count(),
                    usize::from(before.is_some()),
                    "a copy is left"
                );
            }
        }
    }

    /// What an update of the binary, which is an installation again, may change: nothing that its owner chose.
    #[test]
    fn what_its_owner_set_outlives_another_installation() {
        let json = "{\n  \"mcpServers\": {\n    \"files\": {\n      // Not now.\n      \"disabled\": true,\n      \"command\": \"/x\",\n      \"args\": [\"old\"],\n      \"autoApprove\": [],\n      \"tools\": [\"read\"],\n      \"timeout\": 7, // s\n      \"env\": {\n        \"A\": \"1\", // mine\n        \"B\": \"1\"\n      }\n    }\n  }\n}\n";
        let toml = "[mcp_servers.files]\n# Not now.\nenabled = false\ncommand = '/x'\nargs = [\"old\"]\nstartup_timeout_sec = 7 # s\nenabled_tools = [ \"read\" ]\n\n[mcp_servers.files.env]\nA = '1' # mine\nB = \"1\"\n\n[mcp_servers.files.tools.read]\napproval_mode = \"prompt\"\n";
        for (name, before) in [
            ("cursor", json),
            ("kiro", json),
            ("copilot-cli", json),
            ("codex", toml),
        ] {
            let client = Client::named(name).unwrap();
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("file");
            fs::write(&path, before).unwrap();
            let variables = [("B".to_owned(), "2".to_owned())];
            let row = client.local("/x", &["new".to_owned()], &variables);
            for replace in [false, true] {
                let change = install(client, &path, "files", &row, replace).unwrap();
                change.apply().unwrap();
                let mut after = fs::read_to_string(&path).unwrap();
                for (old, new) in [
                    ("[\"old\"]", "[\"new\"]"),
                    ("\"B\": \"1\"", "\"B\": \"2\""),
                    ("B = \"1\"", "B = \"2\""),
                ] {
                    assert!(!after.contains(old), "{old} in {name}:\n{after}");
                    after = after.replace(new, old);
                }
                // Copilot CLI wants to be told how it reaches the server.
                let typed = ",\n      \"type\": \"stdio\"";
                assert_eq!(after.contains(typed), name == "copilot-cli", "{after}");
                assert_eq!(after.replace(typed, ""), before, "{name}");
            }
        }
    }

    /// One that is reached by a URL is not another server because its owner narrowed it.
    #[test]
    fn a_server_of_a_url_is_known_again() {
        let client = Client::named("copilot-cli").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let before = "{\"mcpServers\": {\"files\": {\"type\": \"http\", \"url\": \"https://a.example/mcp\", \"tools\": [\"read\"], \"headers\": {\"X\": \"1\"}}}}";
        fs::write(&path, before).unwrap();
        let row = client.remote("https://a.example/mcp").unwrap();
        let change = install(client, &path, "files", &row, false).unwrap();
        assert!(change.is_empty(), "{}", change.difference(&path));
        assert_eq!(change.row().unwrap()["tools"], json!(["read"]));
    }

    /// A copy from long ago is not what somebody else's row goes back to.
    #[test]
    fn another_server_of_the_name_is_kept_anew() {
        let client = Client::named("cursor").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mcp.json");
        fs::write(folder.path().join("mcp.json.before-files"), "{}").unwrap();
        let theirs = "{\"mcpServers\": {\"files\": {\"command\": \"theirs\"}}}";
        fs::write(&path, theirs).unwrap();
        let row = json!({ "command": "/x" });
        let change = install(client, &path, "files", &row, true).unwrap();
        change.apply().unwrap();
        undo(client, &path, "files").unwrap().apply().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), theirs);
    }
}
