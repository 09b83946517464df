//! The one boxed future type that crosses the plugin boundary.

use std::{future::Future, pin::Pin};

/// A boxed, sendable future: what a dispatch shim returns.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
