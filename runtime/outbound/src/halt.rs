//! Why a call of a service was ended on this side, before or between attempts.

use std::borrow::Cow;
use std::time::Duration;

use mcp_factory_sdk::ToolError;

use crate::pauses::TooLong;

/// Why a call was ended here. In words it goes on after the name of the service: "Slack wants a pause …".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Halt {
    /// The service wants a longer wait than the call has time for.
    #[error(
        "wants a pause of {} seconds before this, longer than a call may wait; try again after that", .0.seconds
    )]
    Limited(TooLong),
    /// It failed too often; nobody asks it for so long.
    #[error(
        "failed several times in a row, so it is left alone for now; try again in {} seconds", whole_seconds(*.0)
    )]
    Open(Duration),
    /// As much as may be is under way already.
    #[error("is being asked too much at once by this server; try again in a moment")]
    Busy,
    /// Nothing was left of the time of the call.
    #[error("was not asked: the time for this call was over; nothing was done")]
    OutOfTime,
}

impl Halt {
    /// The same for a tool's caller, with a message that names the service.
    pub fn tool_error(self, message: impl Into<Cow<'static, str>>) -> ToolError {
        match self {
            Self::OutOfTime => ToolError::timed_out(message),
            _ => ToolError::unavailable(message),
        }
    }
}

impl From<TooLong> for Halt {
    fn from(wait: TooLong) -> Self {
        Self::Limited(wait)
    }
}

/// Rounded up, and never none.
pub(crate) fn whole_seconds(duration: Duration) -> u64 {
    let begun = u64::from(duration.subsec_nanos() > 0);
    duration.as_secs().saturating_add(begun).max(1)
}
