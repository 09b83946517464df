//! A completion completes something that is there, and takes what was typed.

use syn::LitStr;

use crate::{
    attribute::completion::Target,
    errors::Errors,
    model::{Completion, Plugin},
    suggest, types,
};

/// Reports a completion without a target, and one whose parameters do not fit.
pub(super) fn check(completion: &Completion, plugin: &Plugin, errors: &Errors) {
    let arguments = match &completion.arguments.target {
        Some(Target::Prompt(name)) => prompt_arguments(name, plugin, errors),
        Some(Target::Resource(uri)) => template_variables(uri, plugin, errors),
        None => None,
    };
    let Some(arguments) = arguments else { return };
    let known: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let Some(argument) = &completion.arguments.argument {
        check_argument(argument, &known, errors);
    }
    check_parameters(completion, &known, errors);
}

fn prompt_arguments(name: &LitStr, plugin: &Plugin, errors: &Errors) -> Option<Vec<String>> {
    let public_name_of = |prompt: &crate::model::Prompt| {
        prompt
            .function
            .public_name(prompt.arguments.name.as_ref())
            .value()
    };
    let found = plugin
        .prompts
        .iter()
        .find(|prompt| public_name_of(prompt) == name.value());
    if found.is_none() {
        let names: Vec<String> = plugin.prompts.iter().map(public_name_of).collect();
        unknown(name, "prompt", &names, errors);
    }
    Some(
        found?
            .function
            .parameters()
            .map(|parameter| parameter.name.clone())
            .collect(),
    )
}

fn template_variables(uri: &LitStr, plugin: &Plugin, errors: &Errors) -> Option<Vec<String>> {
    let templates: Vec<(String, &Vec<String>)> = plugin
        .resources
        .iter()
        .filter(|resource| !resource.arguments.variables.is_empty())
        .filter_map(|resource| {
            Some((
                resource.arguments.uri.as_ref()?.value(),
                &resource.arguments.variables,
            ))
        })
        .collect();
    let found = templates
        .iter()
        .find(|(template, _)| *template == uri.value());
    if found.is_none() {
        let names: Vec<String> = templates
            .iter()
            .map(|(template, _)| template.clone())
            .collect();
        unknown(uri, "resource template", &names, errors);
    }
    Some(found?.1.clone())
}

fn unknown(name: &LitStr, kind: &str, known: &[String], errors: &Errors) {
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let what = format!("this plugin has no {kind} {:?}", name.value());
    if known.is_empty() {
        errors.push(
            name,
            what,
            format!("it has none at all: add one, or remove the completion of this {kind}"),
        );
    } else {
        errors.push(name, what, suggest::help(&name.value(), &known));
    }
}

fn check_argument(argument: &LitStr, known: &[&str], errors: &Errors) {
    let name = argument.value();
    if !known.contains(&name.as_str()) {
        let what = format!("there is no argument {name:?} to complete");
        let fix = if known.is_empty() {
            "it has none".to_owned()
        } else {
            suggest::help(&name, known)
        };
        errors.push(argument, what, fix);
    }
}

/// First what was typed, then any other arguments, which may not have been given yet.
fn check_parameters(completion: &Completion, known: &[&str], errors: &Errors) {
    let mut parameters = completion.function.parameters();
    match parameters.next() {
        Some(typed) if types::is_named(&typed.ty, "String") => {}
        Some(other) => errors.push(
            &other.ty,
            "what was typed so far is text",
            "take `value: String`",
        ),
        None => errors.push(
            &completion.function.ident,
            "a completion takes what was typed so far",
            "add the parameter `value: String`",
        ),
    }
    for parameter in parameters {
        if !known.contains(&parameter.name.as_str()) {
            let what = format!(
                "there is no argument `{}` beside the completed one",
                parameter.name
            );
            errors.push(
                &parameter.ident,
                what,
                suggest::help(&parameter.name, known),
            );
        } else if parameter.optional.is_none() {
            errors.push(
                &parameter.ty,
                format!("`{}` may not have been given yet", parameter.name),
                "take an `Option<String>`",
            );
        }
    }
}
