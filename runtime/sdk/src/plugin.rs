//! The life of a plugin: configured, started, stopped.

use std::{borrow::Cow, error::Error, fmt, future::Future};

use schemars::JsonSchema;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    BoxFuture, DeclaredTool, Health, Instance, PendingCall, PluginDefinition, SecretProblem,
    ToolDefinition, ToolError, explain,
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
    /// Where in the section the value is that does not fit its type.
    unfit: Option<String>,
    /// It lacks a secret that the server could not fetch.
    unfetched: bool,
}

impl StartError {
    /// An error in words: what is wrong, and which setting mends it.
    pub fn new(message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            message: message.into(),
            source: None,
            unfit: None,
            unfetched: false,
        }
    }

    /// Adds a cause.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let source = source.into();
        self.unfetched |= is_unfetched(source.as_ref());
        self.source = Some(source);
        self
    }

    /// Where in the section a value does not fit the type of the configuration, as a dotted path (empty for the
    /// section itself); `None` for what the plugin itself complains of.
    pub fn unfit(&self) -> Option<&str> {
        self.unfit.as_deref()
    }

    /// Whether all that is wrong is a secret that the server was to fetch from a store and could not.
    pub const fn is_unfetched(&self) -> bool {
        self.unfetched
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for StartError {
    fn from(source: E) -> Self {
        Self {
            unfetched: is_unfetched(&source),
            ..Self::new(source.to_string())
        }
    }
}

/// Whether an error, or what it came from, is a secret that was not fetched.
fn is_unfetched(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        let problem = error.downcast_ref::<SecretProblem>();
        if matches!(problem, Some(SecretProblem::NotFetched(_))) {
            return true;
        }
        next = error.source();
    }
    false
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
        let (message, at) = if path == "." {
            (reason, String::new())
        } else {
            (format!("`{path}`: {reason}"), path)
        };
        StartError {
            unfit: Some(at),
            ..StartError::new(message)
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the errors are read")]
    struct Config {
        inner: Inner,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the errors are read")]
    struct Inner {
        count: u32,
    }

    #[test]
    fn what_does_not_fit_its_type_says_where() {
        for (config, at) in [
            (json!({"inner": {"count": "x"}}), "inner.count"),
            (json!({"inner": 1}), "inner"),
            (json!({}), ""),
        ] {
            let error = read_config::<Config>(config).expect_err("it does not fit");
            assert_eq!(error.unfit(), Some(at), "{error}");
        }
        // Whatever its words are, a plugin's own complaint is none of a type.
        let own = StartError::new("the file of `path` has an unknown key and an invalid type");
        assert!(own.unfit().is_none() && !own.is_unfetched());
    }

    #[test]
    fn a_secret_that_was_not_fetched_is_known_however_it_is_wrapped() {
        #[derive(Debug, thiserror::Error)]
        #[error("no connection")]
        struct NoConnection(#[source] SecretProblem);
        let missing = || SecretProblem::NotFetched("vault:a/b#c".to_owned());
        let wrapped = StartError::new("`token`").because(missing());
        assert_eq!(
            wrapped.to_string(),
            "`token`: vault:a/b#c was not fetched when the server started"
        );
        for error in [
            wrapped,
            StartError::from(missing()),
            StartError::from(NoConnection(missing())),
            StartError::new("the database").because(NoConnection(missing())),
        ] {
            assert!(error.is_unfetched(), "{error}");
        }
        let other = SecretProblem::Unset("TOKEN".to_owned());
        assert!(!StartError::new("`token`").because(other).is_unfetched());
    }
}
