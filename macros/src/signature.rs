//! The signature of a marked function: `&self`, an optional `&Context`, and values.

use syn::{
    Attribute, FnArg, Ident, ImplItemFn, Pat, PatType, Receiver, ReceiverKind, ReturnType, Safety,
    Type, spanned::Spanned,
};

use crate::{
    attribute::arg::ArgArguments,
    doc,
    errors::Errors,
    model::{Function, Input, Output, Parameter, unraw},
    types,
};

const PARAMETER_FORM: &str = "write a plain parameter: `name: Type`";

/// Reads `function`, marked as a `kind`, and strips its parameters of what is ours.
pub(crate) fn function(
    kind: &str,
    function: &mut ImplItemFn,
    self_ty: &Type,
    errors: &Errors,
) -> Function {
    let signature = &function.sig;
    check_modifiers(kind, function, errors);
    check_receiver(kind, signature.receiver(), &signature.ident, errors);
    let ident = signature.ident.clone();
    let is_async = signature.asyncness.is_some();
    let output = output(kind, &signature.output, self_ty, errors);
    let mut inputs = Vec::new();
    let mut context: Option<()> = None;
    for argument in &mut function.sig.inputs {
        let FnArg::Typed(typed) = argument else {
            continue;
        };
        match input(kind, typed, self_ty, errors) {
            Some(Input::Context) if context.replace(()).is_some() => errors.push(
                &*typed,
                "the context is asked for twice",
                "remove one of the two `&Context` parameters",
            ),
            Some(input) => inputs.push(input),
            None => {}
        }
    }
    Function {
        ident,
        description: doc::description(&function.attrs, errors),
        cfgs: function
            .attrs
            .iter()
            .filter(|attribute| attribute.path().is_ident("cfg"))
            .cloned()
            .collect(),
        is_async,
        inputs,
        output,
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

fn check_modifiers(kind: &str, function: &ImplItemFn, errors: &Errors) {
    let signature = &function.sig;
    if !signature.generics.params.is_empty() {
        errors.push(
            &signature.generics,
            format!("a {kind} has no type parameters and no lifetimes"),
            "name concrete types: a request decides nothing at compile time",
        );
    }
    if let Some(clause) = &signature.generics.where_clause {
        errors.push(clause, format!("a {kind} has no where clause"), "remove it");
    }
    if let Safety::Unsafe(token) = &signature.safety {
        errors.push(
            token,
            format!("a {kind} is not unsafe: anyone may call it"),
            "remove `unsafe`",
        );
    }
    if let Some(abi) = &signature.abi {
        errors.push(
            abi,
            format!("a {kind} is a plain Rust function"),
            "remove the ABI",
        );
    }
}

fn check_receiver(kind: &str, receiver: Option<&Receiver>, ident: &Ident, errors: &Errors) {
    let Some(receiver) = receiver else {
        let what = format!("the {kind} `{}` does not take `&self`", unraw(ident));
        errors.push(ident, what, "make `&self` its first parameter");
        return;
    };
    let fix = match &receiver.kind {
        ReceiverKind::Reference(_, None, None) => return,
        ReceiverKind::Reference(_, _, Some(_)) => {
            "take `&self`, and keep what changes in a lock: calls run at the same time"
        }
        _ => "take `&self`: the plugin outlives the call",
    };
    errors.push(receiver, format!("a {kind} borrows its plugin"), fix);
}

fn input(kind: &str, typed: &mut PatType, self_ty: &Type, errors: &Errors) -> Option<Input> {
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
    if is_context(&typed.ty, errors)? {
        return Some(Input::Context);
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
        .map(|arg| ArgArguments::parse(arg, errors))
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
    types::replace_self(&mut ty, self_ty);
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

/// `Some(true)` for `&Context`; `None` after an error.
fn is_context(ty: &Type, errors: &Errors) -> Option<bool> {
    match ty {
        Type::Reference(reference) if types::is_named(&reference.elem, "Context") => {
            if reference.mutability.is_some() {
                errors.push(ty, "the context is shared", "take `&Context`");
                return None;
            }
            Some(true)
        }
        other if types::is_named(other, "Context") => {
            errors.push(
                other,
                "the context is borrowed for the call",
                "take `&Context`",
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

fn output(kind: &str, output: &ReturnType, self_ty: &Type, errors: &Errors) -> Output {
    let ReturnType::Type(_, ty) = output else {
        return Output {
            value: syn::parse_quote!(()),
            error: None,
            is_fallible: false,
        };
    };
    let mut ty = (**ty).clone();
    if let Some((tokens, what)) = types::unreturnable(&ty) {
        errors.push(
            tokens,
            format!("{what} cannot be the result of a {kind}"),
            "name a concrete, owned type",
        );
    }
    types::replace_self(&mut ty, self_ty);
    match types::result_parts(&ty) {
        Some((value, error)) => Output {
            value: value.clone(),
            error: error.cloned(),
            is_fallible: true,
        },
        None => Output {
            value: ty,
            error: None,
            is_fallible: false,
        },
    }
}
