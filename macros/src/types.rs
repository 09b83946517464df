//! What can be told of a type by its spelling: optional, fallible, borrowed.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{
    Expr, GenericArgument, Lifetime, Path, PathArguments, PathSegment, Type, TypeImplTrait,
    TypePath, TypeReference,
    visit::{self, Visit},
    visit_mut::{self, VisitMut},
};

/// The `T` of `Option<T>`.
pub(crate) fn option_inner(ty: &Type) -> Option<&Type> {
    let segment = last_segment(ty).filter(|segment| segment.ident == "Option")?;
    match type_arguments(segment).as_slice() {
        [inner] => Some(inner),
        _ => None,
    }
}

/// The `T` and, when it is spelt out, the `E` of `Result<T, E>`; aliases named `Result` included.
pub(crate) fn result_parts(ty: &Type) -> Option<(&Type, Option<&Type>)> {
    let segment = last_segment(ty).filter(|segment| segment.ident == "Result")?;
    match type_arguments(segment).as_slice() {
        [value] => Some((value, None)),
        [value, error] => Some((value, Some(error))),
        _ => None,
    }
}

/// Whether the last segment of the type's path is `name`.
pub(crate) fn is_named(ty: &Type, name: &str) -> bool {
    last_segment(ty).is_some_and(|segment| segment.ident == name)
}

/// The first borrow or `impl Trait` in a type, neither of which can be read from a request.
pub(crate) fn unreadable(ty: &Type) -> Option<(TokenStream, &'static str)> {
    let mut finder = Finder {
        allow_static: false,
        found: None,
    };
    finder.visit_type(ty);
    finder.found
}

/// The first borrow or `impl Trait` in a type, neither of which outlives a call. `'static` does.
pub(crate) fn unreturnable(ty: &Type) -> Option<(TokenStream, &'static str)> {
    let mut finder = Finder {
        allow_static: true,
        found: None,
    };
    finder.visit_type(ty);
    finder.found
}

/// Writes the plugin's type where an author wrote `Self`, which means nothing outside of the impl block.
pub(crate) fn replace_self_in_type(ty: &mut Type, own: &Type) {
    if let Some(path) = path_of(own) {
        SelfReplacer(path).visit_type_mut(ty);
    }
}

/// As [`replace_self_in_type`], for the value of an argument.
pub(crate) fn replace_self_in_expression(expression: &mut Expr, own: &Type) {
    if let Some(path) = path_of(own) {
        SelfReplacer(path).visit_expr_mut(expression);
    }
}

fn last_segment(ty: &Type) -> Option<&PathSegment> {
    path_of(ty)?.segments.last()
}

fn path_of(ty: &Type) -> Option<&Path> {
    match ty {
        Type::Path(TypePath {
            qself: None, path, ..
        }) => Some(path),
        Type::Paren(inner) => path_of(&inner.elem),
        Type::Group(inner) => path_of(&inner.elem),
        _ => None,
    }
}

fn type_arguments(segment: &PathSegment) -> Vec<&Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return Vec::new();
    };
    arguments
        .args
        .iter()
        .filter_map(|argument| match argument {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        })
        .collect()
}

struct Finder {
    allow_static: bool,
    found: Option<(TokenStream, &'static str)>,
}

impl Finder {
    fn note(&mut self, tokens: impl ToTokens, what: &'static str) {
        self.found
            .get_or_insert_with(|| (tokens.into_token_stream(), what));
    }
}

impl<'ast> Visit<'ast> for Finder {
    fn visit_type_reference(&mut self, reference: &'ast TypeReference) {
        let is_static = reference
            .lifetime
            .as_ref()
            .is_some_and(|lifetime| lifetime.ident == "static");
        if self.allow_static && is_static {
            visit::visit_type_reference(self, reference);
        } else {
            self.note(reference, "a borrow");
        }
    }

    fn visit_type_impl_trait(&mut self, ty: &'ast TypeImplTrait) {
        self.note(ty, "an `impl Trait`");
    }

    fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
        if lifetime.ident != "static" {
            self.note(lifetime, "a lifetime");
        }
        visit::visit_lifetime(self, lifetime);
    }
}

struct SelfReplacer<'a>(&'a Path);

impl VisitMut for SelfReplacer<'_> {
    fn visit_path_mut(&mut self, path: &mut Path) {
        visit_mut::visit_path_mut(self, path);
        if path.leading_colon.is_none()
            && path
                .segments
                .first()
                .is_some_and(|first| first.ident == "Self")
        {
            let rest = path.segments.iter().skip(1).cloned();
            path.segments = self.0.segments.iter().cloned().chain(rest).collect();
            path.leading_colon = self.0.leading_colon;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse_quote;

    #[test]
    fn an_option_is_seen_through_its_path() {
        let ty: Type = parse_quote!(std::option::Option<Vec<u8>>);
        assert_eq!(option_inner(&ty), Some(&parse_quote!(Vec<u8>)));
        let ty: Type = parse_quote!(Vec<Option<u8>>);
        assert_eq!(option_inner(&ty), None);
    }

    #[test]
    fn a_result_may_be_an_alias() {
        let ty: Type = parse_quote!(Result<u8, E>);
        assert_eq!(
            result_parts(&ty),
            Some((&parse_quote!(u8), Some(&parse_quote!(E))))
        );
        let ty: Type = parse_quote!(io::Result<u8>);
        assert_eq!(result_parts(&ty), Some((&parse_quote!(u8), None)));
        let ty: Type = parse_quote!(Answer);
        assert_eq!(result_parts(&ty), None);
    }

    #[test]
    fn borrows_are_found_wherever_they_hide() {
        let what = |ty: Type| unreadable(&ty).map(|(_, what)| what);
        assert_eq!(what(parse_quote!(Vec<&'static str>)), Some("a borrow"));
        assert_eq!(what(parse_quote!(Cow<'a, str>)), Some("a lifetime"));
        assert_eq!(
            what(parse_quote!(impl Into<String>)),
            Some("an `impl Trait`")
        );
        assert_eq!(what(parse_quote!(Cow<'static, str>)), None);
        assert!(unreturnable(&parse_quote!(&'static str)).is_none());
        assert!(unreturnable(&parse_quote!(Vec<&str>)).is_some());
    }

    #[test]
    fn self_is_replaced_wherever_it_stands() {
        let own: Type = parse_quote!(notes::Notes);
        let mut ty: Type = parse_quote!(Vec<Self>);
        replace_self_in_type(&mut ty, &own);
        assert_eq!(ty, parse_quote!(Vec<notes::Notes>));
        let mut expression: Expr = parse_quote!(Self::LIMIT + other::<Self>(Self::self_made()));
        replace_self_in_expression(&mut expression, &own);
        let expected: Expr =
            parse_quote!(notes::Notes::LIMIT + other::<notes::Notes>(notes::Notes::self_made()));
        assert_eq!(expression, expected);
    }
}
