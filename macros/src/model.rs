//! What an impl block says, read but not yet judged.

use proc_macro2::Span;
use syn::{Attribute, Ident, LitStr, Type};

use crate::attribute::{
    arg::ArgArguments, completion::CompletionArguments, plugin::PluginArguments,
    prompt::PromptArguments, resource::ResourceArguments, tool::ToolArguments,
};

/// A whole plugin.
#[derive(Debug)]
pub(crate) struct Plugin {
    /// What `#[plugin(…)]` says.
    pub(crate) arguments: PluginArguments,
    /// The doc comment of the impl block.
    pub(crate) description: String,
    /// The type the block is for.
    pub(crate) self_ty: Type,
    /// The tools, in order; likewise the rest.
    pub(crate) tools: Vec<Tool>,
    pub(crate) resources: Vec<Resource>,
    pub(crate) prompts: Vec<Prompt>,
    pub(crate) completions: Vec<Completion>,
}

/// A function marked `#[tool]`.
#[derive(Debug)]
pub(crate) struct Tool {
    pub(crate) arguments: ToolArguments,
    pub(crate) function: Function,
}

/// A function marked `#[resource]`.
#[derive(Debug)]
pub(crate) struct Resource {
    pub(crate) arguments: ResourceArguments,
    pub(crate) function: Function,
}

/// A function marked `#[prompt]`.
#[derive(Debug)]
pub(crate) struct Prompt {
    pub(crate) arguments: PromptArguments,
    pub(crate) function: Function,
}

/// A function marked `#[completion]`.
#[derive(Debug)]
pub(crate) struct Completion {
    pub(crate) arguments: CompletionArguments,
    pub(crate) function: Function,
}

/// A marked function of the impl block.
#[derive(Debug)]
pub(crate) struct Function {
    /// The function's name.
    pub(crate) ident: Ident,
    /// Its doc comment.
    pub(crate) description: String,
    /// The `#[cfg(…)]` attributes on it, which everything generated for it repeats.
    pub(crate) cfgs: Vec<Attribute>,
    /// Whether it is `async`.
    pub(crate) is_async: bool,
    /// What comes after `&self`, in order.
    pub(crate) inputs: Vec<Input>,
    /// What it returns.
    pub(crate) output: Output,
}

/// A parameter after `&self`.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "a handful exist, for the time of one expansion"
)]
pub(crate) enum Input {
    /// `&Context`.
    Context,
    /// `&Blocking`.
    Blocking,
    /// A value the caller sends.
    Value(Parameter),
}

/// A value the caller sends.
#[derive(Debug)]
pub(crate) struct Parameter {
    /// The parameter's identifier.
    pub(crate) ident: Ident,
    /// The argument's name on the wire.
    pub(crate) name: String,
    /// Its doc comment.
    pub(crate) description: String,
    /// Its type as it was written.
    pub(crate) ty: Type,
    /// The `T` when the type is `Option<T>`.
    pub(crate) optional: Option<Type>,
    /// Where its `#[arg]` stands, if it has one.
    pub(crate) arg: Option<Span>,
    /// What that says.
    pub(crate) arguments: ArgArguments,
}

/// What a function returns.
#[derive(Debug)]
pub(crate) struct Output {
    /// The type, or the `T` of `Result<T, E>`.
    pub(crate) value: Type,
    /// The `E`, when it is spelt out.
    pub(crate) error: Option<Type>,
    /// Whether it is a `Result`.
    pub(crate) is_fallible: bool,
}

impl Function {
    /// The parameters that the caller sends, in order.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = &Parameter> {
        self.inputs.iter().filter_map(|input| match input {
            Input::Context | Input::Blocking => None,
            Input::Value(parameter) => Some(parameter),
        })
    }

    /// Whether it takes a `&Context`.
    pub(crate) fn takes_context(&self) -> bool {
        self.inputs
            .iter()
            .any(|input| matches!(input, Input::Context))
    }

    /// The public name: the one given, or the function's own.
    pub(crate) fn public_name(&self, given: Option<&LitStr>) -> LitStr {
        given
            .cloned()
            .unwrap_or_else(|| LitStr::new(&unraw(&self.ident), self.ident.span()))
    }
}

impl Parameter {
    /// Whether a caller must send it.
    pub(crate) const fn is_required(&self) -> bool {
        self.optional.is_none() && self.arguments.default.is_none()
    }

    /// The type without its `Option`.
    pub(crate) fn inner_type(&self) -> &Type {
        self.optional.as_ref().unwrap_or(&self.ty)
    }
}

/// The text of an identifier, without the `r#` of a raw one.
pub(crate) fn unraw(ident: &Ident) -> String {
    let text = ident.to_string();
    text.strip_prefix("r#").map_or(text.clone(), str::to_owned)
}
