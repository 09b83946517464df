//! Starting a program inside of its sandbox. The one file in which `unsafe` is allowed, and why.
//!
//! The sandbox has to stand between fork and exec, in the child: a limit that is set from outside comes
//! after the program's first instructions, and a filter that is put on the parent's thread could not forbid
//! to leave a session that the child has yet to enter, nor to fork before it was forked. `pre_exec` is how
//! the standard library lets code run there, and it is unsafe, because after a fork in a process with
//! several threads only the forking thread goes on: a lock that another thread held (the allocator's, say)
//! is held for ever.
//!
//! So `confine` makes system calls and nothing else while all goes well: what it needs is allocated before
//! the fork. When a step fails it returns an error that holds a number, and the child ends.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use landlock::RulesetCreated;
use rustix::process::{Pid, Signal};
use rustix::thread::{CapabilitySet, CapabilitySets};

use crate::config::User;
use crate::filter::Filter;
use crate::limits::Limits;
use crate::program::Program;

/// All that starting a program takes.
pub(crate) struct Launch<'a> {
    pub(crate) program: &'a Program,
    pub(crate) arguments: &'a [String],
    pub(crate) environment: &'a std::collections::BTreeMap<String, String>,
    pub(crate) directory: &'a File,
    pub(crate) user: Option<User>,
    pub(crate) confinement: Confinement,
}

/// What holds a program, made ready before the fork.
pub(crate) struct Confinement {
    pub(crate) limits: Limits,
    pub(crate) rules: Option<RulesetCreated>,
    pub(crate) filter: Option<Filter>,
    /// The server: who must still be there when the program starts.
    pub(crate) server: Pid,
}

impl Launch<'_> {
    /// Starts it. It is killed when the calling thread ends, whatever becomes of the server.
    pub(crate) fn start(self) -> io::Result<Child> {
        // The files that were judged, not whatever has their names now. Both are closed by exec.
        let mut command = Command::new(through(self.program.file.as_raw_fd()));
        command
            .arg0(&self.program.name)
            .args(self.arguments)
            .env_clear()
            .envs(self.environment)
            .current_dir(through(self.directory.as_raw_fd()))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(user) = self.user {
            // The supplementary groups go too: the standard library drops them with a change of user.
            command.uid(user.uid).gid(user.gid);
        }
        confined(&mut command, self.confinement);
        command.spawn()
    }
}

fn through(descriptor: i32) -> String {
    format!("/proc/self/fd/{descriptor}")
}

#[expect(
    unsafe_code,
    reason = "a sandbox stands between fork and exec, see the head of the file"
)]
fn confined(command: &mut Command, mut confinement: Confinement) {
    // SAFETY: the closure runs in the child after the fork. It makes system calls only: `setsid`, `prctl`,
    // `getppid`, `getrlimit`, `setrlimit`, `capset`, `close_range`, `landlock_restrict_self`, `close`,
    // `seccomp`. It takes no lock, and does not allocate unless a step fails, after which the child ends;
    // it touches no memory that is shared with the parent, as a forked child has its own.
    unsafe { command.pre_exec(move || confinement.confine()) };
}

impl Confinement {
    fn confine(&mut self) -> io::Result<()> {
        // A session of its own: its process group can be signalled as one, and there is no terminal.
        rustix::process::setsid()?;
        rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
        if rustix::process::getppid() != Some(self.server) {
            // The server ended before the line above.
            return Err(io::Error::from_raw_os_error(libc::ESRCH));
        }
        close_on_exec()?;
        self.limits.apply()?;
        // For a program that stays root; whoever changed the user has none left.
        rustix::thread::set_capabilities(
            None,
            CapabilitySets {
                effective: CapabilitySet::empty(),
                permitted: CapabilitySet::empty(),
                inheritable: CapabilitySet::empty(),
            },
        )?;
        rustix::thread::set_no_new_privs(true)?;
        let denied = |_: &dyn std::error::Error| io::Error::from_raw_os_error(libc::EPERM);
        if let Some(rules) = self.rules.take() {
            rules.restrict_self().map_err(|error| denied(&error))?;
        }
        if let Some(filter) = &self.filter {
            filter.apply().map_err(|error| denied(&error))?;
        }
        Ok(())
    }
}

/// Marks every descriptor but the three standard ones to be closed by exec: also those that somebody gave
/// to the server, or that a library opened without a thought of children.
#[expect(
    unsafe_code,
    reason = "there is no safe function for it in the crates at hand"
)]
fn close_on_exec() -> io::Result<()> {
    const CLOSE_RANGE_CLOEXEC: libc::c_uint = 1 << 2;
    // SAFETY: the system call takes three numbers and no pointer. It closes nothing here: with this flag
    // descriptors are closed when a program is executed, and this child only goes on to do that.
    let done = unsafe {
        libc::syscall(
            libc::SYS_close_range,
            3 as libc::c_uint,
            libc::c_uint::MAX,
            CLOSE_RANGE_CLOEXEC,
        )
    };
    if done == 0 {
        return Ok(());
    }
    Err(io::Error::last_os_error())
}

impl std::fmt::Debug for Confinement {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Confinement")
            .field("limits", &self.limits)
            .field("landlock", &self.rules.is_some())
            .field("seccomp", &self.filter.is_some())
            .finish_non_exhaustive()
    }
}
