//! `#[plugin(name = "…", stateless, declares)]`.

use proc_macro2::{Span, TokenStream};
use syn::LitStr;

use super::Arguments;
use crate::{
    errors::Errors,
    names::{self, PLUGIN_FORM},
};

const KEYS: &[&str] = &["name", "stateless", "declares"];

/// What the attribute on the impl block says.
#[derive(Debug)]
pub(crate) struct PluginArguments {
    /// The plugin's own name; `None` only after an error.
    pub(crate) name: Option<LitStr>,
    /// Whether the type is started by `Default::default()` and has no settings.
    pub(crate) stateless: bool,
    /// Whether a manifest may declare tools for it.
    pub(crate) declares: bool,
}

impl PluginArguments {
    /// Reads the tokens between the parentheses.
    pub(crate) fn parse(tokens: TokenStream, errors: &Errors) -> Self {
        let arguments = Arguments::of_tokens("plugin", Span::call_site(), tokens, KEYS, errors);
        Self {
            name: name(&arguments, errors),
            stateless: arguments.flag("stateless").is_some_and(|flag| flag.value),
            declares: arguments.flag("declares").is_some_and(|flag| flag.value),
        }
    }
}

fn name(arguments: &Arguments<'_>, errors: &Errors) -> Option<LitStr> {
    if arguments.key("name").is_none() {
        errors.push_at(
            arguments.span(),
            "this plugin has no name",
            "write `#[plugin(name = \"notes\")]`",
        );
        return None;
    }
    let name = arguments.string("name")?;
    if !names::is_plugin_name(&name.value()) {
        let what = format!("{:?} cannot name a plugin", name.value());
        errors.push(&name, what, format!("a plugin's name is {PLUGIN_FORM}"));
        return None;
    }
    Some(name)
}
