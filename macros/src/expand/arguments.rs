//! The arguments of a tool: the struct they are read into, their schema, their limits.

use proc_macro2::TokenStream;
use quote::quote;

use super::parameter::Names;
use crate::model::Function;

/// What a tool's shim and row need of its arguments.
pub(super) struct Arguments {
    /// The struct, its readers, its defaults and the bounds.
    pub(super) items: TokenStream,
    /// The body of the function that returns the schema.
    pub(super) schema: TokenStream,
    /// Statements that make the struct of the text, `__mcpf_arguments`; each may fail.
    pub(super) read: TokenStream,
}

/// The arguments as the parameters of `function` describe them.
pub(super) fn of_parameters(function: &Function) -> Arguments {
    let parameters: Vec<Names<'_>> = function.parameters().map(Names::new).collect();
    let fields = parameters.iter().map(Names::field);
    let helpers = parameters.iter().map(Names::helpers);
    let properties = parameters.iter().map(Names::property);
    let checks = parameters.iter().map(Names::checks);
    let known = parameters.iter().map(|names| &names.parameter.name);
    let required = parameters
        .iter()
        .filter(|names| names.parameter.is_required())
        .map(|names| &names.parameter.name);
    Arguments {
        items: quote! {
            #[derive(::mcp_factory_sdk::__private::serde::Deserialize)]
            #[serde(crate = "::mcp_factory_sdk::__private::serde", deny_unknown_fields)]
            struct __McpfArguments {
                #(#fields)*
            }
            #(#helpers)*
        },
        schema: quote! {
            let schema = ::mcp_factory_sdk::__private::ObjectSchema::new();
            #(#properties)*
            schema.finish()
        },
        read: quote! {
            let __mcpf_arguments = ::mcp_factory_sdk::__private::arguments::<__McpfArguments>(
                __mcpf_arguments,
                &[#(#known),*],
                &[#(#required),*],
            )?;
            #(#checks)*
        },
    }
}
