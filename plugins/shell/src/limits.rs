//! What a process may use at most, as the kernel counts it for each process.

use rustix::io;
use rustix::process::{Resource, Rlimit, setrlimit};

use crate::declaration::Declaration;

/// The limits of a process. Hard ones: it cannot raise them.
#[derive(Clone, Debug)]
pub(crate) struct Limits([(Resource, u64); 7]);

impl Limits {
    /// Those of a declaration. `others` is how many threads the same user has already: the kernel counts
    /// all of a user's.
    pub(crate) fn of(declaration: &Declaration, others: u64) -> Self {
        let processes = u64::from(declaration.processes);
        Self([
            (Resource::Core, 0),
            (Resource::Cpu, declaration.cpu_seconds),
            (Resource::As, declaration.memory_mib << 20),
            (Resource::Nofile, declaration.open_files),
            (Resource::Fsize, declaration.file_size_mib << 20),
            (
                Resource::Nproc,
                others.saturating_add(processes * THREADS_EACH),
            ),
            (Resource::Memlock, 0),
        ])
    }

    /// Sets them for the calling process. System calls and nothing else, so it may run between fork and
    /// exec.
    pub(crate) fn apply(&self) -> io::Result<()> {
        for (resource, most) in &self.0 {
            // One second more before the kill than before the signal that says why.
            let hard = most + u64::from(matches!(resource, Resource::Cpu));
            // What the server itself is held to, it cannot lift.
            let now = rustix::process::getrlimit(*resource).maximum;
            let hard = now.map_or(hard, |now| now.min(hard));
            let limit = Rlimit {
                current: Some((*most).min(hard)),
                maximum: Some(hard),
            };
            setrlimit(*resource, limit)?;
        }
        Ok(())
    }
}

/// How many threads a process may have on average.
pub(crate) const THREADS_EACH: u64 = 32;
