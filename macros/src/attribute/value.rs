//! The kinds of values: each is read from an expression, or reported at it.

use syn::{Expr, ExprLit, Ident, Lit, LitStr, Path};

use super::Arguments;
use crate::names::{self, GATE_FORM, Milliseconds, NAME_FORM, Rate, SCOPE_FORM};

/// A flag and the token that set it.
#[derive(Clone, Debug)]
pub(super) struct Flag {
    /// What it was set to; a bare `key` means `true`.
    pub(super) value: bool,
    /// Where.
    pub(super) key: Ident,
}

impl Arguments<'_> {
    /// A string literal.
    pub(super) fn string(&self, key: &str) -> Option<LitStr> {
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
    pub(super) fn text(&self, key: &str) -> Option<LitStr> {
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
    pub(super) fn flag(&self, key: &str) -> Option<Flag> {
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
    pub(super) fn path(&self, key: &str) -> Option<Path> {
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
    pub(super) fn expression(&self, key: &str) -> Option<Expr> {
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

    /// Whether the key stands alone.
    pub(super) fn is_bare(&self, key: &str) -> bool {
        matches!(self.value(key), Some((_, None)))
    }

    /// The scope, which every tool, resource and prompt must declare. `subject` is what declares it.
    pub(super) fn scope(&self, subject: &str) -> Option<LitStr> {
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
    pub(super) fn name(&self, key: &str) -> Option<LitStr> {
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
    pub(super) fn timeout(&self) -> Option<Milliseconds> {
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

    /// How long an answer may be kept, and the literal that says it.
    pub(super) fn cache(&self) -> Option<(Milliseconds, LitStr)> {
        let text = self.string("cache")?;
        let Some(time) = names::parse_cache(&text.value()) else {
            self.errors.push(
                &text,
                format!("{:?} is not a time that answers are kept for", text.value()),
                "write a whole number and a unit, at most a day: \"500ms\", \"60s\", \"5m\" or \"24h\"",
            );
            return None;
        };
        Some((time, text))
    }

    /// The name of a gate.
    pub(super) fn gate(&self) -> Option<LitStr> {
        let gate = self.string("gate")?;
        if !names::is_word(&gate.value()) {
            let what = format!("{:?} is not the name of a gate", gate.value());
            self.errors
                .push(&gate, what, format!("a gate is {GATE_FORM}"));
            return None;
        }
        Some(gate)
    }

    /// How often each caller may call.
    pub(super) fn rate(&self) -> Option<Rate> {
        let text = self.string("rate")?;
        let rate = names::parse_rate(&text.value());
        if rate.is_none() {
            self.errors.push(
                &text,
                format!("{:?} is not a rate", text.value()),
                "write how many calls in which time, at most a day: \"10/s\", \"100/m\", \"5/h\" or \"1/30s\"",
            );
        }
        rate
    }
}
