//! The accumulator: every problem of an impl block is reported in one compilation.

use std::{cell::RefCell, fmt::Display};

use proc_macro2::Span;
use quote::ToTokens;
use syn::Error;

/// Collects problems, each with the token it is about and the edit that fixes it.
#[derive(Debug, Default)]
pub(crate) struct Errors(RefCell<Vec<Error>>);

impl Errors {
    /// Reports a problem with the code that `tokens` came from.
    pub(crate) fn push(&self, tokens: impl ToTokens, what: impl Display, fix: impl Display) {
        self.0
            .borrow_mut()
            .push(Error::new_spanned(tokens, message(what, fix)));
    }

    /// Reports a problem at a place that has no syntax tree of its own.
    pub(crate) fn push_at(&self, span: Span, what: impl Display, fix: impl Display) {
        self.0
            .borrow_mut()
            .push(Error::new(span, message(what, fix)));
    }

    /// Reports a problem that `syn` found.
    pub(crate) fn push_syntax(&self, error: Error) {
        self.0.borrow_mut().push(error);
    }

    /// Everything reported, in the order of the source as far as it was read in order.
    pub(crate) fn into_vec(self) -> Vec<Error> {
        self.0.into_inner()
    }

    /// Whether nothing was reported.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }
}

/// One sentence of what is wrong, one of what to write instead.
fn message(what: impl Display, fix: impl Display) -> String {
    format!("{what}\nhelp: {fix}")
}
