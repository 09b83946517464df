//! The processes of a command, as `/proc` shows them. Every command has a session of its own, which the
//! filter lets no process leave.

use std::fs;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// A process of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) pid: Pid,
    pub(crate) threads: u64,
    /// The memory it occupies, in pages; what it shares with others counts for each.
    pub(crate) pages: u64,
    /// Whether it has ended and only waits to be asked how.
    pub(crate) ended: bool,
}

/// The members of the session that `leader` began, itself included. Empty where there is no `/proc`.
pub(crate) fn members(leader: Pid) -> Vec<Member> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(|pid: i32| member(Pid::from_raw(pid)?, leader))
        .collect()
}

/// One process, if it is of that session.
pub(crate) fn member(pid: Pid, leader: Pid) -> Option<Member> {
    let pid = pid.as_raw_pid();
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (member, session) = read(pid, &stat)?;
    (session == leader.as_raw_pid()).then_some(member)
}

/// A line of `/proc/PID/stat`: the process, and the number of its session.
fn read(pid: i32, stat: &str) -> Option<(Member, i32)> {
    // The name in the brackets may hold anything, brackets too.
    let (_, rest) = stat.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    let member = Member {
        pid: Pid::from_raw(pid)?,
        threads: fields.get(17)?.parse().ok()?,
        pages: fields.get(21)?.parse().ok()?,
        ended: matches!(*fields.first()?, "Z" | "X"),
    };
    Some((member, fields.get(3)?.parse().ok()?))
}

/// Kills what is left of a session, whatever group it is in. Returns whether anything was.
pub(crate) fn kill(leader: Pid) -> bool {
    let mut found = false;
    for one in members(leader).iter().filter(|one| !one.ended) {
        found = true;
        // Held, and looked at once more: the number may belong to somebody else by now.
        let Ok(handle) = pidfd_open(one.pid, PidfdFlags::empty()) else {
            continue;
        };
        if member(one.pid, leader).is_some()
            && let Err(error) = pidfd_send_signal(&handle, Signal::KILL)
            && error != rustix::io::Errno::SRCH
        {
            tracing::warn!(pid = one.pid.as_raw_pid(), %error, "a command's process could not be killed");
        }
    }
    found
}

/// How many threads a user has, on the whole machine.
pub(crate) fn threads_of(user: u32) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(entries) = fs::read_dir("/proc") else {
        return 0;
    };
    let stats = entries.flatten().filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let owner = entry.metadata().ok()?.uid();
        // What may not be looked into belongs to root in there: it counts for nobody else.
        (owner == user).then_some(pid)
    });
    stats
        .filter_map(|pid: i32| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            read(pid, &stat).map(|(member, _)| member.threads)
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_pretend_to_be_fields() {
        let stat = "42 (a) Z 1 1 1 1) S 1 42 77 0 -1 0 0 0 0 0 0 0 0 0 20 0 3 0 5 9 12 18";
        let (member, session) = read(42, stat).expect("a line");
        assert_eq!((session, member.threads, member.pages), (77, 3, 12));
        assert!(!member.ended);
        assert_eq!(read(42, "42 (a)"), None);
    }

    #[test]
    fn own_threads_are_seen() {
        let user = rustix::process::geteuid().as_raw();
        assert!(threads_of(user) >= 1);
    }
}
