//! What is wrong with a model as a whole: what is missing, what contradicts, what appears twice.

mod completion;
mod parameter;
mod unique;

use quote::ToTokens;
use syn::{LitStr, Type};

use crate::{
    errors::Errors,
    model::{Function, Plugin, Resource, Tool},
    names::{self, NAME_FORM},
};

/// Reports every problem of `plugin`.
pub(crate) fn plugin(plugin: &Plugin, errors: &Errors) {
    for tool in &plugin.tools {
        described("tool", &tool.function, errors);
        named(tool.arguments.name.as_ref(), &tool.function, errors);
        check_tool(tool, errors);
    }
    for resource in &plugin.resources {
        described("resource", &resource.function, errors);
        named(resource.arguments.name.as_ref(), &resource.function, errors);
        check_variables(resource, errors);
    }
    for prompt in &plugin.prompts {
        described("prompt", &prompt.function, errors);
        named(prompt.arguments.name.as_ref(), &prompt.function, errors);
        prompt
            .function
            .parameters()
            .for_each(|parameter| parameter::described(parameter, errors));
    }
    for completion in &plugin.completions {
        completion::check(completion, plugin, errors);
    }
    unique::check(plugin, errors);
}

fn described(kind: &str, function: &Function, errors: &Errors) {
    if function.description.is_empty() {
        errors.push(
            &function.ident,
            format!("the {kind} `{}` has no description", function.ident),
            "write a doc comment above it: `/// What it does, and when to use it.`",
        );
    }
}

/// A function's own name must be legal too, when it is the public one.
fn named(given: Option<&LitStr>, function: &Function, errors: &Errors) {
    let name = function.public_name(given).value();
    if given.is_none() && !names::is_name(&name) {
        let what = format!("{name:?} is not a name that clients accept");
        errors.push(
            &function.ident,
            what,
            format!("add `name = \"…\"`: {NAME_FORM}"),
        );
    }
}

fn check_tool(tool: &Tool, errors: &Errors) {
    if let Some(path) = &tool.arguments.input_schema {
        check_verbatim(path, &tool.function, errors);
        return;
    }
    for parameter in tool.function.parameters() {
        parameter::described(parameter, errors);
        parameter::check(parameter, errors);
    }
}

/// With a schema of the author's own there is one parameter, and it takes whatever the schema allows.
fn check_verbatim(path: impl ToTokens, function: &Function, errors: &Errors) {
    let parameters: Vec<_> = function.parameters().collect();
    let [parameter] = parameters.as_slice() else {
        errors.push(
            path,
            format!(
                "with `input_schema`, `{}` takes the arguments as one value",
                function.ident
            ),
            "take one parameter, such as `arguments: serde_json::Value`",
        );
        return;
    };
    if let Some(arg) = parameter.arg {
        errors.push_at(
            arg,
            "the schema is given, so `#[arg]` says nothing here",
            "remove `#[arg]`",
        );
    }
}

/// The variables of the URI and the parameters of the function are the same.
fn check_variables(resource: &Resource, errors: &Errors) {
    let Some(uri) = &resource.arguments.uri else {
        return;
    };
    let variables = &resource.arguments.variables;
    let function = &resource.function;
    for parameter in function.parameters() {
        if !variables.contains(&parameter.name) {
            errors.push(
                &parameter.ident,
                format!(
                    "the URI {:?} has no variable `{{{}}}`",
                    uri.value(),
                    parameter.name
                ),
                "put it into the URI, or remove the parameter",
            );
        }
        refuse_optional(parameter.optional.as_ref(), &parameter.ty, errors);
    }
    for variable in variables {
        if !function
            .parameters()
            .any(|parameter| parameter.name == *variable)
        {
            errors.push(
                uri,
                format!(
                    "`{}` has no parameter for the variable `{{{variable}}}`",
                    function.ident
                ),
                format!("add the parameter `{variable}: String`"),
            );
        }
    }
}

fn refuse_optional(optional: Option<&Type>, ty: &Type, errors: &Errors) {
    if let Some(inner) = optional {
        let inner = inner.to_token_stream();
        errors.push(
            ty,
            "a variable of a URI is never absent",
            format!("take `{inner}`"),
        );
    }
}
