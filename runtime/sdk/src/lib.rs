//! What the author of an `mcp-factory` plugin needs, and nothing else.
//!
//! A plugin is a crate with one type, an [`impl Plugin`](Plugin) that starts and stops it, and one
//! [`#[plugin]`](macro@plugin) impl block whose functions are its tools, resources and prompts:
//!
//! ```
//! use mcp_factory_sdk::prelude::*;
//!
//! /// Says things back.
//! #[plugin(name = "parrot", stateless)]
//! impl Parrot {
//!     /// Returns the text it was given.
//!     #[tool(scope = "read", read_only)]
//!     async fn repeat(
//!         &self,
//!         /// What to say.
//!         text: String,
//!         /// How often.
//!         #[arg(default = 1, minimum = 1, maximum = 10)]
//!         times: usize,
//!     ) -> String {
//!         vec![text; times].join(" ")
//!     }
//! }
//!
//! #[derive(Debug, Default)]
//! struct Parrot;
//! # fn main() {}
//! ```
//!
//! This crate knows no transport and no protocol library: the same plugin is called over stdio,
//! over HTTP and, in microseconds, by [`testing`]. The wire format is the server's business.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod arguments;
mod ask;
mod authorize;
mod blocking;
pub mod calendar;
mod clock;
mod content;
mod context;
mod cursor;
mod declared;
mod definition;
pub mod describe;
mod duration;
mod error;
mod event;
mod explain;
mod future;
mod health;
mod instance;
pub mod json_text;
pub mod kept;
mod kept_secrets;
mod lifecycle;
mod output;
mod parameter;
mod peer;
mod pending;
mod plugin;
pub mod prelude;
mod principal;
#[doc(hidden)]
pub mod private;
mod prompt;
mod rate;
mod resource;
mod schema;
mod scope;
mod secret;
mod secret_reference;
pub mod testing;
pub mod trace;
mod uri_template;
mod visible;

#[doc(hidden)]
pub use private as __private;

pub use arguments::{Arguments, Variables};
pub use ask::{
    Answers, Ask, Elicitation, ElicitationAnswer, Question, Root, Sampling, SamplingAnswer,
};
pub use authorize::{Call, Denied, Guarded, Permit, authorize};
pub use blocking::Blocking;
pub use clock::Clock;
pub use content::{Annotations, Audience, Content, EmbeddedResource, Link};
pub use context::Context;
pub use cursor::{BadCursor, CursorKey};
pub use declared::{DeclaredParameter, DeclaredTool, Declares, ParameterKind};
pub use definition::{
    CompletionDefinition, CompletionTarget, Hints, INTERFACE_VERSION, PluginDefinition,
    PromptArgument, PromptDefinition, ResourceDefinition, ToolDefinition,
};
pub use duration::{NotADuration, parse_duration};
pub use error::{InputRequired, ToolError, ToolErrorKind};
pub use event::Event;
pub use future::BoxFuture;
pub use health::Health;
pub use instance::Instance;
pub use kept_secrets::{keep_secret, known_secrets};
pub use mcp_factory_macros::{completion, plugin, prompt, resource, tool};
pub use output::{IntoOutput, Output};
pub use peer::{Capability, LogLevel, LogRecord, Peer, Progress};
pub use pending::PendingCall;
pub use plugin::{NoConfig, Plugin, StartContext, StartError};
pub use principal::Principal;
pub use prompt::{IntoPrompt, Prompt, PromptMessage, Role};
pub use rate::{NotARate, Rate};
pub use resource::{IntoResource, Resource, ResourceBody, ResourcePart};
pub use scope::{Scope, ScopeHierarchy, ScopeSet};
pub use secret::Secret;
pub use secret_reference::{SecretProblem, SecretReference};
pub use uri_template::UriTemplate;
pub use visible::{quoted, visible, visible_up_to};
