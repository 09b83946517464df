//! One parameter: `&Context`, `&Blocking`, or a value the caller sends.

use syn::{Attribute, FnArg, Ident, ImplItemFn, Pat, PatType, Type, spanned::Spanned};

use crate::{
    attribute::arg::ArgArguments,
    doc,
    errors::Errors,
    model::{Input, Parameter, unraw},
    types,
};

const PARAMETER_FORM: &str = "write a plain parameter: `name: Type`";

/// Reads one parameter of a function marked as a `kind`, and strips it of what is ours.
pub(super) fn read(
    kind: &str,
    typed: &mut PatType,
    self_ty: &Type,
    errors: &Errors,
) -> Option<Input> {
    let description = doc::description(&typed.attrs, errors);
    let mut arg: Option<Attribute> = None;
    typed.attrs.retain(|attribute| {
        if attribute.path().is_ident("arg") {
            if arg.is_some() {
                errors.push(
                    attribute,
                    "a second `#[arg]` on one parameter",
                    "join the two with a comma",
                );
            }
            arg.get_or_insert_with(|| attribute.clone());
            return false;
        }
        if attribute.path().is_ident("cfg") {
            errors.push(
                attribute,
                "a parameter cannot depend on `#[cfg]`",
                "put the `#[cfg]` on the whole function",
            );
            return false;
        }
        !attribute.path().is_ident("doc")
    });
    if is_lent(&typed.ty, "Context", "the context is", errors)? {
        return Some(Input::Context);
    }
    if is_lent(&typed.ty, "Blocking", "the threads for waiting are", errors)? {
        return Some(Input::Blocking);
    }
    let ident = parameter_ident(&typed.pat, errors)?;
    if let Some((tokens, what)) = types::unreadable(&typed.ty) {
        errors.push(
            tokens,
            format!("{what} cannot be read from a request"),
            "take an owned, concrete type: `String` instead of `&str`, `Vec<T>` instead of `&[T]`",
        );
        return None;
    }
    let arguments = arg
        .as_ref()
        .map(|arg| ArgArguments::parse(arg, self_ty, errors))
        .unwrap_or_default();
    if let Some(arg) = &arg
        && kind != "tool"
    {
        errors.push(
            arg.path(),
            format!("`#[arg]` is for the parameters of a tool, and this is a {kind}"),
            "remove it; an argument that may be absent is an `Option<String>`",
        );
    }
    let mut ty = (*typed.ty).clone();
    types::replace_self_in_type(&mut ty, self_ty);
    Some(Input::Value(Parameter {
        name: arguments
            .name
            .as_ref()
            .map_or_else(|| unraw(&ident), syn::LitStr::value),
        ident,
        description,
        optional: types::option_inner(&ty).cloned(),
        ty,
        arg: arg.map(|arg| arg.path().span()),
        arguments,
    }))
}

/// `Some(true)` for a reference to the SDK's type `name`, which errors call `what`; `None` after an error.
fn is_lent(ty: &Type, name: &str, what: &str, errors: &Errors) -> Option<bool> {
    match ty {
        Type::Reference(reference) if types::is_named(&reference.elem, name) => {
            if reference.mutability.is_some() {
                errors.push(ty, format!("{what} shared"), format!("take `&{name}`"));
                return None;
            }
            Some(true)
        }
        other if types::is_named(other, name) => {
            errors.push(
                other,
                format!("{what} borrowed for the call"),
                format!("take `&{name}`"),
            );
            None
        }
        _ => Some(false),
    }
}

fn parameter_ident(pattern: &Pat, errors: &Errors) -> Option<Ident> {
    match pattern {
        Pat::Ident(pattern) if pattern.by_ref.is_none() && pattern.subpat.is_none() => {
            Some(pattern.ident.clone())
        }
        Pat::Wild(wild) => {
            errors.push(
                wild,
                "a parameter without a name cannot be sent",
                "give it a name, or remove it",
            );
            None
        }
        other => {
            errors.push(
                other,
                "a pattern has no name that a caller could use",
                PARAMETER_FORM,
            );
            None
        }
    }
}

/// Reports `#[arg]` in a function that is no tool, where the compiler would only find it unknown.
pub(crate) fn refuse_stray_arguments(function: &mut ImplItemFn, errors: &Errors) {
    for argument in &mut function.sig.inputs {
        let FnArg::Typed(typed) = argument else {
            continue;
        };
        typed.attrs.retain(|attribute| {
            let is_ours = attribute.path().is_ident("arg");
            if is_ours {
                errors.push(
                    attribute.path(),
                    format!(
                        "`{}` is not a tool, so `#[arg]` says nothing here",
                        function.sig.ident
                    ),
                    "mark the function `#[tool(scope = \"…\")]`, or remove `#[arg]`",
                );
            }
            !is_ours
        });
    }
}
