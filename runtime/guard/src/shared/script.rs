//! A Lua script that Redis runs as one step.

use std::sync::OnceLock;

/// A script and its hash: sent whole only when Redis does not know it.
#[derive(Debug)]
pub(crate) struct Script {
    source: &'static str,
    prepared: OnceLock<redis::Script>,
}

impl Script {
    /// For a `static`.
    pub(crate) const fn new(source: &'static str) -> Self {
        Self {
            source,
            prepared: OnceLock::new(),
        }
    }

    /// `EVALSHA`; where Redis answers `NOSCRIPT` (it was restarted or flushed), loaded and run again.
    pub(super) fn invocation(
        &self,
        keys: &[&str],
        arguments: &[&str],
    ) -> redis::ScriptInvocation<'_> {
        let script = self
            .prepared
            .get_or_init(|| redis::Script::new(self.source));
        let mut invocation = script.prepare_invoke();
        for key in keys {
            invocation.key(key);
        }
        for argument in arguments {
            invocation.arg(argument);
        }
        invocation
    }
}
