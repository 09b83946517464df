//! No two of a kind with one name: the second is reported, and it names the first.

use std::collections::BTreeMap;

use proc_macro2::Span;
use syn::LitStr;

use crate::{
    attribute::completion::{CompletionArguments, Target},
    errors::Errors,
    model::{Function, Plugin, unraw},
};

/// Reports duplicate names of tools, prompts, resources and arguments, and duplicate URIs.
pub(super) fn check(plugin: &Plugin, errors: &Errors) {
    let mut tools = Seen::new("tool name");
    for tool in &plugin.tools {
        tools.add(
            &tool.function,
            &tool.function.public_name(tool.arguments.name.as_ref()),
            errors,
        );
        check_arguments(&tool.function, errors);
    }
    let mut prompts = Seen::new("prompt name");
    for prompt in &plugin.prompts {
        prompts.add(
            &prompt.function,
            &prompt.function.public_name(prompt.arguments.name.as_ref()),
            errors,
        );
    }
    let mut names = Seen::new("resource name");
    let mut uris = Seen::new("resource URI");
    for resource in &plugin.resources {
        names.add(
            &resource.function,
            &resource
                .function
                .public_name(resource.arguments.name.as_ref()),
            errors,
        );
        if let Some(uri) = &resource.arguments.uri {
            uris.add(&resource.function, uri, errors);
        }
    }
    let mut completions = Seen::new("completion of");
    for completion in &plugin.completions {
        let CompletionArguments {
            target: Some(target),
            argument: Some(argument),
        } = &completion.arguments
        else {
            continue;
        };
        let (Target::Prompt(target) | Target::Resource(target)) = target;
        let both = format!("{} of {}", argument.value(), target.value());
        completions.add(
            &completion.function,
            &LitStr::new(&both, argument.span()),
            errors,
        );
    }
}

struct Seen {
    what: &'static str,
    by_value: BTreeMap<String, String>,
}

impl Seen {
    fn new(what: &'static str) -> Self {
        Self {
            what,
            by_value: BTreeMap::new(),
        }
    }

    fn add(&mut self, function: &Function, value: &LitStr, errors: &Errors) {
        // Two functions under opposite conditions never meet; if they do, the server's own check finds it.
        if !function.cfgs.is_empty() {
            return;
        }
        let owner = unraw(&function.ident);
        let text = value.value();
        match self.by_value.get(&text) {
            Some(first) => errors.push_at(
                value.span(),
                format!("the {} {text:?} is taken by `{first}`", self.what),
                "choose another: a client could only reach one of the two",
            ),
            None => {
                self.by_value.insert(text, owner);
            }
        }
    }
}

/// Two arguments of one tool can only collide when one of them is renamed.
fn check_arguments(function: &Function, errors: &Errors) {
    let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
    for parameter in function.parameters() {
        let span = parameter
            .arguments
            .name
            .as_ref()
            .map_or(parameter.ident.span(), LitStr::span);
        if seen.insert(&parameter.name, span).is_some() {
            let what = format!(
                "two arguments of `{}` are called {:?}",
                function.ident, parameter.name
            );
            errors.push_at(span, what, "give each argument a name of its own");
        }
    }
}
