//! A plan as a person reads it.

use std::fmt::Write as _;

use crate::{
    VERSION,
    manifest::{LimitsSection, StaticMode},
};

use super::{GATE, Plan, PlannedPlugin, Why};

/// The plan, as some lines of text.
pub(crate) fn render(plan: &Plan) -> String {
    let mut text = String::new();
    write(&mut text, plan).expect("writing to a String cannot fail");
    text
}

fn write(text: &mut String, plan: &Plan) -> std::fmt::Result {
    let server = &plan.server;
    writeln!(
        text,
        "{} {}   {}",
        server.name,
        server.version,
        counts(plan)
    )?;
    if !server.description.is_empty() {
        writeln!(
            text,
            "{}",
            server.description.lines().next().unwrap_or_default()
        )?;
    }
    let target = plan
        .build
        .target
        .as_deref()
        .unwrap_or("chosen by mcp-factory");
    let linking = match plan.build.static_mode {
        StaticMode::Auto => "static: musl where it is installed, glibc otherwise",
        StaticMode::Require => "static: musl required",
        StaticMode::Off => "not static",
    };
    writeln!(
        text,
        "profile {} · target {target} · {linking}",
        plan.build.profile.as_str()
    )?;
    if server.read_only {
        writeln!(
            text,
            "read-only: tools that change something are left out, whatever the configuration says"
        )?;
    }
    if !server.features.is_empty() {
        let names: Vec<&str> = server
            .features
            .iter()
            .map(|feature| feature.as_str())
            .collect();
        writeln!(text, "features: {}", names.join(" "))?;
    }
    for plugin in &plan.plugins {
        writeln!(text)?;
        write_plugin(text, plan, plugin)?;
    }
    if !plan.gates.is_empty() {
        let gates = plan.gates.join(" ");
        writeln!(
            text,
            "\n{GATE}   the server's own, {VERSION}   opens: {gates}"
        )?;
        write_tools(text, plan, GATE)?;
    }
    Ok(())
}

/// `14 tools, 2 prompts, ~3180 tokens of 12000 (estimated)`.
fn counts(plan: &Plan) -> String {
    let LimitsSection {
        max_tools,
        max_tokens,
    } = plan.limits;
    let of = |most: Option<usize>| most.map_or(String::new(), |most| format!(" of {most}"));
    let mut parts = vec![format!(
        "{}{}",
        count(plan.tools.len(), "tool"),
        of(max_tools)
    )];
    if !plan.resources.is_empty() {
        parts.push(count(plan.resources.len(), "resource"));
    }
    if !plan.prompts.is_empty() {
        parts.push(count(plan.prompts.len(), "prompt"));
    }
    parts.push(format!(
        "~{} tokens{} (an estimate)",
        plan.estimated_tokens,
        of(max_tokens)
    ));
    parts.join(", ")
}

/// `1 tool`, `2 tools`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

fn write_plugin(text: &mut String, plan: &Plan, plugin: &PlannedPlugin) -> std::fmt::Result {
    let PlannedPlugin {
        name,
        version,
        source,
        scopes,
        env,
        hosts,
        ..
    } = plugin;
    write!(
        text,
        "{name}   {source}, {version}   scopes: {}",
        scopes.join(" ")
    )?;
    if !env.is_empty() {
        write!(text, "   env: {}", env.join(" "))?;
    }
    if !hosts.is_empty() {
        write!(text, "   net: {}", hosts.join(" "))?;
    }
    writeln!(text)?;
    let width = write_tools(text, plan, name)?;
    for resource in plan
        .resources
        .iter()
        .filter(|resource| resource.plugin == *name)
    {
        writeln!(
            text,
            "  {:width$}  {:8} resource",
            resource.uri, resource.scope
        )?;
    }
    for prompt in plan.prompts.iter().filter(|prompt| prompt.plugin == *name) {
        writeln!(text, "  {:width$}  {:8} prompt", prompt.name, prompt.scope)?;
    }
    for (why, words) in [
        (Why::Deny, "denied"),
        (Why::Allow, "not allowed"),
        (Why::ReadOnly, "not read-only"),
    ] {
        let names: Vec<&str> = plan
            .left_out
            .iter()
            .filter(|tool| tool.plugin == *name && tool.why == why)
            .map(|tool| tool.name.as_str())
            .collect();
        if !names.is_empty() {
            writeln!(text, "  left out, {words}: {}", names.join(", "))?;
        }
    }
    Ok(())
}

/// A line for each tool of a plugin; returns the width of the names.
fn write_tools(text: &mut String, plan: &Plan, plugin: &str) -> Result<usize, std::fmt::Error> {
    let tools: Vec<_> = plan
        .tools
        .iter()
        .filter(|tool| tool.plugin == plugin)
        .collect();
    let width = tools
        .iter()
        .map(|tool| tool.name.len())
        .max()
        .unwrap_or(0)
        .max(12);
    for tool in tools {
        let hint = if tool.hints.read_only {
            "read-only"
        } else if tool.hints.destructive {
            "destructive"
        } else {
            ""
        };
        let summary = tool.description.lines().next().unwrap_or_default();
        write!(
            text,
            "  {:width$}  {:8} {hint:11} {summary}",
            tool.name, tool.scope
        )?;
        if tool.declared {
            write!(text, "   declared in the manifest")?;
        }
        if let Some(gate) = &tool.gate {
            write!(text, "   gate: {gate}")?;
        }
        if let Some(rate) = &tool.rate {
            write!(text, "   rate: {rate}")?;
        }
        writeln!(text)?;
    }
    Ok(width)
}
