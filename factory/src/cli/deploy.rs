//! `mcp-factory deploy`: what operations puts around a server, with the values of its manifest.

use std::{collections::BTreeSet, fs, path::PathBuf};

use mcp_factory_templates::{AccountToken, DeployPath, Deployment, render_deployment};
use serde_json::json;
use toml::{Table, Value};

use crate::{
    emit::write_if_changed,
    error::{Code, Failure, Result},
    features::ServerFeature,
    names::{HostName, VariableName},
    plan::{Plan, count},
    started,
};

use super::{
    arguments::{DeployArguments, Platform},
    project::Project,
    session::Session,
};

/// For probes and metrics.
const MANAGEMENT: u16 = 9090;

pub(super) fn run(session: &mut Session<'_>, arguments: &DeployArguments) -> Result<()> {
    let project = Project::load(session, &arguments.selection, None)?;
    let plan = project.plan(session)?;
    let host = arguments.host.to_lowercase();
    if HostName::parse(&host).is_none() {
        return Err(Failure::new(
            Code::Usage,
            format!("{:?} is no name of a host", arguments.host),
        )
        .fix("write it without scheme and port: --host mcp.example.com")
        .into());
    }
    let deployment = deployment(&plan, arguments, host);
    let (kind, name) = arguments.platform.kind();
    let files = render_deployment(&deployment, kind)
        .map_err(|error| Failure::new(Code::Internal, error.to_string()))?;
    let folder = arguments
        .output
        .clone()
        .unwrap_or_else(|| match arguments.platform {
            // They have one place, and it is not below another.
            Platform::GithubActions => PathBuf::from("."),
            _ => PathBuf::from("deploy").join(name),
        });
    // All are looked at before one is written.
    let changed: Vec<String> = files
        .iter()
        .map(|file| (folder.join(&file.path), file))
        .filter(|(path, file)| fs::read(path).is_ok_and(|there| there != file.contents.as_bytes()))
        .map(|(path, _)| path.display().to_string())
        .collect();
    if !changed.is_empty() && !arguments.force {
        let message = format!(
            "{} would be written over: {}",
            count(changed.len(), "file"),
            changed.join(", ")
        );
        return Err(Failure::new(Code::AlreadyExists, message)
            .fix("name another directory with -o, or say --force")
            .into());
    }
    session.interrupt.check()?;
    let mut written = Vec::new();
    for file in &files {
        let path = folder.join(&file.path);
        write_if_changed(&path, file.contents.as_bytes())?;
        written.push(path);
    }
    let shown: Vec<String> = written
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    session.report.step(
        "Wrote",
        &shown.join(", "),
        &json!({ "step": "deploy", "platform": name, "files": written }),
    );
    let to_change: Vec<String> = files
        .iter()
        .flat_map(|file| {
            let lines = file.contents.lines().enumerate();
            let marked = lines.filter(|(_, line)| line.contains("# CHANGE"));
            marked
                .map(|(index, _)| format!("{}:{}", folder.join(&file.path).display(), index + 1))
                .collect::<Vec<_>>()
        })
        .collect();
    if !to_change.is_empty() {
        session.report.line(
            "Yours",
            &format!(
                "what only you know is marked CHANGE: {}",
                to_change.join(", ")
            ),
        );
    }
    Ok(())
}

/// What the plan says to operations.
fn deployment(plan: &Plan, arguments: &DeployArguments, host: String) -> Deployment {
    let server = &plan.server;
    let defaults = &plan.defaults;
    let port = |section: &str, or: u16| {
        let listen = defaults
            .get(section)
            .and_then(|section| section.get("listen"));
        let port = listen.and_then(Value::as_str).map(started::port);
        port.filter(|port| *port != 0).unwrap_or(or)
    };
    let mut needs = Needs::default();
    for value in defaults.values() {
        needs.look(value, false);
    }
    for plugin in &plan.plugins {
        needs.env.extend(plugin.env.iter().cloned());
        needs.hosts.extend(plugin.hosts.iter().cloned());
    }
    needs.ports.insert(443);
    let is_linked = |package: &str| plan.plugins.iter().any(|plugin| plugin.package == package);
    if is_linked("mcp-plugin-postgres") {
        needs.ports.insert(5432);
    }
    Deployment {
        name: server.name.clone(),
        version: server.version.clone(),
        description: server.description.clone(),
        factory: plan.factory.clone(),
        port: port("http", started::PORT),
        management: Some(port("management", MANAGEMENT)),
        replicas: arguments.replicas,
        host,
        image: arguments
            .image
            .clone()
            .unwrap_or_else(|| format!("{}:{}", server.name, server.version.replace('+', "-"))),
        env: needs.env.into_iter().collect(),
        paths: needs.paths.into_iter().collect(),
        hosts: needs.hosts.into_iter().collect(),
        egress: needs.ports.into_iter().collect(),
        account_token: account_token(&server.features, defaults),
        authenticated: defaults.contains_key("auth"),
        shared: defaults.contains_key("redis"),
        sandboxes: is_linked("mcp-plugin-shell") || is_linked("mcp-plugin-git"),
    }
}

/// Whether Vault is shown the token that Kubernetes has for the server's account.
fn account_token(features: &[ServerFeature], defaults: &Table) -> AccountToken {
    if !features.contains(&ServerFeature::Vault) {
        return AccountToken::Unused;
    }
    let vault = defaults.get("secrets").and_then(|it| it.get("vault"));
    let Some(login) = vault.and_then(|vault| vault.get("kubernetes")) else {
        return AccountToken::Unknown;
    };
    // A file elsewhere is one that somebody mounts on purpose.
    let file = login.get("token_file").and_then(Value::as_str);
    if file.is_none_or(|file| file.contains("/secrets/kubernetes.io/serviceaccount/")) {
        AccountToken::Shown
    } else {
        AccountToken::Unused
    }
}

/// What a configuration speaks of that is outside of the server.
#[derive(Debug, Default)]
struct Needs {
    env: BTreeSet<String>,
    paths: BTreeSet<DeployPath>,
    hosts: BTreeSet<String>,
    ports: BTreeSet<u16>,
}

impl Needs {
    /// Looks through a value; `writable` when the table that it stands in says so.
    fn look(&mut self, value: &Value, writable: bool) {
        match value {
            Value::String(text) => self.text(text, writable),
            Value::Array(values) => values.iter().for_each(|value| self.look(value, writable)),
            Value::Table(table) => {
                let mode = table.get("mode").and_then(Value::as_str);
                let writable = matches!(mode, Some("rw" | "readwrite"));
                table.values().for_each(|value| self.look(value, writable));
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &str, writable: bool) {
        let plain = |marks: &str| {
            text.chars()
                .all(|letter| letter.is_ascii_alphanumeric() || marks.contains(letter))
        };
        if let Some(name) = text.strip_prefix("env:") {
            if VariableName::parse(name).is_some() {
                self.env.insert(name.to_owned());
            }
        } else if let Some((scheme, rest)) = text.split_once("://") {
            let authority = rest.split(['/', '?']).next().unwrap_or_default();
            let authority = authority.rsplit('@').next().unwrap_or_default();
            let (host, port) = authority.rsplit_once(':').unwrap_or((authority, ""));
            let usual = match scheme {
                "http" => 80,
                "postgres" | "postgresql" => 5432,
                "redis" | "rediss" => 6379,
                _ => 443,
            };
            self.ports.insert(port.parse().unwrap_or(usual));
            if !host.is_empty() {
                self.hosts.insert(host.to_owned());
            }
        } else if text.len() > 1
            && text.starts_with('/')
            && plain("/._-")
            && !text.split('/').any(|part| part == "..")
        {
            self.paths.insert(DeployPath {
                path: text.to_owned(),
                writable,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vault_is_shown_the_token_that_kubernetes_mounts() {
        let vault = [ServerFeature::Otlp, ServerFeature::Vault];
        for (login, is) in [
            ("kubernetes = { role = 'x' }", AccountToken::Shown),
            (
                "kubernetes = { token_file = '/var/run/secrets/kubernetes.io/serviceaccount/token' }",
                AccountToken::Shown,
            ),
            (
                "kubernetes = { token_file = '/var/run/vault/token' }",
                AccountToken::Unused,
            ),
            ("address = 'https://vault'", AccountToken::Unknown),
        ] {
            let defaults: Table = toml::from_str(&format!("[secrets.vault]\n{login}")).unwrap();
            assert_eq!(account_token(&vault, &defaults), is, "{login}");
            assert_eq!(account_token(&[], &defaults), AccountToken::Unused);
        }
        assert_eq!(account_token(&vault, &Table::new()), AccountToken::Unknown);
    }

    #[test]
    fn a_configuration_says_what_it_needs() {
        let table: Table = toml::from_str(
            r#"
            [plugins.fs]
            odd = ["env:", "env:A\nB"]
            roots = ["/srv/docs", { path = "/srv/work", mode = "rw" }, "/with space", "/a/../b", "/"]
            [plugins.github]
            token = "env:GITHUB_TOKEN"
            url = "https://ghe.example.com:8443/api"
            [redis]
            url = "rediss://user:pw@redis.internal"
            "#,
        )
        .unwrap();
        let mut needs = Needs::default();
        needs.look(&Value::Table(table), false);
        let paths: Vec<_> = needs
            .paths
            .iter()
            .map(|path| (path.path.as_str(), path.writable))
            .collect();
        assert_eq!(paths, [("/srv/docs", false), ("/srv/work", true)]);
        assert_eq!(needs.env.iter().collect::<Vec<_>>(), ["GITHUB_TOKEN"]);
        assert_eq!(
            needs.hosts.iter().collect::<Vec<_>>(),
            ["ghe.example.com", "redis.internal"]
        );
        assert_eq!(needs.ports.iter().collect::<Vec<_>>(), [&6379, &8443]);
    }
}
