//! What stands between the parentheses of an attribute: `key`, `key = value`, separated by commas.
//!
//! In the room: the one grammar all attributes share. Each attribute's own keys are in the file
//! named after it.

pub(crate) mod arg;
pub(crate) mod completion;
pub(crate) mod plugin;
pub(crate) mod prompt;
pub(crate) mod resource;
pub(crate) mod tool;

use proc_macro2::{Span, TokenStream};
use syn::{
    Attribute, Expr, ExprLit, Ident, Lit, LitStr, Meta, Path, Token,
    ext::IdentExt,
    parse::{ParseStream, Parser},
};

use crate::{
    errors::Errors,
    names::{self, Milliseconds, NAME_FORM, SCOPE_FORM},
    suggest,
};

/// A flag and the token that set it.
#[derive(Clone, Debug)]
pub(crate) struct Flag {
    /// What it was set to; a bare `key` means `true`.
    pub(crate) value: bool,
    /// Where.
    pub(crate) key: Ident,
}

/// The arguments of one attribute, each key known and used once.
#[derive(Debug)]
pub(crate) struct Arguments<'a> {
    attribute: &'static str,
    span: Span,
    entries: Vec<(Ident, Option<Expr>)>,
    /// Whether the list could not be read at all, so that nothing in it is worth missing.
    is_unreadable: bool,
    errors: &'a Errors,
}

impl<'a> Arguments<'a> {
    /// Reads the arguments of `attribute`, called `name`, whose legal keys are `known`.
    pub(crate) fn of_attribute(
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
    pub(crate) fn of_tokens(
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
    pub(crate) const fn span(&self) -> Span {
        self.span
    }

    /// The key as it was written, if it was.
    pub(crate) fn key(&self, key: &str) -> Option<&Ident> {
        self.entries
            .iter()
            .map(|(name, _)| name)
            .find(|name| *name == key)
    }

    /// The value of `key`: outer `None` when the key is absent, inner when it stands alone.
    fn value(&self, key: &str) -> Option<(&Ident, Option<&Expr>)> {
        self.entries
            .iter()
            .find(|(name, _)| name == key)
            .map(|(name, value)| (name, value.as_ref()))
    }

    /// A string literal.
    pub(crate) fn string(&self, key: &str) -> Option<LitStr> {
        let (name, value) = self.value(key)?;
        if let Some(Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        })) = value
        {
            return Some(text.clone());
        }
        let fix = format!("write `{key} = \"…\"`");
        match value {
            Some(other) => self
                .errors
                .push(other, format!("`{key}` takes a string literal"), fix),
            None => self
                .errors
                .push(name, format!("`{key}` needs a value"), fix),
        }
        None
    }

    /// A string literal with something other than spaces in it.
    pub(crate) fn text(&self, key: &str) -> Option<LitStr> {
        let text = self.string(key)?;
        if text.value().trim().is_empty() {
            self.errors.push(
                &text,
                format!("this `{key}` is empty"),
                "write one, or leave the key out",
            );
            return None;
        }
        Some(text)
    }

    /// `key`, `key = true` or `key = false`.
    pub(crate) fn flag(&self, key: &str) -> Option<Flag> {
        let (name, value) = self.value(key)?;
        match value {
            None => Some(Flag {
                value: true,
                key: name.clone(),
            }),
            Some(Expr::Lit(ExprLit {
                lit: Lit::Bool(flag),
                ..
            })) => Some(Flag {
                value: flag.value,
                key: name.clone(),
            }),
            Some(other) => {
                self.errors.push(
                    other,
                    format!("`{key}` is a flag"),
                    format!("write `{key}` or `{key} = false`"),
                );
                None
            }
        }
    }

    /// The path of a function.
    pub(crate) fn path(&self, key: &str) -> Option<Path> {
        let (name, value) = self.value(key)?;
        if let Some(Expr::Path(path)) = value
            && path.qself.is_none()
        {
            return Some(path.path.clone());
        }
        let fix =
            format!("write `{key} = path::to::function`, without quotes and without parentheses");
        match value {
            Some(other) => {
                self.errors
                    .push(other, format!("`{key}` takes the path of a function"), fix);
            }
            None => self
                .errors
                .push(name, format!("`{key}` needs a value"), fix),
        }
        None
    }

    /// Any expression; an error when the key stands alone.
    pub(crate) fn expression(&self, key: &str) -> Option<Expr> {
        let (name, value) = self.value(key)?;
        if value.is_none() {
            self.errors.push(
                name,
                format!("`{key}` needs a value"),
                format!("write `{key} = …`"),
            );
        }
        value.cloned()
    }

    /// Any expression; none when the key is absent or stands alone.
    pub(crate) fn optional_expression(&self, key: &str) -> Option<Expr> {
        self.value(key)?.1.cloned()
    }

    /// The scope, which every tool, resource and prompt must declare. `subject` is what declares it.
    pub(crate) fn scope(&self, subject: &str) -> Option<LitStr> {
        if self.is_unreadable {
            return None;
        }
        if self.key("scope").is_none() {
            self.errors.push_at(
                self.span,
                format!("{subject} declares no scope, so nobody could be allowed to use it"),
                format!(
                    "say what a caller must hold: `#[{}(scope = \"read\")]`",
                    self.attribute
                ),
            );
            return None;
        }
        let scope = self.string("scope")?;
        if !names::is_scope(&scope.value()) {
            let what = format!("{:?} is not a scope", scope.value());
            self.errors
                .push(&scope, what, format!("a scope is {SCOPE_FORM}"));
            return None;
        }
        Some(scope)
    }

    /// A name that clients accept.
    pub(crate) fn name(&self, key: &str) -> Option<LitStr> {
        let name = self.string(key)?;
        if !names::is_name(&name.value()) {
            let what = format!("{:?} is not a name that clients accept", name.value());
            self.errors
                .push(&name, what, format!("a name is {NAME_FORM}"));
            return None;
        }
        Some(name)
    }

    /// A time limit.
    pub(crate) fn timeout(&self) -> Option<Milliseconds> {
        let text = self.string("timeout")?;
        let timeout = names::parse_timeout(&text.value());
        if timeout.is_none() {
            self.errors.push(
                &text,
                format!("{:?} is not a time limit", text.value()),
                "write a whole number and a unit: \"500ms\", \"5s\", \"2m\" or \"1h\"",
            );
        }
        timeout
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
