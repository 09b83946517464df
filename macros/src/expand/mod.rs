//! From the model to code: one static, with everything it needs inside of its initialiser, where
//! nothing else can name it.

mod arguments;
mod completion;
mod prompt;
mod resource;
mod shim;
mod tool;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::{ItemImpl, LitStr, spanned::Spanned};

use crate::model::Plugin;

/// Everything that `#[plugin]` puts beside the impl block.
pub(crate) fn plugin(plugin: &Plugin) -> TokenStream {
    let self_ty = &plugin.self_ty;
    let name = &plugin.arguments.name;
    let description = &plugin.description;
    let tools: Vec<Row> = plugin
        .tools
        .iter()
        .map(|tool| tool::row(tool, self_ty))
        .collect();
    let resources: Vec<Row> = plugin
        .resources
        .iter()
        .map(|resource| resource::row(resource, self_ty))
        .collect();
    let prompts: Vec<Row> = plugin
        .prompts
        .iter()
        .map(|prompt| prompt::row(prompt, self_ty))
        .collect();
    let completions: Vec<Row> = plugin
        .completions
        .iter()
        .map(|completion| completion::row(completion, plugin))
        .collect();
    let items = [&tools, &resources, &prompts, &completions]
        .into_iter()
        .flatten()
        .map(|row| &row.items);
    let [tools, resources, prompts, completions] = [&tools, &resources, &prompts, &completions]
        .map(|rows| rows.iter().map(|row| &row.value).collect::<Vec<_>>());
    let lifecycle = stateless(plugin);
    quote! {
        #lifecycle

        #[doc = #description]
        #[allow(non_camel_case_types, unreachable_pub)]
        pub static PLUGIN: ::mcp_factory_sdk::PluginDefinition = {
            #(#items)*
            ::mcp_factory_sdk::__private::plugin(::mcp_factory_sdk::__private::PluginParts {
                name: #name,
                version: ::core::env!("CARGO_PKG_VERSION"),
                description: #description,
                tools: &[#(#tools),*],
                resources: &[#(#resources),*],
                prompts: &[#(#prompts),*],
                completions: &[#(#completions),*],
                config_schema: <#self_ty as ::mcp_factory_sdk::__private::Lifecycle>::config_schema,
                start: <#self_ty as ::mcp_factory_sdk::__private::Lifecycle>::start,
            })
        };
    }
}

/// What stands in for the expansion after errors, so that nothing else fails for want of it.
pub(crate) fn stub(plugin: Option<&Plugin>) -> TokenStream {
    let lifecycle = plugin.map(stateless);
    quote! {
        #lifecycle

        #[doc = "Not usable: `#[plugin]` reported errors."]
        #[allow(unreachable_pub)]
        pub static PLUGIN: ::mcp_factory_sdk::PluginDefinition = ::mcp_factory_sdk::__private::broken();
    }
}

/// The impl block itself. Functions that do not await, do not use `self` or take what they only read
/// have the shape the attribute asks for, so those lints are not the author's business.
pub(crate) fn block(item: &mut ItemImpl) -> TokenStream {
    item.attrs.push(syn::parse_quote! {
        #[allow(
            clippy::fn_params_excessive_bools,
            clippy::needless_pass_by_value,
            clippy::too_many_arguments,
            clippy::trivially_copy_pass_by_ref,
            clippy::unnecessary_wraps,
            clippy::unused_async,
            clippy::unused_self
        )]
    });
    quote!(#item)
}

/// A row of one of the definition's lists, and the items that it points at.
struct Row {
    items: TokenStream,
    value: TokenStream,
}

/// `impl Plugin` for a type that needs neither settings nor work to start.
fn stateless(plugin: &Plugin) -> TokenStream {
    if !plugin.arguments.stateless {
        return TokenStream::new();
    }
    let self_ty = &plugin.self_ty;
    let default = quote_spanned! { self_ty.span()=> <Self as ::core::default::Default>::default() };
    quote! {
        impl ::mcp_factory_sdk::Plugin for #self_ty {
            type Config = ::mcp_factory_sdk::NoConfig;

            async fn start(
                _: ::mcp_factory_sdk::NoConfig,
                _: &::mcp_factory_sdk::StartContext,
            ) -> ::core::result::Result<Self, ::mcp_factory_sdk::StartError> {
                ::core::result::Result::Ok(#default)
            }
        }
    }
}

/// `Some(value)` or `None`.
fn option(value: Option<impl ToTokens>) -> TokenStream {
    if let Some(value) = value {
        quote!(::core::option::Option::Some(#value))
    } else {
        quote!(::core::option::Option::None)
    }
}

/// `Scope::new("…")`; the SDK checks its form once more, in a constant.
fn scope(scope: Option<&LitStr>) -> TokenStream {
    quote!(::mcp_factory_sdk::Scope::new(#scope))
}
