//! `#[tool(scope = "…", …)]`.

use syn::{Attribute, LitStr, Path};

use super::{Arguments, Flag};
use crate::{
    errors::Errors,
    names::{Milliseconds, Rate},
};

const KEYS: &[&str] = &[
    "scope",
    "title",
    "name",
    "read_only",
    "destructive",
    "idempotent",
    "open_world",
    "timeout",
    "cache",
    "gate",
    "rate",
    "input_schema",
];

/// What the attribute on a tool says.
#[derive(Debug)]
pub(crate) struct ToolArguments {
    /// What a caller must hold; `None` only after an error.
    pub(crate) scope: Option<LitStr>,
    /// A title for people.
    pub(crate) title: Option<LitStr>,
    /// The name, when it is not the function's.
    pub(crate) name: Option<LitStr>,
    /// The four hints, all decided.
    pub(crate) hints: HintArguments,
    /// How long a call may take.
    pub(crate) timeout: Option<Milliseconds>,
    /// How long an answer may be given again.
    pub(crate) cache: Option<Milliseconds>,
    /// The gate in front of it.
    pub(crate) gate: Option<LitStr>,
    /// How often each caller may call it.
    pub(crate) rate: Option<Rate>,
    /// The function that returns the input schema, when the author wrote it by hand.
    pub(crate) input_schema: Option<Path>,
}

/// The hints a client sees. They are never left to the client's own defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the protocol has four independent flags"
)]
pub(crate) struct HintArguments {
    /// Changes nothing.
    pub(crate) read_only: bool,
    /// May destroy or overwrite; unless told, whatever is not read-only may.
    pub(crate) destructive: bool,
    /// Calling twice is the same as once; unless told, only what is read-only.
    pub(crate) idempotent: bool,
    /// Talks to the world outside.
    pub(crate) open_world: bool,
}

impl ToolArguments {
    /// Reads the attribute of the function called `function`.
    pub(crate) fn parse(attribute: &Attribute, function: &str, errors: &Errors) -> Self {
        let arguments = Arguments::of_attribute("tool", attribute, KEYS, errors);
        let hints = hints(&arguments, errors);
        Self {
            scope: arguments.scope(&format!("the tool `{function}`")),
            title: arguments.text("title"),
            name: arguments.name("name"),
            hints,
            timeout: arguments.timeout(),
            cache: cache(&arguments, hints.read_only, errors),
            gate: arguments.gate(),
            rate: arguments.rate(),
            input_schema: arguments.path("input_schema"),
        }
    }
}

/// Only what changes nothing may be left undone, and who asks behind a gate wants to know now.
fn cache(arguments: &Arguments<'_>, read_only: bool, errors: &Errors) -> Option<Milliseconds> {
    let (time, text) = arguments.cache()?;
    if !read_only {
        errors.push(
            &text,
            "a tool that may change something must run each time it is called",
            "add `read_only` if it changes nothing, or remove `cache`",
        );
    }
    if arguments.key("gate").is_some() {
        errors.push(
            &text,
            "the answers of a tool behind a gate are not kept",
            "remove `cache` or `gate`",
        );
    }
    Some(time)
}

fn hints(arguments: &Arguments<'_>, errors: &Errors) -> HintArguments {
    let value = |flag: &Option<Flag>| flag.as_ref().map(|flag| flag.value);
    let read_only = value(&arguments.flag("read_only")).unwrap_or(false);
    let destructive = arguments.flag("destructive");
    if let Some(flag) = &destructive
        && flag.value
        && read_only
    {
        errors.push(
            &flag.key,
            "a read-only tool cannot be destructive",
            "remove `read_only` or `destructive`: clients run read-only tools without asking",
        );
    }
    HintArguments {
        read_only,
        destructive: value(&destructive).unwrap_or(!read_only),
        idempotent: value(&arguments.flag("idempotent")).unwrap_or(read_only),
        open_world: value(&arguments.flag("open_world")).unwrap_or(false),
    }
}
