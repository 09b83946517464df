//! The one grammar of all attributes: `key` or `key = value`, separated by commas.

use proc_macro2::{Span, TokenStream};
use syn::{
    Attribute, Expr, Ident, Meta, Token,
    ext::IdentExt,
    parse::{ParseStream, Parser},
};

use crate::{errors::Errors, suggest};

/// The arguments of one attribute, each key known and used once.
#[derive(Debug)]
pub(super) struct Arguments<'a> {
    pub(super) attribute: &'static str,
    pub(super) span: Span,
    entries: Vec<(Ident, Option<Expr>)>,
    /// Whether the list could not be read at all, so that nothing in it is worth missing.
    pub(super) is_unreadable: bool,
    pub(super) errors: &'a Errors,
}

impl<'a> Arguments<'a> {
    /// Reads the arguments of `attribute`, called `name`, whose legal keys are `known`.
    pub(super) fn of_attribute(
        name: &'static str,
        attribute: &Attribute,
        known: &[&str],
        errors: &'a Errors,
    ) -> Self {
        let tokens = match &attribute.meta {
            Meta::Path(_) => TokenStream::new(),
            Meta::List(list) => list.tokens.clone(),
            Meta::NameValue(pair) => {
                errors.push(
                    pair,
                    format!("`#[{name}]` takes a list"),
                    format!("write `#[{name}(key = value)]`"),
                );
                TokenStream::new()
            }
        };
        let span = attribute
            .path()
            .segments
            .last()
            .map_or_else(Span::call_site, |last| last.ident.span());
        let is_unreadable = matches!(attribute.meta, Meta::NameValue(_));
        Self {
            is_unreadable,
            ..Self::of_tokens(name, span, tokens, known, errors)
        }
    }

    /// Reads `tokens` as the arguments of the attribute called `name`, which stands at `span`.
    pub(super) fn of_tokens(
        name: &'static str,
        span: Span,
        tokens: TokenStream,
        known: &[&str],
        errors: &'a Errors,
    ) -> Self {
        let mut entries: Vec<(Ident, Option<Expr>)> = Vec::new();
        let parser = |input: ParseStream<'_>| {
            while !input.is_empty() {
                match parse_entry(input) {
                    Ok(entry) => accept(name, entry, known, &mut entries, errors),
                    Err(error) => {
                        errors.push_syntax(error);
                        skip_to_comma(input)?;
                    }
                }
                if !input.is_empty() && input.parse::<Token![,]>().is_err() {
                    errors.push_at(
                        input.span(),
                        format!("the arguments of `#[{name}]` are not separated"),
                        "put a comma before this",
                    );
                    skip_to_comma(input)?;
                    input.parse::<Option<Token![,]>>()?;
                }
            }
            Ok(())
        };
        if let Err(error) = parser.parse2(tokens) {
            errors.push_syntax(error);
        }
        Self {
            attribute: name,
            span,
            entries,
            is_unreadable: false,
            errors,
        }
    }

    /// Where the attribute stands.
    pub(super) const fn span(&self) -> Span {
        self.span
    }

    /// The key as it was written, if it was.
    pub(super) fn key(&self, key: &str) -> Option<&Ident> {
        self.entries
            .iter()
            .map(|(name, _)| name)
            .find(|name| *name == key)
    }

    /// The value of `key`: outer `None` when the key is absent, inner when it stands alone.
    pub(super) fn value(&self, key: &str) -> Option<(&Ident, Option<&Expr>)> {
        self.entries
            .iter()
            .find(|(name, _)| name == key)
            .map(|(name, value)| (name, value.as_ref()))
    }
}

fn parse_entry(input: ParseStream<'_>) -> syn::Result<(Ident, Option<Expr>)> {
    let key = input.call(Ident::parse_any)?;
    let value = if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        Some(ungroup(input.parse()?))
    } else {
        None
    };
    Ok((key, value))
}

fn accept(
    attribute: &str,
    (key, value): (Ident, Option<Expr>),
    known: &[&str],
    entries: &mut Vec<(Ident, Option<Expr>)>,
    errors: &Errors,
) {
    let name = key.to_string();
    if !known.contains(&name.as_str()) {
        let what = format!("`#[{attribute}]` has no argument `{name}`");
        errors.push(&key, what, suggest::help(&name, known));
    } else if entries.iter().any(|(other, _)| *other == key) {
        errors.push(
            &key,
            format!("`{name}` is given twice"),
            "keep one of the two",
        );
    } else {
        entries.push((key, value));
    }
}

/// What a `macro_rules!` macro passes on comes in an invisible group.
fn ungroup(expression: Expr) -> Expr {
    match expression {
        Expr::Group(group) => ungroup(*group.expr),
        other => other,
    }
}

/// Drops tokens up to the next comma, so that what follows it is still read.
fn skip_to_comma(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<proc_macro2::TokenTree>()?;
    }
    Ok(())
}
