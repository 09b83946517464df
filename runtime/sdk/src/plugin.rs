//! The life of a plugin: configured, started, stopped.

use std::{borrow::Cow, error::Error, fmt, future::Future};

use schemars::JsonSchema;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    BoxFuture, DeclaredTool, Health, Instance, PendingCall, PluginDefinition, ToolDefinition,
    ToolError, explain,
};

/// A plugin's life. Its tools are in the `#[plugin]` impl block beside this.
pub trait Plugin: Send + Sync + Sized + 'static {
    /// The plugin's section of the configuration. [`NoConfig`] when it has none. Unknown keys should be
    /// errors: put `#[serde(deny_unknown_fields)]` on it.
    type Config: DeserializeOwned + JsonSchema + Send + 'static;

    /// Starts the plugin: opens what it needs and refuses a setting that is unsafe or incomplete.
    ///
    /// # Errors
    /// A sentence for the operator. The server lists it with every other problem and does not start.
    fn start(
        config: Self::Config,
        context: &StartContext,
    ) -> impl Future<Output = Result<Self, StartError>> + Send;

    /// Judges a call before it runs, after its scope, gate and rate: every call of the plugin's own tools,
    /// and every call of the whole server where the operator names the plugin in `access.validators`.
    ///
    /// # Errors
    /// Why the call must not run, in words for the model; it is answered as a failed call.
    fn validate(
        &self,
        call: PendingCall<'_>,
    ) -> impl Future<Output = Result<(), ToolError>> + Send {
        let _ = call;
        async { Ok(()) }
    }

    /// How it is doing, asked now and then by a probe of the server; it should answer at once or within
    /// seconds, and change nothing.
    fn health(&self) -> impl Future<Output = Health> + Send {
        async { Health::ok() }
    }

    /// Releases what the plugin holds. Called once, after the last call has ended, in the reverse order
    /// of starting, within the server's grace period.
    fn stop(&self) -> impl Future<Output = ()> + Send {
        async {}
    }
}

/// The configuration of a plugin that has none; any key in its section is an error.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoConfig {}

/// What a starting plugin is told of its surroundings.
#[derive(Clone, Debug)]
pub struct StartContext {
    mount: String,
    declared: &'static [ToolDefinition],
}

impl StartContext {
    /// For a plugin mounted as `mount`.
    pub fn new(mount: impl Into<String>) -> Self {
        Self {
            mount: mount.into(),
            declared: &[],
        }
    }

    /// Adds the tools that a manifest declares for it.
    #[must_use]
    pub const fn with_declared(mut self, tools: &'static [ToolDefinition]) -> Self {
        self.declared = tools;
        self
    }

    /// The tools that the manifest declares for it, to be prepared.
    pub fn declared(&self) -> impl Iterator<Item = &'static DeclaredTool> + use<> {
        self.declared.iter().filter_map(ToolDefinition::declaration)
    }

    /// The name under which the plugin is mounted: its section is `[plugins.<mount>]`.
    pub fn mount(&self) -> &str {
        &self.mount
    }
}

/// Why a plugin did not start: a sentence for the operator, with a cause.
pub struct StartError {
    message: Cow<'static, str>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl StartError {
    /// An error in words: what is wrong, and which setting mends it.
    pub fn new(message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            message: message.into(),
            source: None,
        }
    }

    /// Adds a cause.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for StartError {
    fn from(source: E) -> Self {
        Self::new(source.to_string())
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)?;
        match &self.source {
            Some(source) => write!(formatter, ": {source}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for StartError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "StartError({self})")
    }
}

impl PluginDefinition {
    /// Starts the plugin with its section of the configuration, a JSON object.
    ///
    /// # Errors
    /// When the section does not fit the plugin's configuration type, or the plugin refuses it.
    pub fn start(
        &self,
        config: Value,
        context: StartContext,
    ) -> BoxFuture<'static, Result<Instance, StartError>> {
        (self.0.start)(config, context)
    }
}

/// What `PluginParts::start` points at.
pub(crate) fn start<P: Plugin>(
    config: Value,
    context: StartContext,
) -> BoxFuture<'static, Result<Instance, StartError>> {
    Box::pin(async move {
        let config = read_config::<P::Config>(config)?;
        P::start(config, &context).await.map(Instance::new)
    })
}

fn read_config<C: DeserializeOwned>(config: Value) -> Result<C, StartError> {
    serde_path_to_error::deserialize::<_, C>(config).map_err(|error| {
        let path = error.path().to_string();
        let reason = explain::with_nearest_field(&error.into_inner().to_string());
        StartError::new(if path == "." {
            reason
        } else {
            format!("`{path}`: {reason}")
        })
    })
}
