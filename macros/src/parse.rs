//! From the impl block to the model. What the compiler must not see is taken out on the way: our
//! attributes, and the doc comments of parameters.

use proc_macro2::TokenStream;
use syn::{Attribute, ImplItem, ImplItemFn, ItemImpl};

use crate::{
    attribute::{
        completion::CompletionArguments, plugin::PluginArguments, prompt::PromptArguments,
        resource::ResourceArguments, tool::ToolArguments,
    },
    doc,
    errors::Errors,
    model::{Completion, Plugin, Prompt, Resource, Tool, unraw},
    signature,
};

/// The attributes that make a function part of the plugin.
const MARKERS: &[&str] = &["tool", "resource", "prompt", "completion"];

/// Reads the block, and strips it to what the compiler understands.
pub(crate) fn plugin(arguments: TokenStream, item: &mut ItemImpl, errors: &Errors) -> Plugin {
    check_block(item, errors);
    let mut plugin = Plugin {
        arguments: PluginArguments::parse(arguments, errors),
        description: doc::description(&item.attrs, errors),
        self_ty: (*item.self_ty).clone(),
        tools: Vec::new(),
        resources: Vec::new(),
        prompts: Vec::new(),
        completions: Vec::new(),
    };
    if plugin.description.is_empty() {
        errors.push(
            &plugin.self_ty,
            "this plugin has no description",
            "write a doc comment on the impl block: `/// What the plugin is for.`",
        );
    }
    for item in &mut item.items {
        if let ImplItem::Fn(function) = item {
            read_function(function, &mut plugin, errors);
        }
    }
    plugin
}

fn check_block(item: &ItemImpl, errors: &Errors) {
    if let Some((path, _)) = &item.trait_ {
        errors.push(
            path,
            "`#[plugin]` is for an impl block of the type itself, not of a trait",
            "put it on `impl YourType { … }`; `impl Plugin for YourType` stays as it is",
        );
    }
    if !item.generics.params.is_empty() || item.generics.where_clause.is_some() {
        errors.push(
            &item.generics,
            "a plugin's type has no parameters",
            "name a concrete type: the server keeps exactly one value of it",
        );
    }
}

fn read_function(function: &mut ImplItemFn, plugin: &mut Plugin, errors: &Errors) {
    let mut markers = Vec::new();
    function
        .attrs
        .retain(|attribute| match marker_name(attribute) {
            Some(name) => {
                markers.push((name, attribute.clone()));
                false
            }
            None => true,
        });
    let mut markers = markers.into_iter();
    let Some((name, attribute)) = markers.next() else {
        signature::refuse_stray_arguments(function, errors);
        return;
    };
    for (second, stray) in markers {
        errors.push(
            stray.path(),
            format!("`{}` is already a {name}", function.sig.ident),
            format!("remove `#[{second}]`, or write a second function for it"),
        );
    }
    function.attrs.push(shape_lints());
    let label = unraw(&function.sig.ident);
    let parsed = signature::function(name, function, &plugin.self_ty, errors);
    match name {
        "tool" => plugin.tools.push(Tool {
            arguments: ToolArguments::parse(&attribute, &label, errors),
            function: parsed,
        }),
        "resource" => plugin.resources.push(Resource {
            arguments: ResourceArguments::parse(&attribute, &label, errors),
            function: parsed,
        }),
        "prompt" => plugin.prompts.push(Prompt {
            arguments: PromptArguments::parse(&attribute, &label, errors),
            function: parsed,
        }),
        _ => plugin.completions.push(Completion {
            arguments: CompletionArguments::parse(&attribute, &label, errors),
            function: parsed,
        }),
    }
}

/// Which of our attributes this is: `#[tool]` or `#[mcp_factory_sdk::tool]`.
fn marker_name(attribute: &Attribute) -> Option<&'static str> {
    let path = attribute.path();
    let last = path.segments.last()?;
    let is_ours = path.segments.len() == 1
        || path
            .segments
            .first()
            .is_some_and(|first| first.ident == "mcp_factory_sdk");
    MARKERS
        .iter()
        .find(|marker| is_ours && last.ident == **marker)
        .copied()
}

/// Functions that do not await, do not use `self` or only read what they own have the shape that the
/// attributes ask for, so those lints are not the author's business.
fn shape_lints() -> Attribute {
    syn::parse_quote! {
        #[allow(
            clippy::fn_params_excessive_bools,
            clippy::needless_pass_by_value,
            clippy::too_many_arguments,
            clippy::trivially_copy_pass_by_ref,
            clippy::unnecessary_wraps,
            clippy::unused_async,
            clippy::unused_self
        )]
    }
}
