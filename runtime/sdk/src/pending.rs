//! A call that is about to run, for those who judge it first.

use crate::{Arguments, Principal};

/// A call that has passed its scope, its gate and its rate, and has not begun.
#[derive(Clone, Copy, Debug)]
pub struct PendingCall<'a> {
    tool: &'a str,
    arguments: Arguments<'a>,
    principal: &'a Principal,
}

impl<'a> PendingCall<'a> {
    /// A call of `tool`, by its public name. The server makes these.
    pub const fn new(tool: &'a str, arguments: Arguments<'a>, principal: &'a Principal) -> Self {
        Self {
            tool,
            arguments,
            principal,
        }
    }

    /// The name of the tool as clients know it.
    pub const fn tool(&self) -> &'a str {
        self.tool
    }

    /// The arguments as the client sent them: not yet held against the tool's schema.
    pub const fn arguments(&self) -> Arguments<'a> {
        self.arguments
    }

    /// Who calls.
    pub const fn principal(&self) -> &'a Principal {
        self.principal
    }
}
