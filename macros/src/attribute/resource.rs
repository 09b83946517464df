//! `#[resource(uri = "…", scope = "…", …)]`.

use syn::{Attribute, LitStr};

use super::Arguments;
use crate::{errors::Errors, names::Milliseconds, uri_template};

const KEYS: &[&str] = &["uri", "scope", "name", "title", "mime_type", "cache"];

/// What the attribute on a resource says.
#[derive(Debug)]
pub(crate) struct ResourceArguments {
    /// The URI, or a template of URIs; `None` only after an error.
    pub(crate) uri: Option<LitStr>,
    /// The variables of the template, in order; none for a fixed URI.
    pub(crate) variables: Vec<String>,
    /// What a caller must hold; `None` only after an error.
    pub(crate) scope: Option<LitStr>,
    /// The name, when it is not the function's.
    pub(crate) name: Option<LitStr>,
    /// A title for people.
    pub(crate) title: Option<LitStr>,
    /// The media type of the contents.
    pub(crate) mime_type: Option<LitStr>,
    /// How long the contents may be given again.
    pub(crate) cache: Option<Milliseconds>,
}

impl ResourceArguments {
    /// Reads the attribute of the function called `function`.
    pub(crate) fn parse(attribute: &Attribute, function: &str, errors: &Errors) -> Self {
        let arguments = Arguments::of_attribute("resource", attribute, KEYS, errors);
        let uri = uri(&arguments, function, errors);
        let (uri, variables) = match uri {
            Some((uri, variables)) => (Some(uri), variables),
            None => (None, Vec::new()),
        };
        Self {
            uri,
            variables,
            scope: arguments.scope(&format!("the resource `{function}`")),
            name: arguments.name("name"),
            title: arguments.text("title"),
            mime_type: mime_type(&arguments, errors),
            cache: arguments.cache().map(|(time, _)| time),
        }
    }
}

fn uri(
    arguments: &Arguments<'_>,
    function: &str,
    errors: &Errors,
) -> Option<(LitStr, Vec<String>)> {
    if arguments.key("uri").is_none() {
        errors.push_at(
            arguments.span(),
            format!("the resource `{function}` has no URI"),
            "write `uri = \"notes://today\"`, or a template such as `uri = \"notes://{day}\"`",
        );
        return None;
    }
    let uri = arguments.string("uri")?;
    match uri_template::variables(&uri.value()) {
        Ok(variables) => Some((uri, variables)),
        Err(problem) => {
            let (what, fix) = problem.words();
            errors.push(&uri, format!("the URI {:?} {what}", uri.value()), fix);
            None
        }
    }
}

fn mime_type(arguments: &Arguments<'_>, errors: &Errors) -> Option<LitStr> {
    let mime_type = arguments.string("mime_type")?;
    let text = mime_type.value();
    let is_type = text.split_once('/').is_some_and(|(kind, subtype)| {
        !kind.is_empty()
            && !subtype.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_graphic() || byte == b' ')
    });
    if !is_type {
        let what = format!("{text:?} is not a media type");
        errors.push(
            &mime_type,
            what,
            "write a type and a subtype: \"text/plain\", \"application/json\"",
        );
        return None;
    }
    Some(mime_type)
}
