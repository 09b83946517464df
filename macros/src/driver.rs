//! The macro without `proc_macro`: tokens in, tokens and errors out, so that tests can call it.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Error, ItemImpl};

use crate::{check, errors::Errors, expand, parse};

/// What `#[plugin(arguments)]` makes of `item`, with its errors in place.
pub(crate) fn plugin(arguments: TokenStream, item: &TokenStream) -> TokenStream {
    let (tokens, errors) = expand(arguments, item);
    in_place(&errors, &tokens)
}

/// What one of the other attributes makes of `item`: they mean something only where `#[plugin]` sees them.
pub(crate) fn outside(name: &str, item: &TokenStream) -> TokenStream {
    let errors = Errors::default();
    errors.push_at(
        Span::call_site(),
        format!("`#[{name}]` stands outside of a plugin"),
        "put `#[plugin(name = \"…\")]` on the impl block around the function",
    );
    in_place(&errors.into_vec(), item)
}

/// What `#[plugin(arguments)]` makes of `item`, and everything wrong with it.
pub(crate) fn expand(arguments: TokenStream, item: &TokenStream) -> (TokenStream, Vec<Error>) {
    let errors = Errors::default();
    let Ok(mut block) = syn::parse2::<ItemImpl>(item.clone()) else {
        errors.push_at(
            Span::call_site(),
            "`#[plugin]` is for an impl block",
            "put it on `impl YourType { … }`, the block with the tools",
        );
        let stub = expand::stub(None);
        return (quote!(#item #stub), errors.into_vec());
    };
    let model = parse::plugin(arguments, &mut block, &errors);
    check::plugin(&model, &errors);
    let beside = if errors.is_empty() {
        expand::plugin(&model)
    } else {
        expand::stub(block.trait_.is_none().then_some(&model))
    };
    (quote!(#block #beside), errors.into_vec())
}

fn in_place(errors: &[Error], tokens: &TokenStream) -> TokenStream {
    let errors = errors.iter().map(Error::to_compile_error);
    quote!(#(#errors)* #tokens)
}
