//! What the gate answers, in words for the model that called.

use std::time::Duration;

/// A gated tool was called and does not run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Closed {
    /// The caller has not opened its group, or not used it for too long.
    #[error(
        "this tool is locked: ask the user for the current 6-digit code of their authenticator app for \
         `{group}`, call `gate_unlock` with group `{group}` and that code, then call this tool again"
    )]
    Locked {
        /// The group.
        group: String,
    },
    /// Whether it is open cannot be told, so it is not.
    #[error(
        "this tool is locked while the server cannot reach the state that it shares with its replicas; \
         try again in a moment, and tell the user when it stays so"
    )]
    Unavailable,
}

/// A group was opened for a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// It closes when the caller has called none of its tools for so long.
    pub inactivity: Duration,
}

/// A group was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotOpened {
    /// The code is not that of the last, the present or the next 30 seconds.
    #[error("the code is wrong; {}", tries(*left))]
    Wrong {
        /// How many more the caller may enter before it is locked out.
        left: u32,
    },
    /// The code, or a later one, has opened the group already. Not counted as wrong.
    #[error(
        "this code was used already, and each opens only once; ask the user for the next one, which \
         their authenticator app shows within 30 seconds"
    )]
    Reused,
    /// Too many codes were wrong. None is looked at until the time is over, not even the right one.
    #[error(
        "too many wrong codes: no code is accepted for the next {}; do not try again before, and tell \
         the user", minutes(*retry_after)
    )]
    LockedOut {
        /// When to come back.
        retry_after: Duration,
    },
    /// It is not six digits. Not counted as wrong.
    #[error("a code is 6 digits; ask the user for the current one of their authenticator app")]
    NotACode,
    /// There is no such group.
    #[error("there is no such group; `gate_status` lists the groups")]
    UnknownGroup,
    /// The secret cannot be read or Redis cannot be reached: the log says which. Not counted as wrong.
    #[error(
        "codes cannot be checked now, so nothing was opened; try again later with a new code, and tell \
         the user that the server's log says why"
    )]
    Unavailable,
}

/// Nothing was locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotLocked {
    /// There is no such group.
    #[error("there is no such group; `gate_status` lists the groups")]
    UnknownGroup,
    /// Redis cannot be reached. Every group is closed until it is, and may then be open again.
    #[error(
        "the state that this server shares with its replicas cannot be reached: everything is locked \
         for as long as that lasts, and what was open may be open again after; call this again"
    )]
    Unavailable,
}

/// A group as one caller finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupStatus {
    /// Its name.
    pub group: String,
    /// The time until it closes when none of its tools is called; `None` when it is locked.
    pub closes_in: Option<Duration>,
    /// How long no code is accepted, when too many were wrong.
    pub locked_out: Option<Duration>,
}

fn tries(left: u32) -> String {
    match left {
        0 => "it was the last try: no code is accepted for a while, so tell the user".to_owned(),
        1 => "1 try is left, so ask the user to read the current code again".to_owned(),
        left => format!("{left} tries are left, so ask the user to read the current code again"),
    }
}

/// Rounded up, so that nobody comes back too early.
fn minutes(time: Duration) -> String {
    let seconds = time.as_millis().div_ceil(1_000);
    if seconds <= 90 {
        format!("{seconds} seconds")
    } else {
        format!("{} minutes", seconds.div_ceil(60))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_reads_what_to_do() {
        let closed = Closed::Locked {
            group: "shell".to_owned(),
        }
        .to_string();
        assert!(
            closed.contains("ask the user") && closed.contains("`gate_unlock` with group `shell`"),
            "{closed}"
        );
        let locked_out = |millis| {
            NotOpened::LockedOut {
                retry_after: Duration::from_millis(millis),
            }
            .to_string()
        };
        assert!(
            locked_out(1).contains("the next 1 seconds;"),
            "{}",
            locked_out(1)
        );
        assert!(
            locked_out(899_001).contains("the next 15 minutes;"),
            "{}",
            locked_out(899_001)
        );
        assert!(
            NotOpened::Wrong { left: 1 }
                .to_string()
                .contains("1 try is left")
        );
        assert!(
            NotOpened::Wrong { left: 4 }
                .to_string()
                .contains("4 tries are left")
        );
        assert!(
            NotOpened::Wrong { left: 0 }
                .to_string()
                .contains("last try")
        );
    }
}
