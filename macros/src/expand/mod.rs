//! From the model to code: one static, with all functions it points at inside of its initialiser, where
//! nothing else can name them.

mod arguments;
mod bound;
mod completion;
mod parameter;
mod prompt;
mod resource;
mod shim;
mod tool;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::{LitStr, spanned::Spanned};

use crate::{model::Plugin, names::Milliseconds};

/// Everything that `#[plugin]` puts beside the impl block.
pub(crate) fn plugin(plugin: &Plugin) -> TokenStream {
    let self_ty = &plugin.self_ty;
    let name = &plugin.arguments.name;
    let description = &plugin.description;
    let tools = plugin.tools.iter().map(|tool| tool::row(tool, self_ty));
    let resources = plugin
        .resources
        .iter()
        .map(|resource| resource::row(resource, self_ty));
    let prompts = plugin
        .prompts
        .iter()
        .map(|prompt| prompt::row(prompt, self_ty));
    let completions = plugin
        .completions
        .iter()
        .map(|completion| completion::row(completion, plugin));
    let lifecycle = stateless(plugin);
    let declares = option(plugin.arguments.declares.then(|| {
        quote_spanned! { self_ty.span()=>
            ::mcp_factory_sdk::__private::DeclaresParts::of::<#self_ty>()
        }
    }));
    quote! {
        #lifecycle

        #[doc = #description]
        #[allow(unreachable_pub)]
        pub static PLUGIN: ::mcp_factory_sdk::PluginDefinition =
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
                declares: #declares,
            });
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

/// The `Duration`, if there is one.
fn time(time: Option<Milliseconds>) -> TokenStream {
    option(time.map(|Milliseconds(time)| quote!(::core::time::Duration::from_millis(#time))))
}

/// `Scope::new("…")`; the SDK checks its form once more, in a constant.
fn scope(scope: Option<&LitStr>) -> TokenStream {
    quote!(::mcp_factory_sdk::Scope::new(#scope))
}
