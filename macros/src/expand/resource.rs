//! A resource's row and the shim that reads it.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Type;

use super::{option, scope, shim, time};
use crate::model::Resource;

/// The row of `resource`, whose plugin is `self_ty`.
pub(super) fn row(resource: &Resource, self_ty: &Type) -> TokenStream {
    let Resource {
        arguments,
        function,
    } = resource;
    let cfgs = &function.cfgs;
    let values = shim::variables(function);
    let body = shim::body(
        function,
        self_ty,
        &values,
        shim::variable,
        ("IntoResource", "into_resource"),
    );
    let uri = &arguments.uri;
    let name = function.public_name(arguments.name.as_ref());
    let title = option(arguments.title.as_ref());
    let description = &function.description;
    let mime_type = option(arguments.mime_type.as_ref());
    let scope = scope(arguments.scope.as_ref());
    let cache = time(arguments.cache);
    let context = function.takes_context();
    quote! {
        #(#cfgs)*
        ::mcp_factory_sdk::__private::resource({
            fn __mcpf_read(
                __mcpf_instance: &::mcp_factory_sdk::Instance,
                __mcpf_variables: ::mcp_factory_sdk::Variables,
                __mcpf_context: ::mcp_factory_sdk::Context,
            ) -> ::mcp_factory_sdk::__private::Future<::mcp_factory_sdk::Resource> {
                #body
            }
            ::mcp_factory_sdk::__private::ResourceParts {
                uri: #uri,
                name: #name,
                title: #title,
                description: #description,
                mime_type: #mime_type,
                scope: #scope,
                cache: #cache,
                context: #context,
                read: __mcpf_read,
            }
        })
    }
}
