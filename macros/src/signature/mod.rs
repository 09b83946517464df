//! The signature of a marked function: `&self`, an optional `&Context` and `&Blocking`, and values.

mod input;

pub(crate) use input::refuse_stray_arguments;

use syn::{FnArg, Ident, ImplItemFn, Receiver, ReceiverKind, ReturnType, Safety, Type};

use crate::{
    doc,
    errors::Errors,
    model::{Function, Input, Output, unraw},
    types,
};

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
    for argument in &mut function.sig.inputs {
        let FnArg::Typed(typed) = argument else {
            continue;
        };
        let Some(input) = input::read(kind, typed, self_ty, errors) else {
            continue;
        };
        let has_context = inputs.iter().any(|input| matches!(input, Input::Context));
        if matches!(input, Input::Context) && has_context {
            errors.push(
                &*typed,
                "the context is asked for twice",
                "remove one of the two `&Context` parameters",
            );
        }
        if matches!(input, Input::Blocking) && !is_async {
            errors.push(
                &*typed,
                "a function that is not `async` may wait wherever it likes",
                "remove the parameter, or make the function `async`",
            );
        }
        inputs.push(input);
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
    types::replace_self_in_type(&mut ty, self_ty);
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
