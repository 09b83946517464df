//! `mcp-factory plugins list` and `info`

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::{
    VERSION,
    catalog::{self, BuiltIn},
    error::{Code, Failure, Result},
    plan::count,
    scan::{Scanned, scan},
    suggest::nearest,
};

use super::{arguments::PluginsCommand, session::Session};

pub(super) fn run(session: &mut Session<'_>, command: &PluginsCommand) -> Result<()> {
    match command {
        PluginsCommand::List => list(session),
        PluginsCommand::Info { name } => info(session, name),
    }
}

fn list(session: &mut Session<'_>) -> Result<()> {
    let mut text = String::new();
    let mut values = Vec::new();
    let plugins = catalog::all();
    let shown = || plugins.iter().filter(|plugin| !plugin.hidden);
    let width = shown().map(|plugin| plugin.name.len()).max().unwrap_or(0);
    for plugin in shown() {
        let scanned = scanned(plugin)?;
        let declares = if scanned.declares { " +" } else { "" };
        let line = writeln!(
            text,
            "{:width$}  {:10} {}",
            plugin.name,
            format!("{}{declares}", count(scanned.tools.len(), "tool")),
            plugin.description
        );
        line.expect("writing to a String cannot fail");
        values.push(json!({
            "name": plugin.name,
            "version": VERSION,
            "description": plugin.description,
            "tools": scanned.tools.iter().map(|tool| &tool.name).collect::<Vec<_>>(),
            "declares": scanned.declares,
        }));
    }
    text.push_str("\n+ and those that the manifest declares: [[plugins.NAME.tool]]\n");
    show(session, &text, &json!({ "plugins": values }));
    Ok(())
}

fn info(session: &mut Session<'_>, name: &str) -> Result<()> {
    let Some(plugin) = catalog::find(name) else {
        let plugins = catalog::all();
        let best = nearest(name, plugins.iter().map(|plugin| plugin.name));
        let fix = best.map_or_else(
            || "mcp-factory plugins list".to_owned(),
            |best| format!("mcp-factory plugins info {best}"),
        );
        return Err(Failure::new(
            Code::UnknownPlugin,
            format!("there is no built-in plugin {name:?}"),
        )
        .fix(fix)
        .into());
    };
    let scanned = scanned(&plugin)?;
    let text = describe(&plugin, &scanned).expect("writing to a String cannot fail");
    let mut value = serde_json::to_value(&scanned).expect("what was scanned has a JSON form");
    value["name"] = json!(plugin.name);
    value["version"] = json!(VERSION);
    value["package"] = json!(plugin.package);
    show(session, &text, &value);
    Ok(())
}

fn show(session: &mut Session<'_>, text: &str, value: &Value) {
    if session.report.is_json() {
        session.report.event(value);
    } else {
        session.report.data(text);
    }
}

/// The plugins that are carried were tested, so what cannot be read is our fault.
fn scanned(plugin: &BuiltIn) -> Result<Scanned> {
    scan(&plugin.sources()).map_err(|error| {
        Failure::new(
            Code::Internal,
            format!(
                "the built-in plugin `{}` cannot be read: {error:?}",
                plugin.name
            ),
        )
        .into()
    })
}

fn describe(plugin: &BuiltIn, scanned: &Scanned) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    writeln!(
        text,
        "{} {VERSION}, built in\n\n{}",
        plugin.name, scanned.description
    )?;
    for tool in &scanned.tools {
        let hint = if tool.hints.read_only {
            ", read-only"
        } else {
            ""
        };
        let gate = tool.gate.as_deref();
        let gate = gate.map_or(String::new(), |gate| format!(", gate {gate}"));
        let rate = tool.rate.as_deref();
        let rate = rate.map_or(String::new(), |rate| format!(", {rate}"));
        writeln!(text, "\n{} ({}{hint}{gate}{rate})", tool.name, tool.scope)?;
        for line in tool.description.lines() {
            writeln!(text, "    {line}")?;
        }
        for parameter in &tool.parameters {
            let required = if parameter.required {
                ""
            } else {
                " (optional)"
            };
            let summary = parameter.description.lines().next().unwrap_or_default();
            writeln!(text, "    - {}{required}: {summary}", parameter.name)?;
        }
    }
    for resource in &scanned.resources {
        writeln!(
            text,
            "\n{} (resource, {})\n    {}",
            resource.uri,
            resource.scope,
            first_line(&resource.description)
        )?;
    }
    for prompt in &scanned.prompts {
        writeln!(
            text,
            "\n{} (prompt, {})\n    {}",
            prompt.name,
            prompt.scope,
            first_line(&prompt.description)
        )?;
    }
    if scanned.declares {
        let declared = format!("[[plugins.{}.tool]]", plugin.name);
        writeln!(text, "\nTakes tools that the manifest declares: {declared}")?;
    }
    writeln!(
        text,
        "\nUse it: mcp-factory build --plugins {}",
        plugin.name
    )?;
    Ok(text)
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
