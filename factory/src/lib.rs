//! `mcp-factory`: turns a list of plugins into one static Model Context Protocol server.
//!
//! The road of a build: [`manifest`] → `resolve` → [`plan`] → `generate` (render, write what changed)
//! → `cargo` → `verify` → report. Each step is a module that knows nothing of the later ones, and the
//! [`plan`] in the middle is a plain value that can be printed. No plugin and no server is linked here:
//! this crate writes the crate that does.

mod build;
mod built;
mod cargo;
mod catalog;
pub mod cli;
mod client;
mod declared;
mod doctor;
mod embedded;
mod emit;
pub mod error;
pub mod features;
mod generate;
mod graph;
mod home;
mod image;
mod install;
mod interrupt;
mod lockfile;
pub mod manifest;
mod memo;
pub mod names;
mod paths;
pub mod plan;
mod process;
mod read;
mod recipe;
mod replace;
mod report;
mod resolve;
mod sbom;
pub mod scan;
mod started;
mod suggest;
mod verify;

/// The version of this factory, and of the crates that it carries.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
