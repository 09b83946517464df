//! What a client runs today becomes plugins of one server: `new --from claude_desktop_config.json`.
//!
//! `clients` reads the file, `known` knows which packages a built-in plugin replaces, `settings` carries
//! over what their command lines said. Nothing here runs or changes anything, and no secret is copied: a
//! setting names the environment variable that holds it.

mod clients;
mod known;
mod settings;

use std::path::Path;

use crate::{
    catalog,
    error::{Code, Failure, Result},
    read::read_text,
};

use clients::ClientServer;

/// What becomes of the servers in a client's file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Replacement {
    /// Built-in plugins to have, each once, in the order of the file.
    pub(crate) plugins: Vec<Replaced>,
    /// Servers that stay as they are, and why.
    pub(crate) kept: Vec<(String, String)>,
}

/// A built-in plugin, and what it takes the place of.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Replaced {
    /// The plugin.
    pub(crate) plugin: &'static str,
    /// The servers' names in the file.
    pub(crate) servers: Vec<String>,
    /// The package that was recognised.
    pub(crate) package: &'static str,
    /// Its settings, as far as the command line told.
    pub(crate) config: toml::Table,
    /// What is left to do by hand.
    pub(crate) notes: Vec<String>,
}

/// Reads a client's file.
///
/// # Errors
/// When it cannot be read, or has no servers in it.
pub(crate) fn read(path: &Path) -> Result<Replacement> {
    let shown = path.display();
    let text = read_text(path).map_err(|error| {
        Failure::new(Code::Files, format!("{shown} cannot be read: {error}"))
            .fix("name the file in which your client lists its servers, such as claude_desktop_config.json or .mcp.json")
    })?;
    let servers = clients::servers(&text).map_err(|problem| {
        Failure::new(Code::Usage, format!("{shown} {problem}"))
            .fix("expected {\"mcpServers\": {\"NAME\": {\"command\": \"npx\", \"args\": […]}}}, as clients write it")
    })?;
    Ok(replace(&servers))
}

fn replace(servers: &[ClientServer]) -> Replacement {
    let mut replacement = Replacement::default();
    for server in servers {
        match judge(server) {
            Ok(found) => match join(&mut replacement.plugins, found) {
                Ok(()) => {}
                Err(why) => replacement.kept.push((server.name.clone(), why)),
            },
            Err(why) => replacement.kept.push((server.name.clone(), why)),
        }
    }
    replacement
}

/// The plugin for a server, or why there is none.
fn judge(server: &ClientServer) -> std::result::Result<Replaced, String> {
    if server.command.is_empty() {
        return Err("it runs elsewhere and is reached by its URL".to_owned());
    }
    let Some((plugin, package, arguments)) = known::find(&server.command) else {
        return Err("no built-in plugin is known to replace it".to_owned());
    };
    if catalog::find(plugin).is_none() {
        return Err(format!("this mcp-factory does not carry `{plugin}`"));
    }
    let (config, notes) = settings::of(plugin, arguments, &server.environment);
    Ok(Replaced {
        plugin,
        servers: vec![server.name.clone()],
        package,
        config,
        notes,
    })
}

/// A plugin is there once: file servers share their roots, and others with the same settings are one.
fn join(plugins: &mut Vec<Replaced>, found: Replaced) -> std::result::Result<(), String> {
    let Some(first) = plugins
        .iter_mut()
        .find(|first| first.plugin == found.plugin)
    else {
        plugins.push(found);
        return Ok(());
    };
    if first.config.len() != found.config.len() {
        return Err(taken(found.plugin));
    }
    for (key, other) in &found.config {
        match (first.config.get_mut(key), other) {
            (Some(toml::Value::Array(mine)), toml::Value::Array(other)) => {
                for value in other {
                    if !mine.contains(value) {
                        mine.push(value.clone());
                    }
                }
            }
            (Some(mine), other) if mine == other => {}
            _ => return Err(taken(found.plugin)),
        }
    }
    first.servers.extend(found.servers);
    Ok(())
}

fn taken(plugin: &str) -> String {
    format!(
        "a server has `{plugin}` once, and another one has other settings: build a second server for it"
    )
}

#[cfg(test)]
mod tests;
