//! What a plugin offers, read from its source before anything is compiled.
//!
//! The `#[plugin]` impl block is found with `syn`, and its `#[tool]`, `#[resource]` and `#[prompt]`
//! functions are read as the macro will read them. This is a plan, not a proof: after the build, the
//! binary's own `describe` is compared with it.

mod attribute;
mod function;

use serde::Serialize;
use syn::visit::Visit;

use attribute::{Arguments, description, find, is_test};
use function::{prompt, resource, tool};

/// What a plugin offers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Scanned {
    /// What the plugin is for.
    pub description: String,
    /// Its tools, in the order of the source.
    pub tools: Vec<ScannedTool>,
    /// Its resources and templates, in the order of the source.
    pub resources: Vec<ScannedResource>,
    /// Its prompts, in the order of the source.
    pub prompts: Vec<ScannedPrompt>,
    /// Whether a manifest may declare tools for it.
    pub declares: bool,
}

/// A tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ScannedTool {
    /// Its own name, without a prefix.
    pub name: String,
    /// A name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it does.
    pub description: String,
    /// What a caller must hold.
    pub scope: String,
    /// The protocol's hints.
    pub hints: ScannedHints,
    /// The gate that a second factor opens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gate: Option<String>,
    /// How often each caller may call it, as the SDK writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<String>,
    /// What it takes.
    pub parameters: Vec<ScannedParameter>,
    /// Whether its schema is a function of the author's, which cannot be read without running it.
    #[serde(skip)]
    pub own_schema: bool,
    /// Whether it stands in a manifest instead of a source.
    #[serde(skip)]
    pub declared: bool,
}

/// The protocol's four hints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the protocol has four independent flags"
)]
pub struct ScannedHints {
    /// Changes nothing.
    pub read_only: bool,
    /// May delete or overwrite.
    pub destructive: bool,
    /// The same call twice is as good as once.
    pub idempotent: bool,
    /// Reaches beyond the server.
    pub open_world: bool,
}

/// A parameter of a tool, or an argument of a prompt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ScannedParameter {
    /// Its name on the wire.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Whether a call without it fails.
    pub required: bool,
}

/// A resource, or a template of resources.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ScannedResource {
    /// Its URI; one with `{` is a template.
    pub uri: String,
    /// Its own name.
    pub name: String,
    /// What it holds.
    pub description: String,
    /// What a caller must hold.
    pub scope: String,
}

/// A prompt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ScannedPrompt {
    /// Its own name, without a prefix.
    pub name: String,
    /// What it does.
    pub description: String,
    /// What a caller must hold.
    pub scope: String,
    /// What it takes.
    pub arguments: Vec<ScannedParameter>,
}

/// Why a source could not be read as a plugin; words for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScanError {
    /// A file is not Rust.
    Syntax {
        /// The file.
        path: String,
        /// Line, from one.
        line: usize,
        /// Column, from one.
        column: usize,
        /// What the parser said.
        message: String,
    },
    /// There is no `#[plugin]` block.
    NoPlugin,
    /// There is more than one, in these files.
    Several(Vec<String>),
}

/// Brackets inside each other; the parser recurses, so its stack is the limit otherwise.
const MOST_DEPTH: usize = 256;

/// How deep brackets are nested, those in strings and comments counted too.
fn depth(text: &str) -> usize {
    let mut now = 0_usize;
    let mut most = 0;
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' => now += 1,
            b')' | b']' | b'}' => now = now.saturating_sub(1),
            _ => {}
        }
        most = most.max(now);
    }
    most
}

/// Reads a plugin from the texts of its files.
///
/// # Errors
/// When a file is not Rust, or when there is not exactly one `#[plugin]` impl block outside of tests.
pub fn scan(sources: &[(String, String)]) -> Result<Scanned, ScanError> {
    let mut found: Vec<(&str, Scanned)> = Vec::new();
    for (path, text) in sources {
        // Most files of a plugin know no protocol. Parsing is what costs here.
        if !text.contains("plugin") {
            continue;
        }
        if depth(text) > MOST_DEPTH {
            return Err(ScanError::Syntax {
                path: path.clone(),
                line: 1,
                column: 1,
                message: format!("brackets are nested deeper than {MOST_DEPTH}"),
            });
        }
        let file = syn::parse_file(text).map_err(|error| {
            let start = error.span().start();
            ScanError::Syntax {
                path: path.clone(),
                line: start.line,
                column: start.column + 1,
                message: error.to_string(),
            }
        })?;
        let mut blocks = Blocks::default();
        blocks.visit_file(&file);
        found.extend(
            blocks
                .found
                .into_iter()
                .map(|scanned| (path.as_str(), scanned)),
        );
    }
    match found.len() {
        0 => Err(ScanError::NoPlugin),
        1 => Ok(found.remove(0).1),
        _ => Err(ScanError::Several(
            found.iter().map(|(path, _)| (*path).to_owned()).collect(),
        )),
    }
}

/// Collects `#[plugin]` blocks, also in modules.
#[derive(Default)]
struct Blocks {
    found: Vec<Scanned>,
}

impl<'ast> Visit<'ast> for Blocks {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if !is_test(&module.attrs) {
            syn::visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, _: &'ast syn::ItemFn) {}

    fn visit_item_impl(&mut self, block: &'ast syn::ItemImpl) {
        let Some(attribute) = find(&block.attrs, "plugin") else {
            return;
        };
        if is_test(&block.attrs) {
            return;
        }
        let mut scanned = Scanned {
            description: description(&block.attrs),
            declares: Arguments::of(attribute).flag("declares").unwrap_or(false),
            ..Scanned::default()
        };
        for item in &block.items {
            let syn::ImplItem::Fn(function) = item else {
                continue;
            };
            if is_test(&function.attrs) {
                continue;
            }
            if let Some(attribute) = find(&function.attrs, "tool") {
                scanned
                    .tools
                    .push(tool(function, &Arguments::of(attribute)));
            } else if let Some(attribute) = find(&function.attrs, "resource") {
                scanned
                    .resources
                    .push(resource(function, &Arguments::of(attribute)));
            } else if let Some(attribute) = find(&function.attrs, "prompt") {
                scanned
                    .prompts
                    .push(prompt(function, &Arguments::of(attribute)));
            }
        }
        self.found.push(scanned);
    }
}

#[cfg(test)]
mod tests;
