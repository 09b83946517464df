//! One parameter of a tool: its field, how it is read, its default, its property in the schema.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Expr, ExprLit, Ident, Lit};

use super::bound::{self, Bound};
use crate::{
    model::{Parameter, unraw},
    types,
};

/// A parameter and the names of what is generated for it.
pub(super) struct Names<'a> {
    pub(super) parameter: &'a Parameter,
    read: Ident,
    default: Ident,
    bounds: Vec<Bound<'a>>,
}

impl<'a> Names<'a> {
    /// Names what belongs to `parameter`.
    pub(super) fn new(parameter: &'a Parameter) -> Self {
        let name = unraw(&parameter.ident);
        Self {
            parameter,
            read: format_ident!("__mcpf_read_{name}"),
            default: format_ident!("__mcpf_default_{name}"),
            bounds: bound::of_parameter(parameter),
        }
    }

    /// Its field in the struct of arguments.
    pub(super) fn field(&self) -> TokenStream {
        let Parameter {
            ident, name, ty, ..
        } = self.parameter;
        let read = self.read.to_string();
        let default = if self.parameter.optional.is_some() {
            quote!(default,)
        } else if self.parameter.arguments.default.is_some() {
            let default = self.default.to_string();
            quote!(default = #default,)
        } else {
            TokenStream::new()
        };
        quote! {
            #[serde(rename = #name, #default deserialize_with = #read)]
            #ident: #ty,
        }
    }

    /// Functions of our own stand between serde and the author's type, so that a type that cannot be read
    /// is one error at the type.
    pub(super) fn helpers(&self) -> TokenStream {
        let Parameter { ty, .. } = self.parameter;
        let inner = self.parameter.inner_type();
        let Self { read, default, .. } = self;
        let method = if self.parameter.optional.is_some() {
            quote!(read_optional)
        } else {
            quote!(read)
        };
        let default = self.parameter.arguments.default.as_ref().map(|given| {
            let value = default_expression(given.value.as_ref(), self.parameter);
            quote! {
                fn #default() -> #ty {
                    #value
                }
            }
        });
        let constants = self.bounds.iter().map(|bound| bound.constant(inner));
        quote! {
            fn #read<'de, D>(source: D) -> ::core::result::Result<#ty, D::Error>
            where
                D: ::mcp_factory_sdk::__private::serde::Deserializer<'de>,
            {
                <#inner as ::mcp_factory_sdk::__private::Argument>::#method(source)
            }
            #default
            #(#constants)*
        }
    }

    /// The statement that adds it to the schema.
    pub(super) fn property(&self) -> TokenStream {
        let Parameter {
            name,
            description,
            arguments,
            ..
        } = self.parameter;
        let inner = self.parameter.inner_type();
        let required = self.parameter.is_required();
        let default = arguments.default.as_ref().map(|_| {
            let function = &self.default;
            quote!(("default", <#inner as ::mcp_factory_sdk::__private::DefaultValue>::to_json(&#function())),)
        });
        let bounds = self.bounds.iter().map(|bound| bound.member(inner));
        quote! {
            let schema = <#inner as ::mcp_factory_sdk::__private::Argument>::describe(
                schema,
                #name,
                #description,
                #required,
                &[#default #(#bounds)*],
            );
        }
    }

    /// The statement that holds its value against its limits.
    pub(super) fn checks(&self) -> TokenStream {
        let Parameter { ident, name, .. } = self.parameter;
        if self.bounds.is_empty() {
            return TokenStream::new();
        }
        let inner = self.parameter.inner_type();
        let checks = self.bounds.iter().map(|bound| bound.check(name, inner));
        if self.parameter.optional.is_some() {
            quote! {
                if let ::core::option::Option::Some(value) = &__mcpf_arguments.#ident {
                    #(#checks?;)*
                }
            }
        } else {
            quote! {
                let value = &__mcpf_arguments.#ident;
                #(#checks?;)*
            }
        }
    }
}

/// The default as an expression of the parameter's type. `default = "x"` also means a `String`.
fn default_expression(value: Option<&Expr>, parameter: &Parameter) -> TokenStream {
    match value {
        None => quote!(::core::default::Default::default()),
        Some(
            text @ Expr::Lit(ExprLit {
                lit: Lit::Str(_), ..
            }),
        ) if types::is_named(&parameter.ty, "String") => {
            quote!(::std::string::String::from(#text))
        }
        Some(other) => quote!(#other),
    }
}
