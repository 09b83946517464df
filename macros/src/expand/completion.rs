//! A completion's row and the shim that runs it.

use proc_macro2::TokenStream;
use quote::quote;
use syn::LitStr;

use super::{scope, shim};
use crate::{
    attribute::completion::Target,
    model::{Completion, Plugin},
};

/// The row of `completion`. Whoever may use the target may have its arguments completed.
pub(super) fn row(completion: &Completion, plugin: &Plugin) -> TokenStream {
    let Completion {
        arguments,
        function,
    } = completion;
    let cfgs = &function.cfgs;
    let typed = function
        .parameters()
        .next()
        .map(|parameter| parameter.ident.clone());
    let values = shim::variables_after(function, 1);
    let body = shim::body(
        function,
        &plugin.self_ty,
        &values,
        |parameter| {
            if typed.as_ref() == Some(&parameter.ident) {
                quote!(__mcpf_typed)
            } else {
                shim::variable(parameter)
            }
        },
        ("IntoCompletions", "into_completions"),
    );
    let argument = &arguments.argument;
    let (target, scope) = match &arguments.target {
        Some(Target::Prompt(name)) => (quote!(Prompt(#name)), scope(scope_of_prompt(name, plugin))),
        Some(Target::Resource(uri)) => (
            quote!(Resource(#uri)),
            scope(scope_of_resource(uri, plugin)),
        ),
        // Reported while parsing, and then nothing is expanded.
        None => return TokenStream::new(),
    };
    quote! {
        #(#cfgs)*
        ::mcp_factory_sdk::__private::completion({
            fn __mcpf_complete(
                __mcpf_instance: &::mcp_factory_sdk::Instance,
                __mcpf_typed: ::std::string::String,
                __mcpf_variables: ::mcp_factory_sdk::Variables,
                __mcpf_context: ::mcp_factory_sdk::Context,
            ) -> ::mcp_factory_sdk::__private::Future<::std::vec::Vec<::std::string::String>> {
                #body
            }
            ::mcp_factory_sdk::__private::CompletionParts {
                target: ::mcp_factory_sdk::CompletionTarget::#target,
                argument: #argument,
                scope: #scope,
                complete: __mcpf_complete,
            }
        })
    }
}

fn scope_of_prompt<'a>(name: &LitStr, plugin: &'a Plugin) -> Option<&'a LitStr> {
    let is_meant = |prompt: &&crate::model::Prompt| {
        prompt
            .function
            .public_name(prompt.arguments.name.as_ref())
            .value()
            == name.value()
    };
    plugin
        .prompts
        .iter()
        .find(is_meant)?
        .arguments
        .scope
        .as_ref()
}

fn scope_of_resource<'a>(uri: &LitStr, plugin: &'a Plugin) -> Option<&'a LitStr> {
    let is_meant = |resource: &&crate::model::Resource| {
        resource
            .arguments
            .uri
            .as_ref()
            .is_some_and(|known| known.value() == uri.value())
    };
    plugin
        .resources
        .iter()
        .find(is_meant)?
        .arguments
        .scope
        .as_ref()
}
