//! Doc comments become descriptions.

use syn::{Attribute, Expr, ExprLit, Lit, Meta};

use crate::errors::Errors;

/// The text of the doc comments among `attributes`; empty when there is none.
///
/// One leading space per line goes, and so do the stars of a block comment; line breaks stay.
pub(crate) fn description(attributes: &[Attribute], errors: &Errors) -> String {
    let mut lines: Vec<String> = Vec::new();
    for attribute in attributes {
        if !attribute.path().is_ident("doc") {
            continue;
        }
        match &attribute.meta {
            Meta::NameValue(pair) => match &pair.value {
                Expr::Lit(ExprLit {
                    lit: Lit::Str(text),
                    ..
                }) => lines.extend(comment_lines(&text.value())),
                other => {
                    errors.push(
                        other,
                        "this description is not known when the macro runs",
                        "write it out as a `///` comment",
                    );
                    // There is one, so nobody need hear that it is missing.
                    lines.push("…".to_owned());
                }
            },
            // `#[doc(hidden)]` and `#[doc(alias = "…")]` say nothing to a client.
            Meta::Path(_) | Meta::List(_) => {}
        }
    }
    lines.join("\n").trim().to_owned()
}

fn comment_lines(text: &str) -> Vec<String> {
    let is_block = text.contains('\n');
    // Not `lines`, which makes none of an empty text.
    text.split('\n')
        .map(|line| {
            let line = if is_block {
                line.trim_start().trim_start_matches('*')
            } else {
                line
            };
            line.strip_prefix(' ').unwrap_or(line).trim_end().to_owned()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse_quote;

    fn read(attributes: &[Attribute]) -> String {
        description(attributes, &Errors::default())
    }

    #[test]
    fn lines_keep_their_order_and_lose_one_space() {
        let attributes = [
            parse_quote!(#[doc = " Adds a note."]),
            parse_quote!(#[doc = ""]),
            parse_quote!(#[doc = "   - indented  "]),
        ];
        assert_eq!(read(&attributes), "Adds a note.\n\n  - indented");
    }

    #[test]
    fn a_block_comment_loses_its_stars() {
        assert_eq!(
            read(&[parse_quote!(#[doc = " Adds.\n     * Twice.\n     "])]),
            "Adds.\nTwice."
        );
    }

    #[test]
    fn what_is_no_description_is_left_out() {
        assert_eq!(
            read(&[parse_quote!(#[doc(hidden)]), parse_quote!(#[inline])]),
            ""
        );
    }

    #[test]
    fn a_description_computed_elsewhere_is_refused() {
        let errors = Errors::default();
        description(&[parse_quote!(#[doc = include_str!("x.md")])], &errors);
        assert!(
            errors.into_vec()[0]
                .to_string()
                .starts_with("this description is not known")
        );
    }
}
