//! A marked function becomes a tool, a resource or a prompt.

use mcp_factory_sdk::Rate;
use syn::{FnArg, ImplItemFn, Pat, Type, ext::IdentExt as _};

use super::{
    ScannedHints, ScannedParameter, ScannedPrompt, ScannedResource, ScannedTool,
    attribute::{Arguments, description, find},
};

pub(super) fn tool(function: &ImplItemFn, arguments: &Arguments) -> ScannedTool {
    let read_only = arguments.flag("read_only").unwrap_or(false);
    ScannedTool {
        name: name(function, arguments),
        title: arguments.string("title"),
        description: description(&function.attrs),
        scope: scope(arguments),
        hints: ScannedHints {
            read_only,
            destructive: arguments.flag("destructive").unwrap_or(!read_only),
            idempotent: arguments.flag("idempotent").unwrap_or(read_only),
            open_world: arguments.flag("open_world").unwrap_or(false),
        },
        gate: arguments.string("gate"),
        rate: arguments.string("rate").map(normal),
        parameters: parameters(function),
        own_schema: arguments.has("input_schema"),
        declared: false,
    }
}

pub(super) fn resource(function: &ImplItemFn, arguments: &Arguments) -> ScannedResource {
    ScannedResource {
        uri: arguments.string("uri").unwrap_or_default(),
        name: name(function, arguments),
        description: description(&function.attrs),
        scope: scope(arguments),
    }
}

pub(super) fn prompt(function: &ImplItemFn, arguments: &Arguments) -> ScannedPrompt {
    ScannedPrompt {
        name: name(function, arguments),
        description: description(&function.attrs),
        scope: scope(arguments),
        arguments: parameters(function),
    }
}

/// One rate has several spellings, `60/60s` and `60/m`; a built server knows one.
fn normal(text: String) -> String {
    text.parse().map_or(text, |rate: Rate| rate.to_string())
}

fn name(function: &ImplItemFn, arguments: &Arguments) -> String {
    arguments
        .string("name")
        .unwrap_or_else(|| function.sig.ident.unraw().to_string())
}

/// Empty when it is not said, which does not compile.
fn scope(arguments: &Arguments) -> String {
    arguments.string("scope").unwrap_or_default()
}

fn parameters(function: &ImplItemFn) -> Vec<ScannedParameter> {
    let mut parameters = Vec::new();
    for argument in &function.sig.inputs {
        let FnArg::Typed(typed) = argument else {
            continue;
        };
        let Pat::Ident(pattern) = &*typed.pat else {
            continue;
        };
        if is_lent(&typed.ty) {
            continue;
        }
        let arguments = find(&typed.attrs, "arg")
            .map(Arguments::of)
            .unwrap_or_default();
        parameters.push(ScannedParameter {
            name: arguments
                .string("name")
                .unwrap_or_else(|| pattern.ident.unraw().to_string()),
            description: description(&typed.attrs),
            required: !arguments.has("default") && !is_named(&typed.ty, "Option"),
        });
    }
    parameters
}

/// Whether the server lends it to the call, so that no caller sends it.
fn is_lent(ty: &Type) -> bool {
    let lent = |ty: &Type| is_named(ty, "Context") || is_named(ty, "Blocking");
    matches!(ty, Type::Reference(reference) if lent(&reference.elem))
}

fn is_named(ty: &Type, name: &str) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == name))
}
