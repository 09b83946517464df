//! The attributes that make a Rust impl block into an `mcp-factory` plugin.
//!
//! In the room: entry points and what each attribute accepts. Use them through `mcp_factory_sdk`, which
//! re-exports them and which their expansions need.
//!
//! The road of an expansion: `parse` (impl block → `model`, with the keys of each attribute in
//! `attribute/`) → `check` (everything wrong at once, in `errors`) → `expand`. After errors the impl
//! block and a stub stay, so that one mistake is one message.

use proc_macro::TokenStream;

mod attribute;
mod check;
mod doc;
mod driver;
mod errors;
mod expand;
#[cfg(test)]
mod golden;
mod model;
mod names;
mod parse;
mod signature;
mod suggest;
mod types;
mod uri_template;

/// Makes the functions of an impl block into the tools, resources and prompts of a plugin.
///
/// Emits the block itself and beside it `pub static PLUGIN: PluginDefinition`, so the block stands at
/// the root of the plugin's crate. The doc comment of the block is the plugin's description.
///
/// | Argument | Meaning |
/// |---|---|
/// | `name = "notes"` | required: the plugin's name, a lowercase letter and then up to 31 lowercase letters, digits, `-` or `_` |
/// | `stateless` | also emits `impl Plugin`: no settings, started by `Default::default()` |
/// | `declares` | a manifest may declare tools for it: the type implements `Declares` |
///
/// Inside of the block: [`macro@tool`], [`macro@resource`], [`macro@prompt`], [`macro@completion`].
/// Functions without one of them are left alone.
#[proc_macro_attribute]
pub fn plugin(arguments: TokenStream, item: TokenStream) -> TokenStream {
    driver::plugin(arguments.into(), &item.into()).into()
}

/// Makes a function of a `#[plugin]` impl block into a tool.
///
/// The function takes `&self`, a `&Context` anywhere if it wants one, and values: each is an argument
/// of the tool, described by its doc comment. `Option<T>` may be left out (or be `null`). It returns a
/// type that is `IntoOutput`, or a `Result` of one. A `fn` that is not `async` runs where it may block.
/// The function's doc comment is the tool's description.
///
/// | Argument | Meaning |
/// |---|---|
/// | `scope = "read"` | required: what a caller must hold; a lowercase word or two joined by `:` |
/// | `name = "add_note"` | the tool's name; the function's own by default. `^[A-Za-z0-9_.-]{1,64}$` |
/// | `title = "Add note"` | a title for people |
/// | `read_only` | changes nothing; implies `destructive = false` and `idempotent` unless said |
/// | `destructive = false` | may destroy something; `true` by default for all that is not `read_only` |
/// | `idempotent` | calling again changes nothing more; `false` by default |
/// | `open_world` | reaches things outside of the server; `false` by default |
/// | `timeout = "5s"` | the longest a call may take: a whole number and `ms`, `s`, `m` or `h` |
/// | `cache = "60s"` | how long an answer may be given again to the same caller for the same arguments, unless the operator says otherwise; at most `24h`, and only for what is `read_only` and has no gate. Answers of calls that asked the client anything, and errors, are never kept |
/// | `gate = "shell"` | locked for each caller until they open the gate of that name with a one-time code; a lowercase word, shared by the tools that open together |
/// | `rate = "10/s"` | how often each caller may call it, unless the operator says otherwise: a number of calls, `/`, and a time of at most a day in `s`, `m` or `h`, such as `100/m` or `1/30s` |
/// | `input_schema = path::to::function` | serves the `serde_json::Value` that function returns, word for word; the tool then takes one value with all arguments in it, and checks it itself |
///
/// On a parameter, `#[arg(…)]`:
///
/// | Argument | Meaning |
/// |---|---|
/// | `default = 1` | what an absent argument means; `default` alone is `Default::default()` |
/// | `minimum = 1`, `maximum = 10` | limits of a number, both included, of the parameter's own type |
/// | `min_length = 1`, `max_length = 80` | limits of a text in characters, or of a list or map in items |
/// | `name = "maxRows"` | the argument's name; the parameter's own by default |
#[proc_macro_attribute]
pub fn tool(_arguments: TokenStream, item: TokenStream) -> TokenStream {
    driver::outside("tool", &item.into()).into()
}

/// Makes a function of a `#[plugin]` impl block into a resource or a template of resources.
///
/// The parameters of the function are the variables of the URI, each of a type that is `FromStr`; it may
/// take a `&Context` too. It returns `String`, `Vec<u8>` or `Resource`, or a `Result` of one of them.
/// Its doc comment is the resource's description.
///
/// | Argument | Meaning |
/// |---|---|
/// | `uri = "notes://today"` | required: a URI, or a template with `{name}` (one segment) or `{+name}` (slashes too) |
/// | `scope = "read"` | required: what a reader must hold |
/// | `name = "day"` | the resource's name; the function's own by default |
/// | `title = "Notes of a day"` | a title for people |
/// | `mime_type = "text/plain"` | the media type, when all of it has one |
/// | `cache = "60s"` | how long the contents may be given again to the same reader; at most `24h`. Clients are told what is left of it |
#[proc_macro_attribute]
pub fn resource(_arguments: TokenStream, item: TokenStream) -> TokenStream {
    driver::outside("resource", &item.into()).into()
}

/// Makes a function of a `#[plugin]` impl block into a prompt.
///
/// The parameters of the function are the prompt's arguments, each described by its doc comment, of a
/// type that is `FromStr` or of an `Option` of one; it may take a `&Context` too. It returns `Prompt` or
/// `String`, or a `Result` of one of them. Its doc comment is the prompt's description.
///
/// | Argument | Meaning |
/// |---|---|
/// | `scope = "read"` | required: what a caller must hold |
/// | `name = "summarise"` | the prompt's name; the function's own by default |
/// | `title = "Summarise a day"` | a title for people |
#[proc_macro_attribute]
pub fn prompt(_arguments: TokenStream, item: TokenStream) -> TokenStream {
    driver::outside("prompt", &item.into()).into()
}

/// Makes a function of a `#[plugin]` impl block complete an argument while a person types it.
///
/// The function takes what was typed (`value: String`), a `&Context` if it wants one, and any other
/// arguments of the target by their names as `Option<String>`. It returns `Vec<String>` or a `Result` of
/// one. Whoever may use the target may have its arguments completed.
///
/// | Argument | Meaning |
/// |---|---|
/// | `prompt = "summarise"` | the prompt whose argument is completed |
/// | `resource = "notes://{day}"` | or the template whose variable is completed |
/// | `argument = "day"` | required: the argument or variable |
#[proc_macro_attribute]
pub fn completion(_arguments: TokenStream, item: TokenStream) -> TokenStream {
    driver::outside("completion", &item.into()).into()
}
