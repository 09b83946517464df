//! What can be told of a type by its spelling: optional, fallible, borrowed.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{
    GenericArgument, Lifetime, PathArguments, PathSegment, Type, TypeImplTrait, TypePath,
    TypeReference,
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

/// Writes the plugin's type where an author wrote `Self`, which means something else in a shim.
pub(crate) fn replace_self(ty: &mut Type, own: &Type) {
    SelfReplacer(own).visit_type_mut(ty);
}

fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match ty {
        Type::Path(TypePath {
            qself: None, path, ..
        }) => path.segments.last(),
        Type::Paren(inner) => last_segment(&inner.elem),
        Type::Group(inner) => last_segment(&inner.elem),
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

struct SelfReplacer<'a>(&'a Type);

impl VisitMut for SelfReplacer<'_> {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        if let Type::Path(TypePath {
            qself: None, path, ..
        }) = ty
            && path.is_ident("Self")
        {
            *ty = self.0.clone();
        } else {
            visit_mut::visit_type_mut(self, ty);
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
    fn self_is_replaced_inside_of_generics() {
        let mut ty: Type = parse_quote!(Vec<Self>);
        replace_self(&mut ty, &parse_quote!(Notes));
        assert_eq!(ty, parse_quote!(Vec<Notes>));
    }
}
