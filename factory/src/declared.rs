//! A tool that the manifest declares, in the terms of the templates.

use std::time::Duration;

use mcp_factory_templates::{DeclaredParameter, DeclaredTool, ToolHints, ToolRate};

use crate::manifest::{self, DeclaredEntry};

/// A declared tool as the generated crate has it.
pub(crate) fn render(entry: &DeclaredEntry) -> DeclaredTool {
    let hints = entry.hints;
    let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    DeclaredTool {
        name: entry.name.to_string(),
        title: entry.title.clone(),
        description: entry.description.clone(),
        scope: entry.scope.to_string(),
        hints: ToolHints {
            read_only: hints.read_only,
            destructive: hints.destructive,
            idempotent: hints.idempotent,
            open_world: hints.open_world,
        },
        timeout: entry.timeout,
        gate: entry.gate.as_ref().map(ToString::to_string),
        rate: entry.rate.map(|rate| ToolRate {
            calls: rate.calls(),
            milliseconds: milliseconds(rate.per()),
        }),
        parameters: entry.parameters.iter().map(parameter).collect(),
        body: serde_json::to_string(&entry.body).expect("a TOML table is a JSON object"),
    }
}

fn parameter(parameter: &manifest::DeclaredParameter) -> DeclaredParameter {
    let bound = |bound: Option<f64>| bound.map(|bound| format!("{bound:?}"));
    DeclaredParameter {
        name: parameter.name.to_string(),
        description: parameter.description.clone(),
        kind: format!("{:?}", parameter.kind),
        required: parameter.required,
        default: parameter.default.as_ref().map(ToString::to_string),
        choices: parameter.choices.clone(),
        minimum: bound(parameter.minimum),
        maximum: bound(parameter.maximum),
    }
}
