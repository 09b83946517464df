//! The tools by which a caller opens and closes its gates.
//!
//! A server mounts them without a prefix, on the same [`Gates`] that it asks before a call.

use std::sync::Arc;

use mcp_factory_sdk::{Scope, prelude::*};

use super::{Gates, GroupStatus};

/// Who holds it may lock the gates of others.
const ADMIN: Scope = Scope::new("admin");

/// The plugin; made by the server, not by a configuration.
#[derive(Debug)]
pub struct GatePlugin {
    gates: Arc<Gates>,
}

impl GatePlugin {
    /// Tools for these gates; for [`Instance::new`](mcp_factory_sdk::Instance::new).
    pub const fn new(gates: Arc<Gates>) -> Self {
        Self { gates }
    }
}

impl Plugin for GatePlugin {
    type Config = NoConfig;

    async fn start(_: NoConfig, _: &StartContext) -> Result<Self, StartError> {
        Err(StartError::new(
            "the gate has no section among the plugins: write [gate.groups.NAME] instead",
        ))
    }
}

/// A group that was opened.
#[derive(Debug, JsonSchema, Serialize)]
struct Unlocked {
    /// The group.
    group: String,
    /// It locks itself when none of its tools was called for so many seconds.
    locks_after_seconds: u64,
}

/// What was locked.
#[derive(Debug, JsonSchema, Serialize)]
struct Locked {
    /// The group, or none for all of them.
    group: Option<String>,
    /// Whether it was locked for every caller.
    everyone: bool,
}

/// All groups.
#[derive(Debug, JsonSchema, Serialize)]
struct Status {
    /// By name.
    groups: Vec<Group>,
}

/// A group of tools, as the caller finds it.
#[derive(Debug, JsonSchema, Serialize)]
struct Group {
    /// Its name.
    name: String,
    /// Whether the caller may call its tools.
    unlocked: bool,
    /// It locks itself when none of its tools is called for so many seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    locks_after_seconds: Option<u64>,
    /// No code is accepted for so many seconds: too many were wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    no_code_for_seconds: Option<u64>,
}

impl From<GroupStatus> for Group {
    fn from(status: GroupStatus) -> Self {
        let seconds = |time: std::time::Duration| time.as_millis().div_ceil(1_000).try_into().ok();
        Self {
            name: status.group,
            unlocked: status.closes_in.is_some(),
            locks_after_seconds: status.closes_in.and_then(seconds),
            no_code_for_seconds: status.locked_out.and_then(seconds),
        }
    }
}

/// Opens and closes the gates in front of tools that need a second factor.
#[plugin(name = "gate")]
impl GatePlugin {
    /// Unlocks a group of tools with the current code of the user's authenticator app. Ask the user for
    /// the code; never guess one: a few wrong codes lock you out.
    #[tool(scope = "read", title = "Unlock a group of tools", destructive = false)]
    async fn gate_unlock(
        &self,
        cx: &Context,
        /// The group, as the refused call or `gate_status` names it.
        #[arg(min_length = 1, max_length = 64)]
        group: String,
        /// The 6 digits that the app shows now, as a string: "012345".
        code: Secret<String>,
    ) -> Result<Unlocked, ToolError> {
        let caller = cx.principal().key();
        match self.gates.unlock(caller, &group, code.expose()).await {
            Ok(opened) => Ok(Unlocked {
                group,
                locks_after_seconds: opened.inactivity.as_secs(),
            }),
            Err(refusal) => Err(said(&refusal)),
        }
    }

    /// Locks a group of tools again, or all of them.
    #[tool(scope = "read", title = "Lock tools", destructive = false, idempotent)]
    async fn gate_lock(
        &self,
        cx: &Context,
        /// The group; all groups when it is left out.
        #[arg(max_length = 64)]
        group: Option<String>,
        /// Lock all groups for every caller of this server: for an emergency, and for administrators only.
        #[arg(default = false)]
        everyone: bool,
    ) -> Result<Locked, ToolError> {
        let principal = cx.principal();
        if everyone {
            if group.is_some() {
                return Err(ToolError::invalid_arguments(
                    "`everyone` locks all groups: leave `group` out",
                ));
            }
            if !principal.scopes().contains(ADMIN) {
                return Err(ToolError::new(
                    "only a caller with the scope `admin` locks the tools of everyone; nothing was \
                     locked. To lock your own, leave `everyone` out",
                ));
            }
            self.gates
                .lock_everyone()
                .await
                .map_err(|error| said(&error))?;
        } else {
            let locked = self.gates.lock(principal.key(), group.as_deref()).await;
            locked.map_err(|error| said(&error))?;
        }
        Ok(Locked { group, everyone })
    }

    /// Lists the groups of tools behind a second factor, and which of them are unlocked for you.
    #[tool(scope = "read", title = "Which tools are locked", read_only)]
    async fn gate_status(&self, cx: &Context) -> Result<Status, ToolError> {
        let groups = self.gates.status(cx.principal().key()).await;
        let groups = groups.map_err(|error| said(&error))?;
        Ok(Status {
            groups: groups.into_iter().map(Group::from).collect(),
        })
    }
}

/// The gate's answers are written for the model.
fn said(answer: &impl ToString) -> ToolError {
    ToolError::new(answer.to_string())
}
