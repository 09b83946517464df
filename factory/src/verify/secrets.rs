//! No secret is compiled into a binary: where a setting takes the name of a secret, the manifest writes a name.
//!
//! Which settings do is in the schemas that the binary tells of its plugins, and in `OWN` for the server's.

use std::sync::Arc;

use mcp_factory_sdk::describe::Description;
use serde_json::Value;
use toml::de::{DeTable, DeValue};

use crate::{
    error::{Code, Error, Failure, Place, Result, Source},
    plan::Plan,
};

/// The server's own settings that take the name of a secret; `*` is any name or place in a list. The address of a
/// Redis may be written down as long as it holds no password.
const OWN: &[&[&str]] = &[
    &["server", "state_key"],
    &["http", "tls", "key"],
    &["auth", "client_secret"],
    &["auth", "keys", "*", "secret"],
    &["gate", "groups", "*", "secret"],
    &["audit", "key"],
    &["redis", "url"],
    &["tracing", "headers", "*"],
    &["secrets", "vault", "token"],
    &["secrets", "vault", "approle", "secret_id"],
    &["secrets", "awssm", "access_key"],
    &["secrets", "awssm", "secret_key"],
    &["secrets", "awssm", "session_token"],
];

/// Refuses a plan that writes a secret down. No value is repeated.
pub(crate) fn check(plan: &Plan, binary: &Description, source: Option<&Arc<Source>>) -> Result<()> {
    let mut found = Vec::new();
    layer(&plan.defaults, binary, &[], &mut found);
    // A profile is a configuration of its own, laid over the other one.
    for (name, profile) in tables(&plan.defaults, "profile") {
        layer(profile, binary, &["profile", name], &mut found);
    }
    let failures: Vec<Failure> = found.iter().map(|path| failure(path, source)).collect();
    if failures.is_empty() {
        Ok(())
    } else {
        Err(Error(failures))
    }
}

/// Looks through a whole configuration, which stands at `path`.
fn layer(table: &toml::Table, binary: &Description, path: &[&str], found: &mut Vec<Vec<String>>) {
    let whole = toml::Value::Table(table.clone());
    let start: Vec<String> = path.iter().map(|&part| part.to_owned()).collect();
    for own_path in OWN {
        own(&whole, own_path, start.clone(), found);
    }
    plugins(table, binary, &start, found);
    // Tenants have plugins of their own.
    for (name, tenant) in tables(table, "tenants") {
        let path = [&start[..], &["tenants".to_owned(), name.clone()]].concat();
        plugins(tenant, binary, &path, found);
    }
}

/// The tables directly below `key`, by name.
fn tables<'t>(
    table: &'t toml::Table,
    key: &str,
) -> impl Iterator<Item = (&'t String, &'t toml::Table)> {
    let all = table.get(key).and_then(toml::Value::as_table);
    all.into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name, value.as_table()?)))
}

/// Looks through `table.plugins`; the table stands at `path`.
fn plugins(
    table: &toml::Table,
    binary: &Description,
    path: &[String],
    found: &mut Vec<Vec<String>>,
) {
    let Some(sections) = table.get("plugins") else {
        return;
    };
    for plugin in &binary.plugins {
        if let Some(section) = sections.get(&plugin.name) {
            let path = [path, &["plugins".to_owned(), plugin.name.clone()]].concat();
            below(&plugin.config_schema, section, path, found);
        }
    }
}

fn failure(path: &[String], source: Option<&Arc<Source>>) -> Failure {
    let failure = Failure::new(
        Code::LiteralSecret,
        format!("`{}` is a secret, and it is written down", path.join(".")),
    );
    // A place would show the line, and the secret in it.
    let failure = match source.and_then(|source| place(source, path)) {
        Some(place) => {
            let (line, column) = place.line_and_column();
            failure.note(format!(
                "at {}:{line}:{column}; the line is not shown here",
                place.source.path
            ))
        }
        None => failure,
    };
    failure
        .note("the binary would hold it for everybody to read; take it for known to whoever saw the manifest")
        .fix("name it: \"env:NAME\" or \"file:/path\"")
}

fn own(value: &toml::Value, rest: &[&str], path: Vec<String>, found: &mut Vec<Vec<String>>) {
    let Some((first, rest)) = rest.split_first() else {
        if is_literal(value) && !is_open_redis(value) {
            found.push(path);
        }
        return;
    };
    let mut step = |name: String, value: &toml::Value| {
        let mut path = path.clone();
        path.push(name);
        own(value, rest, path, found);
    };
    match (value, *first) {
        (toml::Value::Table(table), "*") => {
            table
                .iter()
                .for_each(|(name, value)| step(name.clone(), value));
        }
        (toml::Value::Array(items), "*") => {
            items
                .iter()
                .enumerate()
                .for_each(|(at, value)| step(at.to_string(), value));
        }
        (toml::Value::Table(table), name) => {
            if let Some(value) = table.get(name) {
                step(name.to_owned(), value);
            }
        }
        _ => {}
    }
}

/// What of a plugin's section its schema marks as the name of a secret.
fn below(schema: &Value, value: &toml::Value, path: Vec<String>, found: &mut Vec<Vec<String>>) {
    if is_named(schema) {
        if is_literal(value) && !found.contains(&path) {
            found.push(path);
        }
        return;
    }
    for way in ["anyOf", "oneOf", "allOf"] {
        let ways = schema.get(way).and_then(Value::as_array);
        for schema in ways.into_iter().flatten() {
            // What is no text was written for another of the ways.
            if value.is_str() || !is_named(schema) {
                below(schema, value, path.clone(), found);
            }
        }
    }
    let mut step = |schema: &Value, name: String, value: &toml::Value| {
        let mut path = path.clone();
        path.push(name);
        below(schema, value, path, found);
    };
    match value {
        toml::Value::Table(table) => {
            for (name, value) in table {
                let child = schema.get("properties").and_then(|all| all.get(name));
                if let Some(child) = child.or_else(|| schema.get("additionalProperties")) {
                    step(child, name.clone(), value);
                }
            }
        }
        toml::Value::Array(items) => {
            if let Some(child) = schema.get("items") {
                items
                    .iter()
                    .enumerate()
                    .for_each(|(at, value)| step(child, at.to_string(), value));
            }
        }
        _ => {}
    }
}

/// Whether the schema is that of a secret's name.
fn is_named(schema: &Value) -> bool {
    schema.get("writeOnly") == Some(&Value::Bool(true))
        && schema
            .get("pattern")
            .and_then(Value::as_str)
            .is_some_and(|pattern| pattern.contains("env|file"))
}

fn is_literal(value: &toml::Value) -> bool {
    let Some(text) = value.as_str() else {
        return true;
    };
    let names = ["env:", "file:", "vault:", "awssm:"];
    !names
        .iter()
        .any(|kind| text.strip_prefix(kind).is_some_and(|rest| !rest.is_empty()))
}

/// The address of a Redis that is reached without a password. Nothing else that takes a secret looks like one.
fn is_open_redis(value: &toml::Value) -> bool {
    let text = value.as_str().unwrap_or_default();
    let rest = text
        .strip_prefix("redis://")
        .or_else(|| text.strip_prefix("rediss://"));
    rest.is_some_and(|rest| {
        let user = rest.rsplit_once('@').map_or("", |(user, _)| user);
        !user.contains(':') && !rest.contains(['?', '#'])
    })
}

/// Where the setting stands in the manifest: `plugins.fs.token` is in `[plugins.fs.config]`, and all else in
/// `[server.config]`.
fn place(source: &Arc<Source>, path: &[String]) -> Option<Place> {
    let table = DeTable::parse(&source.text).ok()?;
    let inside: Vec<&str> = match path {
        [first, name, rest @ ..] if first == "plugins" => {
            let head = ["plugins", name.as_str(), "config"];
            head.into_iter()
                .chain(rest.iter().map(String::as_str))
                .collect()
        }
        path => ["server", "config"]
            .into_iter()
            .chain(path.iter().map(String::as_str))
            .collect(),
    };
    let (first, rest) = inside.split_first()?;
    let mut value = table.get_ref().get(*first)?;
    for name in rest {
        value = match value.get_ref() {
            DeValue::Table(table) => table.get(*name)?,
            DeValue::Array(items) => items.get(name.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    Some(Place {
        source: Arc::clone(source),
        span: value.span(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn failures(manifest: &str, defaults: &str) -> Vec<String> {
        let secret =
            json!({"type": "string", "pattern": "^(env|file|vault|awssm):.+$", "writeOnly": true});
        let binary = json!({
            "format": 1, "server": {"name": "x", "version": "0.1.0", "description": ""}, "factory": "", "protocols": [],
            "plugins": [{
                "name": "slack", "crate_version": "", "description": "", "source": "", "interface": 1,
                "config_schema": {"type": "object", "properties": {
                    "token": secret, "label": {"type": "string"},
                    "teams": {"type": "array", "items": {"properties": {"key": secret}}},
                    "either": {"anyOf": [{"type": "integer"}, secret, {"properties": {"key": secret}}]},
                }},
            }],
            "tools": [], "resources": [], "resource_templates": [], "prompts": [],
        });
        let mut plan = super::super::describe::tests::plan();
        plan.defaults = defaults.parse().unwrap();
        let source = Arc::new(Source {
            path: "m".to_owned(),
            text: manifest.to_owned(),
        });
        let binary = serde_json::from_value(binary).unwrap();
        let Err(error) = check(&plan, &binary, Some(&source)) else {
            return Vec::new();
        };
        let told = |failure: &Failure| {
            assert_eq!(failure.code, Code::LiteralSecret);
            assert!(!format!("{failure:?}").contains("canary"), "{failure:?}");
            format!("{}, {}", failure.message, failure.notes[0])
        };
        error.0.iter().map(told).collect()
    }

    #[test]
    fn what_is_written_down_is_told_at_its_place() {
        let manifest = "[server.config]\nauth.client_secret = \"canary\"\n[plugins.slack.config]\ntoken = \"canary\"\n\
                        teams = [{ key = \"env:A\" }, { key = \"canary\" }]\nlabel = \"canary\"\n";
        let defaults = "[auth]\nclient_secret = \"canary\"\n[plugins.slack]\ntoken = \"canary\"\n\
                        teams = [{ key = \"env:A\" }, { key = \"canary\" }]\nlabel = \"canary\"\n";
        let told = |path: &str, place: &str| {
            format!(
                "`{path}` is a secret, and it is written down, at m:{place}; the line is not shown here"
            )
        };
        assert_eq!(
            failures(manifest, defaults),
            [
                told("auth.client_secret", "2:22"),
                told("plugins.slack.teams.1.key", "5:37"),
                told("plugins.slack.token", "4:9"),
            ]
        );
    }

    #[test]
    fn no_corner_of_a_configuration_holds_one() {
        let defaults = "[redis]\nurl = \"redis://:canary@host\"\n[tracing.headers]\nAuthorization = \"Bearer canary\"\n\
                        [tenants.acme.plugins.slack]\ntoken = \"canary\"\n[plugins.slack]\neither = \"canary\"\n\
                        [profile.prod.audit]\nkey = \"canary\"\n[profile.prod.plugins.slack]\neither.key = \"canary\"\n\
                        [profile.prod.tenants.acme.plugins.slack]\ntoken = \"canary\"\n\
                        [profile.test.redis]\nurl = \"redis://host?password=canary\"\n";
        let manifest: String = defaults
            .replace("[plugins.slack]", "[plugins.slack.config]")
            .replace("[tenants", "[server.config.tenants")
            .replace("[profile", "[server.config.profile")
            .replace("[redis", "[server.config.redis")
            .replace("[tracing", "[server.config.tracing");
        let mut found = failures(&manifest, defaults);
        found.sort();
        let told = |path: &str, place: &str| {
            format!(
                "`{path}` is a secret, and it is written down, at m:{place}; the line is not shown here"
            )
        };
        assert_eq!(
            found,
            [
                told("plugins.slack.either", "8:10"),
                told("profile.prod.audit.key", "10:7"),
                told("profile.prod.plugins.slack.either.key", "12:14"),
                told("profile.prod.tenants.acme.plugins.slack.token", "14:9"),
                told("profile.test.redis.url", "16:7"),
                told("redis.url", "2:7"),
                told("tenants.acme.plugins.slack.token", "6:9"),
                told("tracing.headers.Authorization", "4:17"),
            ]
        );
    }

    #[test]
    fn names_are_taken() {
        let defaults = "[redis]\nurl = \"rediss://me@[::1]:7000/3\"\n[tracing.headers]\nx = \"env:X\"\n[tenants.acme.plugins.slack]\neither = 5\n[server]\nstate_key = \"vault:a/b#c\"\n[gate.groups.x]\nsecret = \"file:/x\"\n[plugins.slack]\ntoken = \"env:T\"";
        assert_eq!(failures("", defaults), Vec::<String>::new());
    }
}
