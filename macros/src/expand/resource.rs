//! A resource's row and the shim that reads it.

use quote::quote;
use syn::Type;

use super::{
    Row, option, scope,
    shim::{self, item_name},
};
use crate::model::Resource;

/// The row of `resource`, whose plugin is `self_ty`.
pub(super) fn row(resource: &Resource, self_ty: &Type) -> Row {
    let Resource {
        arguments,
        function,
    } = resource;
    let cfgs = &function.cfgs;
    let read = item_name(function, "read");
    let find_plugin = shim::find_plugin(self_ty);
    let values = shim::variables(function);
    let future = shim::future(
        function,
        self_ty,
        shim::variable,
        ("IntoResource", "into_resource"),
    );
    let uri = &arguments.uri;
    let name = function.public_name(arguments.name.as_ref());
    let title = option(arguments.title.as_ref());
    let description = &function.description;
    let mime_type = option(arguments.mime_type.as_ref());
    let scope = scope(arguments.scope.as_ref());
    Row {
        items: quote! {
            #(#cfgs)*
            fn #read(
                __mcpf_instance: &::mcp_factory_sdk::Instance,
                __mcpf_variables: ::mcp_factory_sdk::Variables,
                __mcpf_context: ::mcp_factory_sdk::Context,
            ) -> ::mcp_factory_sdk::__private::Future<::mcp_factory_sdk::Resource> {
                #find_plugin
                #values
                #future
            }
        },
        value: quote! {
            #(#cfgs)*
            ::mcp_factory_sdk::__private::resource(::mcp_factory_sdk::__private::ResourceParts {
                uri: #uri,
                name: #name,
                title: #title,
                description: #description,
                mime_type: #mime_type,
                scope: #scope,
                read: #read,
            })
        },
    }
}
