//! A manifest and its plugins become a plan, or everything that speaks against it.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    VERSION,
    error::{Code, Error, Failure, Place, Result},
    manifest::{Located, Manifest, PluginEntry},
    resolve::Resolved,
    scan::{ScannedParameter, ScannedTool},
    suggest::nearest,
};

use super::{
    FORMAT, LeftOut, Plan, PlannedBuild, PlannedPlugin, PlannedPrompt, PlannedResource,
    PlannedServer, PlannedTool, Why, declared, gate,
};

/// The longest name that clients accept.
const LONGEST_NAME: usize = 64;

/// Decides.
///
/// # Errors
/// Declarations that do not fit, tools that `allow` and `deny` name in vain, names that collide after prefixes or with the server's own,
/// limits exceeded, and a read-only server that could do nothing.
pub(crate) fn make(manifest: &Manifest, resolved: &[Resolved]) -> Result<Plan> {
    let resolved = &declared::join(manifest, resolved)?;
    let mut failures = Vec::new();
    let mut plan = Plan {
        format: FORMAT,
        factory: VERSION.to_owned(),
        server: PlannedServer {
            name: manifest.server.name.to_string(),
            version: manifest.server.version.to_string(),
            description: manifest.server.description.clone(),
            read_only: manifest.server.read_only.value,
            features: manifest.server.features.clone(),
        },
        build: PlannedBuild {
            profile: manifest.build.profile.unwrap_or_default(),
            static_mode: manifest.build.static_mode.unwrap_or_default(),
            target: manifest.build.target.as_ref().map(ToString::to_string),
        },
        limits: manifest.limits,
        plugins: Vec::new(),
        tools: Vec::new(),
        resources: Vec::new(),
        prompts: Vec::new(),
        left_out: Vec::new(),
        gates: Vec::new(),
        estimated_tokens: 0,
        defaults: defaults(manifest),
    };
    for (entry, plugin) in manifest.plugins.iter().zip(resolved) {
        failures.extend(unknown_tools(entry, plugin));
        add(&mut plan, entry, plugin);
    }
    failures.extend(collisions(manifest, &plan));
    failures.extend(gate::add(&mut plan, manifest, resolved)?);
    failures.extend(nothing_left(manifest, &plan));
    plan.estimated_tokens = plan.tools.iter().map(estimate).sum();
    failures.extend(over_limits(manifest, &plan));
    if failures.is_empty() {
        Ok(plan)
    } else {
        Err(Error(failures))
    }
}

fn add(plan: &mut Plan, entry: &PluginEntry, plugin: &Resolved) {
    let name = entry.name.to_string();
    let public = |own: &str| match &entry.prefix {
        Some(prefix) => format!("{prefix}_{own}"),
        None => own.to_owned(),
    };
    let mut scopes = BTreeSet::new();
    for tool in &plugin.scanned.tools {
        let changes = plan.server.read_only && !tool.hints.read_only;
        if let Some(why) = left_out(entry, tool).or(changes.then_some(Why::ReadOnly)) {
            let (name, plugin) = (public(&tool.name), name.clone());
            plan.left_out.push(LeftOut { name, plugin, why });
            continue;
        }
        scopes.insert(tool.scope.clone());
        plan.tools.push(planned(tool, public(&tool.name), &name));
    }
    for resource in &plugin.scanned.resources {
        scopes.insert(resource.scope.clone());
        let (uri, scope) = (resource.uri.clone(), resource.scope.clone());
        plan.resources.push(PlannedResource {
            uri,
            plugin: name.clone(),
            scope,
        });
    }
    for prompt in &plugin.scanned.prompts {
        scopes.insert(prompt.scope.clone());
        plan.prompts.push(PlannedPrompt {
            name: public(&prompt.name),
            plugin: name.clone(),
            scope: prompt.scope.clone(),
        });
    }
    let values = |list: &[Located<String>]| list.iter().map(|item| item.value.clone()).collect();
    plan.plugins.push(PlannedPlugin {
        package: plugin.package.clone(),
        version: plugin.version.clone(),
        source: plugin.source.clone(),
        interface: plugin.metadata.interface,
        description: plugin.scanned.description.clone(),
        prefix: entry.prefix.as_ref().map(ToString::to_string),
        allow: values(&entry.allow),
        deny: values(&entry.deny),
        scopes: scopes.into_iter().collect(),
        env: plugin.metadata.env.clone(),
        hosts: plugin.metadata.hosts.clone(),
        features: features(entry, plugin),
        library: plugin.library.clone(),
        entry: plugin.metadata.entry.to_string(),
        location: plugin.location.clone(),
        declared: entry.declared.clone(),
        name,
    });
}

/// What the manifest asks for, and what the plugin needs for the tools that the manifest declares.
fn features(entry: &PluginEntry, plugin: &Resolved) -> Vec<String> {
    let mut features: Vec<String> = entry.features.iter().map(ToString::to_string).collect();
    if !entry.declared.is_empty() {
        let of_declared = plugin.metadata.declared_features.iter().cloned();
        let missing: Vec<String> = of_declared
            .filter(|name| !features.contains(name))
            .collect();
        features.extend(missing);
    }
    features
}

/// Why the manifest's entry leaves a tool out, if it does.
pub(super) fn left_out(entry: &PluginEntry, tool: &ScannedTool) -> Option<Why> {
    let listed = |list: &[Located<String>]| list.iter().any(|item| item.value == tool.name);
    if listed(&entry.deny) {
        Some(Why::Deny)
    } else if !entry.allow.is_empty() && !listed(&entry.allow) {
        Some(Why::Allow)
    } else {
        None
    }
}

/// A tool under its public name.
pub(super) fn planned(tool: &ScannedTool, name: String, plugin: &str) -> PlannedTool {
    PlannedTool {
        name,
        plugin: plugin.to_owned(),
        scope: tool.scope.clone(),
        title: tool.title.clone(),
        description: tool.description.clone(),
        hints: tool.hints,
        gate: tool.gate.clone(),
        rate: tool.rate.clone(),
        parameters: tool.parameters.clone(),
        own_schema: tool.own_schema,
        declared: tool.declared,
    }
}

/// The manifest's `config` tables, in the shape of the run-time configuration.
fn defaults(manifest: &Manifest) -> toml::Table {
    let mut defaults = manifest.server.config.clone();
    let mut plugins = toml::Table::new();
    for entry in manifest
        .plugins
        .iter()
        .filter(|entry| !entry.config.is_empty())
    {
        plugins.insert(
            entry.name.to_string(),
            toml::Value::Table(entry.config.clone()),
        );
    }
    if !plugins.is_empty() {
        defaults.insert("plugins".to_owned(), toml::Value::Table(plugins));
    }
    defaults
}

fn unknown_tools(entry: &PluginEntry, plugin: &Resolved) -> Vec<Failure> {
    let names = || plugin.scanned.tools.iter().map(|tool| tool.name.as_str());
    let mut failures = Vec::new();
    for item in entry.allow.iter().chain(&entry.deny) {
        if names().any(|name| name == item.value) {
            continue;
        }
        let best = nearest(&item.value, names());
        let fix = best.map_or_else(
            || format!("its tools are {}", names().collect::<Vec<_>>().join(", ")),
            |best| format!("write `{best}`; names stand here without the prefix"),
        );
        failures.push(
            Failure::new(
                Code::UnknownTool,
                format!("plugin `{}` has no tool `{}`", entry.name, item.value),
            )
            .at(
                item.place.as_ref(),
                best.map_or_else(
                    || "no such tool".to_owned(),
                    |best| format!("did you mean `{best}`?"),
                ),
            )
            .fix(fix),
        );
    }
    failures
}

/// Names that two plugins, or one, would give to clients twice; and names that clients would refuse.
fn collisions(manifest: &Manifest, plan: &Plan) -> Vec<Failure> {
    let tools = plan
        .tools
        .iter()
        .map(|tool| ("tool", &tool.name, &tool.plugin));
    let prompts = plan
        .prompts
        .iter()
        .map(|prompt| ("prompt", &prompt.name, &prompt.plugin));
    let resources = plan
        .resources
        .iter()
        .map(|resource| ("resource", &resource.uri, &resource.plugin));
    let place = |plugin: &str| -> Option<&Place> {
        manifest
            .plugins
            .iter()
            .find(|entry| entry.name.as_str() == plugin)?
            .place
            .as_ref()
    };
    let mut owners: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    let mut failures = Vec::new();
    for (kind, name, plugin) in tools.chain(prompts).chain(resources) {
        if kind != "resource" && name.len() > LONGEST_NAME {
            failures.push(
                Failure::new(
                    Code::Collision,
                    format!("the {kind} name `{name}` is longer than {LONGEST_NAME} characters"),
                )
                .at(place(plugin), format!("{} characters", name.len()))
                .fix("shorten the plugin's `prefix`"),
            );
        }
        let Some(first) = owners.insert((kind, name), plugin) else {
            continue;
        };
        let message = if first == plugin {
            format!("plugin `{plugin}` has two {kind}s called `{name}`")
        } else {
            format!("plugins `{first}` and `{plugin}` both have a {kind} `{name}`")
        };
        let fix = match kind {
            _ if first == plugin => "rename one of them in the plugin".to_owned(),
            "resource" => {
                format!("leave out `{first}` or `{plugin}`: a prefix does not change a URI")
            }
            _ => format!("give one of them a prefix: [plugins.{plugin}] prefix = \"{plugin}\""),
        };
        failures.push(
            Failure::new(Code::Collision, message)
                .at(place(plugin), format!("`{first}` has it already"))
                .fix(fix),
        );
    }
    failures
}

/// A read-only server of plugins that only change things.
fn nothing_left(manifest: &Manifest, plan: &Plan) -> Option<Failure> {
    let is_empty = plan.tools.is_empty() && plan.resources.is_empty() && plan.prompts.is_empty();
    if !plan.server.read_only || !is_empty {
        return None;
    }
    let place = manifest.server.read_only.place.as_ref();
    let how = if place.is_some() {
        "remove `read_only` from [server]"
    } else {
        "build without --read-only"
    };
    let left_out: Vec<&str> = plan
        .left_out
        .iter()
        .map(|tool| tool.name.as_str())
        .collect();
    Some(
        Failure::new(
            Code::NothingLeft,
            "nothing is left of the server: no tool of its plugins is read-only",
        )
        .at(place, "leaves out every tool that changes something")
        .note(format!("left out: {}", left_out.join(", ")))
        .fix(format!("add a plugin with tools that only read, or {how}")),
    )
}

/// Tools can be counted now. What they cost in tokens is known, and checked, when the binary can be asked.
fn over_limits(manifest: &Manifest, plan: &Plan) -> Vec<Failure> {
    let mut failures = Vec::new();
    let place = manifest
        .plugins
        .last()
        .and_then(|entry| entry.place.as_ref());
    if let Some(most) = manifest
        .limits
        .max_tools
        .filter(|&most| plan.tools.len() > most)
    {
        failures.push(
            Failure::new(
                Code::OverLimit,
                format!(
                    "the server would have {} tools, and limits.max_tools is {most}",
                    plan.tools.len()
                ),
            )
            .at(place, "the last plugin")
            .fix("leave tools out with `deny`, or raise limits.max_tools"),
        );
    }
    failures
}

/// About four bytes to a token; a schema costs some forty bytes for each parameter beside its texts.
fn estimate(tool: &PlannedTool) -> usize {
    let parameter =
        |parameter: &ScannedParameter| parameter.name.len() + parameter.description.len() + 40;
    let title = tool.title.as_ref().map_or(0, String::len);
    let parameters: usize = tool.parameters.iter().map(parameter).sum();
    (tool.name.len() + title + tool.description.len() + parameters + 160) / 4
}
