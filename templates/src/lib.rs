//! The text that `mcp-factory` writes: a plain model in, checked files out.
//!
//! Rendering is pure. It reads no file, no clock and no environment, so the same model gives the same
//! bytes, and every `.rs` and `.toml` is parsed again before it leaves this crate. Deciding what goes
//! into a model, and writing the files, is the factory's business.

mod deploy;
mod filters;
mod model;
mod plugin;
mod project;
mod rendered;
mod server;

pub use deploy::{AccountToken, DeployKind, DeployPath, Deployment, render_deployment};
pub use model::{
    BuiltInScaffold, DeclaredParameter, DeclaredTool, Dependency, DependencySource, GitReference,
    Mount, PluginScaffold, ProjectScaffold, ServerCrate, ToolHints, ToolRate,
};
pub use plugin::render_plugin;
pub use project::render_project;
pub use rendered::{RenderError, RenderedFile};
pub use server::render_server;
