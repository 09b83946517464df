//! A prompt's row and the shim that makes it.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Type;

use super::{option, scope, shim};
use crate::model::Prompt;

/// The row of `prompt`, whose plugin is `self_ty`.
pub(super) fn row(prompt: &Prompt, self_ty: &Type) -> TokenStream {
    let Prompt {
        arguments,
        function,
    } = prompt;
    let cfgs = &function.cfgs;
    let values = shim::variables(function);
    let body = shim::body(
        function,
        self_ty,
        &values,
        shim::variable,
        ("IntoPrompt", "into_prompt"),
    );
    let name = function.public_name(arguments.name.as_ref());
    let title = option(arguments.title.as_ref());
    let description = &function.description;
    let scope = scope(arguments.scope.as_ref());
    let context = function.takes_context();
    let described = function.parameters().map(|parameter| {
        let (name, description, required) = (&parameter.name, &parameter.description, parameter.is_required());
        quote! {
            ::mcp_factory_sdk::PromptArgument { name: #name, description: #description, required: #required }
        }
    });
    quote! {
        #(#cfgs)*
        ::mcp_factory_sdk::__private::prompt({
            fn __mcpf_get(
                __mcpf_instance: &::mcp_factory_sdk::Instance,
                __mcpf_variables: ::mcp_factory_sdk::Variables,
                __mcpf_context: ::mcp_factory_sdk::Context,
            ) -> ::mcp_factory_sdk::__private::Future<::mcp_factory_sdk::Prompt> {
                #body
            }
            ::mcp_factory_sdk::__private::PromptParts {
                name: #name,
                title: #title,
                description: #description,
                arguments: &[#(#described),*],
                scope: #scope,
                context: #context,
                get: __mcpf_get,
            }
        })
    }
}
