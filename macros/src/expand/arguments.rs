//! The arguments of a tool: the struct they are read into, their schema, their limits.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Expr, ExprLit, Ident, Lit};

use super::shim::item_name;
use crate::{
    model::{Function, Parameter},
    types,
};

/// What a tool's shim and row need of its arguments.
pub(super) struct Arguments {
    /// The struct, its readers, its defaults and the bounds.
    pub(super) items: TokenStream,
    /// The body of the function that returns the schema.
    pub(super) schema: TokenStream,
    /// Statements that read `__mcpf_arguments` and return early on an error.
    pub(super) read: TokenStream,
}

/// The arguments as the parameters of `function` describe them.
pub(super) fn of_parameters(function: &Function) -> Arguments {
    let parameters: Vec<Names<'_>> = function
        .parameters()
        .map(|parameter| Names::new(function, parameter))
        .collect();
    let name = item_name(function, "arguments");
    let cfgs = &function.cfgs;
    let fields = parameters.iter().map(Names::field);
    let helpers = parameters.iter().map(|parameter| parameter.helpers(cfgs));
    let properties = parameters.iter().map(Names::property);
    let checks = parameters.iter().map(Names::checks);
    let known = parameters.iter().map(|names| &names.parameter.name);
    let required = parameters
        .iter()
        .filter(|names| names.parameter.is_required())
        .map(|names| &names.parameter.name);
    Arguments {
        items: quote! {
            #(#cfgs)*
            #[derive(::mcp_factory_sdk::__private::serde::Deserialize)]
            #[serde(crate = "::mcp_factory_sdk::__private::serde", deny_unknown_fields)]
            struct #name {
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
            let __mcpf_arguments = match ::mcp_factory_sdk::__private::arguments::<#name>(
                __mcpf_arguments,
                &[#(#known),*],
                &[#(#required),*],
            ) {
                ::core::result::Result::Ok(arguments) => arguments,
                ::core::result::Result::Err(error) => return ::mcp_factory_sdk::__private::failed(error),
            };
            #(#checks)*
        },
    }
}

/// A parameter and the names of what is generated for it.
struct Names<'a> {
    parameter: &'a Parameter,
    read: Ident,
    default: Ident,
    bounds: Vec<Bound<'a>>,
}

/// One limit: a constant of its own, so that a value of the wrong type is one error at the value, and
/// so that the schema and the check cannot differ.
struct Bound<'a> {
    constant: Ident,
    value: &'a Expr,
    kind: BoundKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum BoundKind {
    Minimum,
    Maximum,
    MinLength,
    MaxLength,
}

impl<'a> Names<'a> {
    fn new(function: &Function, parameter: &'a Parameter) -> Self {
        let own = |what: &str| {
            item_name(
                function,
                &format!("{what}_{}", crate::model::unraw(&parameter.ident)),
            )
        };
        let arguments = &parameter.arguments;
        let bounds = [
            (&arguments.minimum, BoundKind::Minimum, "minimum"),
            (&arguments.maximum, BoundKind::Maximum, "maximum"),
            (&arguments.min_length, BoundKind::MinLength, "min_length"),
            (&arguments.max_length, BoundKind::MaxLength, "max_length"),
        ];
        let bounds = bounds.into_iter().filter_map(|(value, kind, word)| {
            let constant = format_ident!(
                "{}",
                own(word)
                    .to_string()
                    .to_uppercase()
                    .replace("__MCPF", "__mcpf")
            );
            value.as_ref().map(|value| Bound {
                constant,
                value,
                kind,
            })
        });
        Self {
            parameter,
            read: own("read"),
            default: own("default"),
            bounds: bounds.collect(),
        }
    }

    fn field(&self) -> TokenStream {
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
    fn helpers(&self, cfgs: &[syn::Attribute]) -> TokenStream {
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
                #(#cfgs)*
                fn #default() -> #ty {
                    #value
                }
            }
        });
        let constants = self.bounds.iter().map(
            |Bound {
                 constant,
                 value,
                 kind,
             }| {
                let ty = if kind.is_length() {
                    quote!(::core::primitive::usize)
                } else {
                    quote!(#inner)
                };
                quote! {
                    #(#cfgs)*
                    const #constant: #ty = #value;
                }
            },
        );
        quote! {
            #(#cfgs)*
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

    fn property(&self) -> TokenStream {
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

    fn checks(&self) -> TokenStream {
        let Parameter { ident, name, .. } = self.parameter;
        let inner = self.parameter.inner_type();
        let checks: Vec<TokenStream> = self
            .bounds
            .iter()
            .map(|bound| bound.check(name, inner))
            .collect();
        if checks.is_empty() {
            return TokenStream::new();
        }
        let value = if self.parameter.optional.is_some() {
            quote!(&__mcpf_arguments.#ident)
        } else {
            quote!(::core::option::Option::Some(&__mcpf_arguments.#ident))
        };
        quote! {
            if let ::core::option::Option::Some(value) = #value {
                #(
                    if let ::core::result::Result::Err(error) = #checks {
                        return ::mcp_factory_sdk::__private::failed(error);
                    }
                )*
            }
        }
    }
}

impl Bound<'_> {
    /// The limit as a member of the schema.
    fn member(&self, inner: &syn::Type) -> TokenStream {
        let constant = &self.constant;
        let keyword = match self.kind {
            BoundKind::Minimum => quote!("minimum"),
            BoundKind::Maximum => quote!("maximum"),
            BoundKind::MinLength => {
                quote!(<#inner as ::mcp_factory_sdk::__private::Length>::MINIMUM)
            }
            BoundKind::MaxLength => {
                quote!(<#inner as ::mcp_factory_sdk::__private::Length>::MAXIMUM)
            }
        };
        quote!((#keyword, ::mcp_factory_sdk::__private::Value::from(#constant)),)
    }

    /// The limit as a check of `value`.
    fn check(&self, name: &str, inner: &syn::Type) -> TokenStream {
        let constant = &self.constant;
        let length = quote!(<#inner as ::mcp_factory_sdk::__private::Length>::length(value));
        match self.kind {
            BoundKind::Minimum => {
                quote!(::mcp_factory_sdk::__private::check_minimum(#name, value, &#constant))
            }
            BoundKind::Maximum => {
                quote!(::mcp_factory_sdk::__private::check_maximum(#name, value, &#constant))
            }
            BoundKind::MinLength => {
                quote!(::mcp_factory_sdk::__private::check_min_length(#name, #length, #constant))
            }
            BoundKind::MaxLength => {
                quote!(::mcp_factory_sdk::__private::check_max_length(#name, #length, #constant))
            }
        }
    }
}

impl BoundKind {
    fn is_length(self) -> bool {
        matches!(self, Self::MinLength | Self::MaxLength)
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
