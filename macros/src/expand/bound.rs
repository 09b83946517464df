//! One limit of a parameter. Its value is a constant, which the schema and the check both name: they
//! cannot differ, and a value of the wrong type is one error, at the value.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Expr, Ident, Type};

use crate::model::{Parameter, unraw};

/// A limit.
pub(super) struct Bound<'a> {
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

/// The limits of `parameter`.
pub(super) fn of_parameter(parameter: &Parameter) -> Vec<Bound<'_>> {
    let arguments = &parameter.arguments;
    let name = unraw(&parameter.ident).to_uppercase();
    [
        (&arguments.minimum, BoundKind::Minimum, "MINIMUM"),
        (&arguments.maximum, BoundKind::Maximum, "MAXIMUM"),
        (&arguments.min_length, BoundKind::MinLength, "MIN_LENGTH"),
        (&arguments.max_length, BoundKind::MaxLength, "MAX_LENGTH"),
    ]
    .into_iter()
    .filter_map(|(value, kind, word)| {
        let constant = format_ident!("__MCPF_{word}_{name}");
        value.as_ref().map(|value| Bound {
            constant,
            value,
            kind,
        })
    })
    .collect()
}

impl Bound<'_> {
    /// The constant.
    pub(super) fn constant(&self, inner: &Type) -> TokenStream {
        let Self {
            constant,
            value,
            kind,
        } = self;
        let ty = match kind {
            BoundKind::Minimum | BoundKind::Maximum => quote!(#inner),
            BoundKind::MinLength | BoundKind::MaxLength => quote!(::core::primitive::usize),
        };
        quote!(const #constant: #ty = #value;)
    }

    /// The limit as a member of the schema.
    pub(super) fn member(&self, inner: &Type) -> TokenStream {
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
    pub(super) fn check(&self, name: &str, inner: &Type) -> TokenStream {
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
