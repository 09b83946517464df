//! The part all shims share: find the plugin, call the function, turn its result into an answer.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Ident, Type};

use crate::model::{Function, Input, Parameter};

/// Statements that read the function's parameters out of `__mcpf_variables`, each an early error.
pub(super) fn variables(function: &Function) -> TokenStream {
    variables_after(function, 0)
}

/// As [`variables`], without the first `skip` parameters.
pub(super) fn variables_after(function: &Function, skip: usize) -> TokenStream {
    let reads = function.parameters().skip(skip).map(|parameter| {
        let (value, name, inner) = (variable(parameter), &parameter.name, parameter.inner_type());
        let method = if parameter.optional.is_some() {
            quote!(read_optional)
        } else {
            quote!(read)
        };
        quote! {
            let #value = <#inner as ::mcp_factory_sdk::__private::TextArgument>::#method(
                &__mcpf_variables,
                #name,
            )?;
        }
    });
    quote!(#(#reads)*)
}

/// The local that [`variables`] makes of `parameter`.
pub(super) fn variable(parameter: &Parameter) -> TokenStream {
    let ident = format_ident!("__mcpf_value_{}", crate::model::unraw(&parameter.ident));
    quote!(#ident)
}

/// The body of a shim: finds the plugin, runs `read`, which may fail, and makes the future that calls the
/// function, each parameter taken from `value`, and converts what it returns with the trait and the
/// function named last.
pub(super) fn body(
    function: &Function,
    self_ty: &Type,
    read: &TokenStream,
    value: impl Fn(&Parameter) -> TokenStream,
    (into, method): (&str, &str),
) -> TokenStream {
    let ident = &function.ident;
    let inputs = function.inputs.iter().map(|input| match input {
        Input::Context if function.is_async => quote!(&__mcpf_context),
        // `blocking` lends it to the closure.
        Input::Context => quote!(__mcpf_context),
        Input::Blocking => quote!(&::mcp_factory_sdk::__private::threads(&__mcpf_context)),
        Input::Value(parameter) => value(parameter),
    });
    let call = quote!(<#self_ty>::#ident(&__mcpf_plugin, #(#inputs),*));
    let result = if function.is_async {
        quote!(#call.await)
    } else {
        quote!(::mcp_factory_sdk::__private::blocking(__mcpf_context, move |__mcpf_context| #call).await?)
    };
    let answer = answer(
        function,
        &format_ident!("{into}"),
        &format_ident!("{method}"),
    );
    // At the function's name, so that "future cannot be sent between threads" points at it.
    let here = ident.span().resolved_at(Span::call_site());
    let future = quote_spanned! {here=>
        ::mcp_factory_sdk::__private::boxed(async move {
            let __mcpf_result = #result;
            #answer
        })
    };
    quote! {
        ::mcp_factory_sdk::__private::attempt(move || {
            let __mcpf_plugin =
                <#self_ty as ::mcp_factory_sdk::__private::Lifecycle>::of(__mcpf_instance)?;
            #read
            ::core::result::Result::Ok(#future)
        })
    }
}

fn answer(function: &Function, into: &Ident, method: &Ident) -> TokenStream {
    let value = &function.output.value;
    let converted = quote!(<#value as ::mcp_factory_sdk::__private::#into>::#method);
    if !function.output.is_fallible {
        return quote!(#converted(__mcpf_result));
    }
    let error = function
        .output
        .error
        .as_ref()
        .map_or_else(|| quote!(_), ToTokens::to_token_stream);
    let error = quote!(<#error as ::mcp_factory_sdk::__private::IntoToolError>::into_tool_error);
    quote! {
        match __mcpf_result {
            ::core::result::Result::Ok(value) => #converted(value),
            ::core::result::Result::Err(error) => ::core::result::Result::Err(#error(error)),
        }
    }
}
