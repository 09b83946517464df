//! `[[plugins.NAME.tool]]`: a tool that the manifest declares, for a plugin that takes such tools.
//!
//! In the room: what every tool has (name, description, scope, hints, parameters), with places. The keys
//! that are left over are the plugin's own; it judges them itself when the server has been built.

use std::time::Duration;

use mcp_factory_sdk::{Rate, parse_duration, visible};

use crate::{
    error::{Code, Failure, Place},
    names::{GateName, ScopeName, ToolName},
    scan::{ScannedHints, ScannedParameter, ScannedTool},
};

use super::{
    parameter::{DeclaredParameter, read_parameters},
    reader::{Document, Reader},
};

/// A tool as the manifest declares it.
#[derive(Clone, Debug)]
pub struct DeclaredEntry {
    /// Where the declaration stands.
    pub place: Option<Place>,
    /// Its own name.
    pub name: ToolName,
    /// A title for people.
    pub title: Option<String>,
    /// What it does.
    pub description: String,
    /// What a caller must hold.
    pub scope: ScopeName,
    /// The protocol's hints.
    pub hints: ScannedHints,
    /// How long a call may take, in milliseconds.
    pub timeout: Option<u64>,
    /// The gate that a second factor opens.
    pub gate: Option<GateName>,
    /// How often each caller may call it.
    pub rate: Option<Rate>,
    /// What it takes, in order.
    pub parameters: Vec<DeclaredParameter>,
    /// The plugin's own keys.
    pub body: toml::Table,
}

/// The longest description: a model reads it with every list of tools.
const LONGEST_DESCRIPTION: usize = 2000;
/// The longest title.
const LONGEST_TITLE: usize = 100;
/// The longest that a call may be given.
const LONGEST_CALL: Duration = Duration::from_hours(24);

/// Reads all declarations of a plugin's table; `plain` is the same table without places.
pub(super) fn read_declared(
    document: &Document,
    plugin: &Reader<'_>,
    plain: &toml::Table,
) -> Vec<DeclaredEntry> {
    let none = toml::Table::new();
    let tables = plain.get("tool").and_then(toml::Value::as_array);
    let tables = tables.map(Vec::as_slice).unwrap_or_default();
    let mut entries = Vec::new();
    for (index, table) in plugin.table_list("tool").into_iter().enumerate() {
        let body = tables.get(index).and_then(toml::Value::as_table);
        entries.extend(read_tool(document, &table, body.unwrap_or(&none)));
    }
    entries
}

fn read_tool(
    document: &Document,
    table: &Reader<'_>,
    plain: &toml::Table,
) -> Option<DeclaredEntry> {
    let name = table.parsed("name", Code::BadName, ToolName::FORM, ToolName::parse);
    if !table.has("name") {
        table.missing("name", "name = \"open_orders\"");
    }
    let description = table.parsed(
        "description",
        Code::BadValue,
        "what the tool does, for the model: at most 2000 bytes, and nothing in it that nobody sees",
        |text| {
            let text = text.trim();
            let good = !text.is_empty() && text.len() <= LONGEST_DESCRIPTION;
            (good && visible(text) == text).then(|| text.to_owned())
        },
    );
    if !table.has("description") {
        table.missing("description", "description = \"…\": what the tool does");
    }
    let scope = table.parsed("scope", Code::BadName, ScopeName::FORM, ScopeName::parse);
    if !table.has("scope") {
        table.missing("scope", "scope = \"read\": what a caller must hold");
    }
    let timeout = table.parsed(
        "timeout",
        Code::BadValue,
        "a time such as \"500ms\", \"5s\" or \"2m\", at most a day",
        |text| {
            let limit = parse_duration(text).ok()?;
            let limit = Some(limit).filter(|limit| !limit.is_zero() && *limit <= LONGEST_CALL)?;
            u64::try_from(limit.as_millis()).ok()
        },
    );
    let rate = table.parsed(
        "rate",
        Code::BadValue,
        "calls and a time, such as \"10/s\" or \"100/m\"",
        |text| text.parse::<Rate>().ok(),
    );
    let gate = table.parsed("gate", Code::BadName, GateName::FORM, GateName::parse);
    let title = table.parsed(
        "title",
        Code::BadValue,
        "a few words on one line, at most 100 bytes",
        |text| {
            let good = !text.trim().is_empty() && text.len() <= LONGEST_TITLE;
            (good && visible(text) == text && !text.contains('\n')).then(|| text.to_owned())
        },
    );
    let flag = |key| table.flag(key).map(|flag| flag.value);
    // As for a function, and one step further: who only needs to read gets something that only reads.
    let reads = scope.as_ref().is_some_and(ScopeName::is_read);
    let read_only = flag("read_only").unwrap_or(reads);
    let hints = ScannedHints {
        read_only,
        destructive: flag("destructive").unwrap_or(!read_only),
        idempotent: flag("idempotent").unwrap_or(read_only),
        open_world: flag("open_world").unwrap_or(false),
    };
    if hints.read_only && hints.destructive {
        let place = table.key_span("destructive");
        let place = place.map(|span| document.place(span));
        document.fail(
            Failure::new(
                Code::Conflict,
                "a tool that only reads cannot be destructive",
            )
            .at(place.as_ref(), "this contradicts `read_only`")
            .fix("write `read_only = false`, or remove `destructive`"),
        );
    }
    let parameters = read_parameters(document, table, plain);
    let known = table.asked_for();
    let own = plain.iter();
    let body = own.filter(|(key, _)| !known.contains(&key.as_str()));
    let body = body.map(|(key, value)| (key.clone(), value.clone()));
    Some(DeclaredEntry {
        place: Some(table.place()),
        title,
        description: description?,
        name: name?,
        scope: scope?,
        hints,
        timeout,
        gate,
        rate,
        parameters,
        body: body.collect(),
    })
}

impl DeclaredEntry {
    /// The tool as a plan knows tools.
    pub(crate) fn scanned(&self) -> ScannedTool {
        let parameter = |parameter: &DeclaredParameter| ScannedParameter {
            name: parameter.name.to_string(),
            description: parameter.description.clone(),
            required: parameter.required,
        };
        ScannedTool {
            name: self.name.to_string(),
            title: self.title.clone(),
            description: self.description.clone(),
            scope: self.scope.to_string(),
            hints: self.hints,
            gate: self.gate.as_ref().map(ToString::to_string),
            rate: self.rate.map(|rate| rate.to_string()),
            parameters: self.parameters.iter().map(parameter).collect(),
            own_schema: false,
            declared: true,
        }
    }
}

#[cfg(test)]
#[path = "declared_tests.rs"]
mod tests;
