//! The binary's own account of itself, compared with the plan.

use std::{collections::BTreeMap, path::Path, process::Command, time::Duration};

use mcp_factory_sdk::describe::{DeclarationProblem, Description, FORMAT, ToolDescription};

use crate::{
    error::{Code, Error, Failure, Result, plain},
    interrupt::Interrupt,
    plan::{GATE, Plan, PlannedTool},
    process,
};

/// A server answers in milliseconds; a slow disk may need longer.
const PATIENCE: Duration = Duration::from_secs(15);
/// More than a thousand tools need.
const MOST_BYTES: u64 = 32 << 20;

/// Runs `describe --json`.
pub(crate) fn ask(binary: &Path, interrupt: &Interrupt) -> Result<Description> {
    let failure = |why: String| {
        Failure::new(
            Code::NoDescription,
            format!("the server does not describe itself: {why}"),
        )
    };
    let mut command = Command::new(binary);
    command.args(["describe", "--json"]);
    let outcome = process::run(&mut command, PATIENCE, MOST_BYTES, interrupt)
        .map_err(|error| failure(format!("it does not start: {}", plain(&error))))?;
    interrupt.check()?;
    if !outcome.success() {
        let how = outcome.status.map_or_else(
            || "it did not end in time".to_owned(),
            |status| format!("{status}"),
        );
        return Err(failure(how)
            .fix("run the binary with `describe --json` by hand")
            .detail(outcome.stderr)
            .into());
    }
    let description: Description = serde_json::from_slice(&outcome.stdout)
        .map_err(|error| failure(format!("its answer cannot be read: {error}")))?;
    if description.format != FORMAT {
        return Err(failure(format!(
            "its answer has format {}, and {FORMAT} is known",
            description.format
        ))
        .into());
    }
    Ok(description)
}

/// Refuses a binary whose plugins do not accept what the manifest declares for them.
pub(crate) fn check_declared(plan: &Plan, binary: &Description) -> Result<()> {
    let place = |problem: &DeclarationProblem| {
        let mut plugins = plan.plugins.iter();
        let plugin = plugins.find(|plugin| plugin.name == problem.plugin)?;
        let mut declared = plugin.declared.iter();
        declared
            .find(|declared| declared.name.as_str() == problem.tool)?
            .place
            .as_ref()
    };
    let failures: Vec<Failure> = binary
        .problems
        .iter()
        .map(|problem| {
            let message = format!(
                "the plugin `{}` does not accept the tool `{}`: {}",
                problem.plugin, problem.tool, problem.message
            );
            Failure::new(Code::Declaration, message)
                .at(place(problem), "declared here")
                .fix("correct the declaration and build again")
        })
        .collect();
    if failures.is_empty() {
        Ok(())
    } else {
        Err(Error(failures))
    }
}

/// Everything in which the binary differs from the plan.
pub(crate) fn differences(plan: &Plan, binary: &Description) -> Vec<String> {
    let mut found = Vec::new();
    if (&binary.server.name, &binary.server.version) != (&plan.server.name, &plan.server.version) {
        found.push(format!(
            "the server calls itself {} {}, not {} {}",
            binary.server.name, binary.server.version, plan.server.name, plan.server.version
        ));
    }
    let mut features: Vec<&str> = plan
        .server
        .features
        .iter()
        .map(|feature| feature.as_str())
        .collect();
    features.sort_unstable();
    if features != binary.features {
        let list = |names: &[&str]| match names {
            [] => "none".to_owned(),
            names => names.join(", "),
        };
        let built: Vec<&str> = binary.features.iter().map(String::as_str).collect();
        found.push(format!(
            "its features are {}, not {}",
            list(&built),
            list(&features)
        ));
    }
    let own = (!plan.gates.is_empty()).then_some(GATE);
    let planned: Vec<&str> = plan
        .plugins
        .iter()
        .map(|plugin| plugin.name.as_str())
        .chain(own)
        .collect();
    let built: Vec<&str> = binary
        .plugins
        .iter()
        .map(|plugin| plugin.name.as_str())
        .collect();
    if planned != built {
        found.push(format!(
            "its plugins are {}, not {}",
            built.join(", "),
            planned.join(", ")
        ));
    }
    compare(
        &mut found,
        "tool",
        plan.tools.iter().map(|tool| {
            (
                &tool.name,
                format!(
                    "of {}, scope {}, {}{}",
                    tool.plugin,
                    tool.scope,
                    hints(tool.hints),
                    limits(tool.gate.as_deref(), tool.rate.as_deref())
                ),
            )
        }),
        binary.tools.iter().map(|tool| {
            (
                &tool.name,
                format!(
                    "of {}, scope {}, {}{}",
                    tool.plugin,
                    tool.scope,
                    annotations(tool.annotations),
                    limits(tool.gate.as_deref(), tool.rate.as_deref())
                ),
            )
        }),
    );
    found.extend(plan.tools.iter().filter_map(|planned| {
        let built = binary.tools.iter().find(|tool| tool.name == planned.name)?;
        told_differently(planned, built)
    }));
    let templates = binary.resource_templates.iter().map(|found| {
        (
            &found.uri_template,
            format!("of {}, scope {}", found.plugin, found.scope),
        )
    });
    let fixed = binary.resources.iter().map(|found| {
        (
            &found.uri,
            format!("of {}, scope {}", found.plugin, found.scope),
        )
    });
    compare(
        &mut found,
        "resource",
        plan.resources.iter().map(|resource| {
            (
                &resource.uri,
                format!("of {}, scope {}", resource.plugin, resource.scope),
            )
        }),
        fixed.chain(templates),
    );
    compare(
        &mut found,
        "prompt",
        plan.prompts.iter().map(|prompt| {
            (
                &prompt.name,
                format!("of {}, scope {}", prompt.plugin, prompt.scope),
            )
        }),
        binary.prompts.iter().map(|prompt| {
            (
                &prompt.name,
                format!("of {}, scope {}", prompt.plugin, prompt.scope),
            )
        }),
    );
    found
}

/// What a model would read of a tool, if that is not what its source says: the plan was read by people.
fn told_differently(planned: &PlannedTool, built: &ToolDescription) -> Option<String> {
    let name = &planned.name;
    if planned.title != built.title {
        return Some(format!(
            "the tool `{name}` has another title than in its source"
        ));
    }
    if words_of(&planned.description) != words_of(&built.description) {
        return Some(format!(
            "the tool `{name}` has another description than in its source"
        ));
    }
    let properties = built.input_schema["properties"].as_object();
    let taken: Vec<&str> = properties
        .into_iter()
        .flatten()
        .map(|(name, _)| name.as_str())
        .collect();
    let expected: Vec<&str> = planned
        .parameters
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    if !planned.own_schema && taken != expected {
        return Some(format!(
            "the tool `{name}` takes ({}), not ({})",
            taken.join(", "),
            expected.join(", ")
        ));
    }
    None
}

/// The words of a text: block comments differ from line comments in blanks and stars only.
fn words_of(text: &str) -> Vec<&str> {
    text.split(|character: char| character.is_whitespace() || character == '*')
        .filter(|word| !word.is_empty())
        .collect()
}

fn hints(hints: crate::scan::ScannedHints) -> String {
    words([
        hints.read_only,
        hints.destructive,
        hints.idempotent,
        hints.open_world,
    ])
}

fn annotations(hints: mcp_factory_sdk::describe::AnnotationsDescription) -> String {
    words([
        hints.read_only_hint,
        hints.destructive_hint,
        hints.idempotent_hint,
        hints.open_world_hint,
    ])
}

/// What stands before a tool beside its scope.
fn limits(gate: Option<&str>, rate: Option<&str>) -> String {
    let told = |name: &str, value: Option<&str>| {
        value.map_or(String::new(), |value| format!(", {name} {value}"))
    };
    format!("{}{}", told("gate", gate), told("rate", rate))
}

fn words(hints: [bool; 4]) -> String {
    let names = ["read-only", "destructive", "idempotent", "open-world"];
    let set: Vec<&str> = names
        .into_iter()
        .zip(hints)
        .filter(|(_, set)| *set)
        .map(|(name, _)| name)
        .collect();
    if set.is_empty() {
        "no hints".to_owned()
    } else {
        set.join(" ")
    }
}

fn compare<'a>(
    found: &mut Vec<String>,
    kind: &str,
    planned: impl Iterator<Item = (&'a String, String)>,
    built: impl Iterator<Item = (&'a String, String)>,
) {
    let mut built: BTreeMap<&String, String> = built.collect();
    for (name, expected) in planned {
        match built.remove(name) {
            None => found.push(format!("the {kind} `{name}` is missing")),
            Some(actual) if actual != expected => found.push(format!(
                "the {kind} `{name}` is {actual}; planned was {expected}"
            )),
            Some(_) => {}
        }
    }
    found.extend(
        built
            .keys()
            .map(|name| format!("the {kind} `{name}` was not planned")),
    );
}

/// Compares, and fails with the list of differences.
pub(crate) fn check(plan: &Plan, binary: &Description) -> Result<()> {
    let found = differences(plan, binary);
    if found.is_empty() {
        return Ok(());
    }
    let mut failure = Failure::new(Code::Mismatch, "the binary is not what was planned")
        .fix("a plugin that makes its tools with macros of its own cannot be planned: write them out, or use --skip-verify");
    failure.notes = found;
    Err(failure.into())
}

/// Compares what the tools cost with the manifest's limit.
pub(crate) fn check_cost(plan: &Plan, binary: &Description) -> Result<()> {
    let cost = tokens(binary);
    match plan.limits.max_tokens {
        Some(most) if cost > most => {
            let message = format!(
                "the list of tools costs about {cost} tokens, and limits.max_tokens is {most}"
            );
            Err(Failure::new(Code::OverLimit, message)
                .fix("leave tools out with `deny`, or raise limits.max_tokens")
                .into())
        }
        _ => Ok(()),
    }
}

/// About what the list of tools costs a client: four bytes to a token.
pub(crate) fn tokens(description: &Description) -> usize {
    let bytes = |tool: &ToolDescription| {
        let schema = tool.input_schema.to_string().len()
            + tool
                .output_schema
                .as_ref()
                .map_or(0, |schema| schema.to_string().len());
        // The names of the fields and of the hints are the same for every tool.
        tool.name.len()
            + tool.title.as_ref().map_or(0, String::len)
            + tool.description.len()
            + schema
            + 150
    };
    description.tools.iter().map(bytes).sum::<usize>() / 4
}

#[cfg(test)]
#[path = "describe_tests.rs"]
pub(super) mod tests;
