//! A tool's row: its schemas, its hints and the shim that runs it.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Path, Type};

use super::{
    arguments::{self, Arguments},
    option, scope, shim, time,
};
use crate::{
    attribute::tool::HintArguments,
    model::{Function, Tool},
    names::Rate,
};

/// The row of `tool`, whose plugin is `self_ty`.
pub(super) fn row(tool: &Tool, self_ty: &Type) -> TokenStream {
    let Tool {
        arguments,
        function,
    } = tool;
    let cfgs = &function.cfgs;
    let Arguments {
        items,
        schema,
        read,
    } = match &arguments.input_schema {
        Some(path) => verbatim(path, function),
        None => arguments::of_parameters(function),
    };
    let is_verbatim = arguments.input_schema.is_some();
    let body = shim::body(
        function,
        self_ty,
        &read,
        |parameter| {
            let ident = &parameter.ident;
            if is_verbatim {
                quote!(__mcpf_arguments)
            } else {
                quote!(__mcpf_arguments.#ident)
            }
        },
        ("IntoOutput", "into_output"),
    );
    let parts = parts(tool);
    quote! {
        #(#cfgs)*
        ::mcp_factory_sdk::__private::tool({
            #items
            fn __mcpf_input() -> ::mcp_factory_sdk::__private::Value {
                #schema
            }
            fn __mcpf_invoke(
                __mcpf_instance: &::mcp_factory_sdk::Instance,
                __mcpf_arguments: ::mcp_factory_sdk::Arguments<'_>,
                __mcpf_context: ::mcp_factory_sdk::Context,
            ) -> ::mcp_factory_sdk::__private::Future<::mcp_factory_sdk::Output> {
                #body
            }
            #parts
        })
    }
}

/// The fields of the row.
fn parts(tool: &Tool) -> TokenStream {
    let Tool {
        arguments,
        function,
    } = tool;
    let name = function.public_name(arguments.name.as_ref());
    let title = option(arguments.title.as_ref());
    let description = &function.description;
    let scope = scope(arguments.scope.as_ref());
    let HintArguments {
        read_only,
        destructive,
        idempotent,
        open_world,
    } = arguments.hints;
    let timeout = time(arguments.timeout);
    let cache = time(arguments.cache);
    let gate = option(arguments.gate.as_ref());
    let rate = option(arguments.rate.map(|Rate { calls, seconds }| {
        quote!(::mcp_factory_sdk::Rate::new(#calls, ::core::time::Duration::from_secs(#seconds)))
    }));
    let context = function.takes_context();
    let output = &function.output.value;
    quote! {
        ::mcp_factory_sdk::__private::ToolParts {
            name: #name,
            title: #title,
            description: #description,
            scope: #scope,
            hints: ::mcp_factory_sdk::Hints {
                read_only: #read_only,
                destructive: #destructive,
                idempotent: #idempotent,
                open_world: #open_world,
            },
            timeout: #timeout,
            cache: #cache,
            gate: #gate,
            rate: #rate,
            context: #context,
            input_schema: __mcpf_input,
            output_schema: <#output as ::mcp_factory_sdk::__private::IntoOutput>::output_schema,
            invoke: __mcpf_invoke,
        }
    }
}

/// The author's own schema, and the one parameter that takes what it allows.
fn verbatim(path: &Path, function: &Function) -> Arguments {
    let ty = function.parameters().next().map(|parameter| &parameter.ty);
    Arguments {
        items: TokenStream::new(),
        schema: quote!(#path()),
        read: quote! {
            let __mcpf_arguments = ::mcp_factory_sdk::__private::whole_arguments::<#ty>(__mcpf_arguments)?;
        },
    }
}
