//! `describe`: what is in this server, without starting anything.

use std::fmt::Write;
use std::process::ExitCode;

use mcp_factory_sdk::describe::{Description, ToolDescription};

use super::Product;
use super::output::{Answers, DONE, pretty};
use crate::registry::Registry;

pub(super) fn run(product: &Product, json: bool) -> ExitCode {
    let description = crate::describe::describe(
        &product.identity,
        &Registry::new(product.mounts, product.read_only),
    );
    let text = if json {
        pretty(&description)
    } else {
        page(&description)
    };
    Answers::plain().print(&text, DONE)
}

/// One page for people: plugins, then what they offer, one line each.
fn page(description: &Description) -> String {
    let server = &description.server;
    let mut page = format!("{} {}", server.name, server.version);
    if !server.description.is_empty() {
        write!(page, ": {}", server.description).expect(STRING);
    }
    page.push('\n');
    if !description.features.is_empty() {
        writeln!(page, "with {}", description.features.join(", ")).expect(STRING);
    }
    let plugins = description.plugins.iter().map(|plugin| {
        (
            plugin.name.as_str(),
            plugin.source.as_str(),
            plugin.description.as_str(),
        )
    });
    section(&mut page, "Plugins", plugins);
    let scopes = description
        .tools
        .iter()
        .map(|tool| tool.scope.chars().count());
    let width = scopes.max().unwrap_or(0);
    let tools = description.tools.iter();
    let guards: Vec<String> = tools.map(|tool| guards(tool, width)).collect();
    let tools = description.tools.iter().zip(&guards).map(|(tool, guards)| {
        (
            tool.name.as_str(),
            guards.as_str(),
            tool.description.as_str(),
        )
    });
    section(&mut page, "Tools", tools);
    let resources = description.resources.iter().map(|resource| {
        (
            resource.uri.as_str(),
            resource.scope.as_str(),
            resource.description.as_str(),
        )
    });
    let templates = description.resource_templates.iter().map(|resource| {
        (
            resource.uri_template.as_str(),
            resource.scope.as_str(),
            resource.description.as_str(),
        )
    });
    section(&mut page, "Resources", resources.chain(templates));
    let prompts = description.prompts.iter().map(|prompt| {
        (
            prompt.name.as_str(),
            prompt.scope.as_str(),
            prompt.description.as_str(),
        )
    });
    section(&mut page, "Prompts", prompts);
    page
}

/// What stands before a tool and what it may do, in the order in which a reviewer asks: scope, effect,
/// second factor, rate. Scopes take `width` characters.
fn guards(tool: &ToolDescription, width: usize) -> String {
    let hints = &tool.annotations;
    let effect = match (hints.read_only_hint, hints.destructive_hint) {
        (true, _) => "reads",
        (false, true) => "destroys",
        (false, false) => "adds",
    };
    let mut guards = format!("{:<width$} {effect:<8}", tool.scope);
    if let Some(gate) = &tool.gate {
        write!(guards, " gate:{gate}").expect(STRING);
    }
    if let Some(rate) = &tool.rate {
        write!(guards, " {rate}").expect(STRING);
    }
    guards.trim_end().to_owned()
}

const STRING: &str = "writing to a string never fails";

fn section<'a>(
    page: &mut String,
    title: &str,
    rows: impl Iterator<Item = (&'a str, &'a str, &'a str)>,
) {
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return;
    }
    let first = rows
        .iter()
        .map(|row| row.0.chars().count())
        .max()
        .unwrap_or(0);
    let second = rows
        .iter()
        .map(|row| row.1.chars().count())
        .max()
        .unwrap_or(0);
    writeln!(page, "\n{title}").expect(STRING);
    for (name, note, description) in rows {
        let line = description.lines().next().unwrap_or_default();
        writeln!(page, "  {name:first$}  {note:second$}  {line}").expect(STRING);
    }
}

#[cfg(test)]
mod tests {
    use super::section;

    #[test]
    fn columns_line_up_and_only_the_first_line_is_shown() {
        let mut page = String::new();
        section(
            &mut page,
            "Tools",
            [
                ("echo", "read", "Says it.\nMore."),
                ("write_file", "write", "Writes."),
            ]
            .into_iter(),
        );
        assert_eq!(
            page,
            "\nTools\n  echo        read   Says it.\n  write_file  write  Writes.\n"
        );
        section(&mut page, "Prompts", std::iter::empty());
        assert!(!page.contains("Prompts"));
    }
}
