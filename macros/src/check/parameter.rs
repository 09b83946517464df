//! One parameter: described, and with limits that some value can meet.

use syn::{Expr, ExprLit, ExprUnary, Lit, UnOp};

use crate::{errors::Errors, model::Parameter};

/// Reports a parameter without a doc comment.
pub(super) fn described(parameter: &Parameter, errors: &Errors) {
    if parameter.description.is_empty() {
        errors.push(
            &parameter.ident,
            format!("the parameter `{}` has no description", parameter.name),
            "write a doc comment above it: `/// What to pass here.`",
        );
    }
}

/// Reports limits and defaults that contradict each other.
pub(super) fn check(parameter: &Parameter, errors: &Errors) {
    let arguments = &parameter.arguments;
    if let (Some(default), Some(_)) = (&arguments.default, &parameter.optional) {
        errors.push(
            &default.key,
            "an `Option` that is absent is `None`, so it has no other default",
            format!(
                "remove `default`, or take a plain type instead of the `Option` for `{}`",
                parameter.name
            ),
        );
    }
    ordered(
        arguments.minimum.as_ref(),
        arguments.maximum.as_ref(),
        errors,
    );
    ordered(
        arguments.min_length.as_ref(),
        arguments.max_length.as_ref(),
        errors,
    );
    let default = arguments
        .default
        .as_ref()
        .and_then(|default| default.value.as_ref());
    check_default(
        default,
        arguments.minimum.as_ref(),
        arguments.maximum.as_ref(),
        number,
        errors,
    );
    check_default(
        default,
        arguments.min_length.as_ref(),
        arguments.max_length.as_ref(),
        length,
        errors,
    );
}

fn ordered(least: Option<&Expr>, most: Option<&Expr>, errors: &Errors) {
    if let (Some(least), Some(most)) = (least, most)
        && let (Some(low), Some(high)) = (number(least), number(most))
        && low > high
    {
        errors.push(
            most,
            "no value lies between these limits",
            "exchange the two",
        );
    }
}

fn check_default(
    default: Option<&Expr>,
    least: Option<&Expr>,
    most: Option<&Expr>,
    measure: fn(&Expr) -> Option<f64>,
    errors: &Errors,
) {
    let Some(default) = default else { return };
    let Some(measured) = measure(default) else {
        return;
    };
    let is_low = least.and_then(number).is_some_and(|least| measured < least);
    let is_high = most.and_then(number).is_some_and(|most| measured > most);
    if is_low || is_high {
        errors.push(
            default,
            "the default is outside of the limits",
            "choose one that a caller could have sent",
        );
    }
}

/// The value of a number literal. Exact enough to compare limits people write.
fn number(expression: &Expr) -> Option<f64> {
    match expression {
        Expr::Lit(ExprLit {
            lit: Lit::Int(int), ..
        }) => int.base10_parse().ok(),
        Expr::Lit(ExprLit {
            lit: Lit::Float(float),
            ..
        }) => float.base10_parse().ok(),
        Expr::Unary(ExprUnary {
            op: UnOp::Neg(_),
            expr,
            ..
        }) => number(expr).map(|value| -value),
        _ => None,
    }
}

/// The number of characters of a string literal.
fn length(expression: &Expr) -> Option<f64> {
    match expression {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => u32::try_from(text.value().chars().count())
            .ok()
            .map(f64::from),
        _ => None,
    }
}
