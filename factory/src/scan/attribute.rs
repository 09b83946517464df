//! Attributes and doc comments, read without judging them: the macro does that when it compiles.

use syn::{Attribute, Expr, ExprLit, Lit, Meta, Token, punctuated::Punctuated};

/// The attribute whose path ends in `name`.
pub(super) fn find<'a>(attributes: &'a [Attribute], name: &str) -> Option<&'a Attribute> {
    attributes.iter().find(|attribute| {
        attribute
            .path()
            .segments
            .last()
            .is_some_and(|last| last.ident == name)
    })
}

/// Whether something is only there when testing.
pub(super) fn is_test(attributes: &[Attribute]) -> bool {
    let is_test = |attribute: &Attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .parse_args::<syn::Path>()
                .is_ok_and(|condition| condition.is_ident("test"))
    };
    attributes.iter().any(is_test)
}

/// The text of the doc comments.
pub(super) fn description(attributes: &[Attribute]) -> String {
    let mut lines = Vec::new();
    for attribute in attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("doc"))
    {
        if let Meta::NameValue(pair) = &attribute.meta
            && let Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            }) = &pair.value
        {
            let text = text.value();
            lines.extend(
                text.split('\n')
                    .map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end().to_owned()),
            );
        }
    }
    lines.join("\n").trim().to_owned()
}

/// The list in an attribute: flags, and keys with values.
#[derive(Debug, Default)]
pub(super) struct Arguments(Vec<Meta>);

impl Arguments {
    pub(super) fn of(attribute: &Attribute) -> Self {
        let list = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
        Self(
            list.map(|list| list.into_iter().collect())
                .unwrap_or_default(),
        )
    }

    fn get(&self, key: &str) -> Option<&Meta> {
        self.0.iter().find(|meta| meta.path().is_ident(key))
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    pub(super) fn string(&self, key: &str) -> Option<String> {
        match &self.get(key)?.require_name_value().ok()?.value {
            Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            }) => Some(text.value()),
            _ => None,
        }
    }

    /// `key`, `key = true` or `key = false`.
    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        match self.get(key)? {
            Meta::Path(_) => Some(true),
            Meta::NameValue(pair) => match &pair.value {
                Expr::Lit(ExprLit {
                    lit: Lit::Bool(value),
                    ..
                }) => Some(value.value),
                _ => None,
            },
            Meta::List(_) => None,
        }
    }
}
