//! Standing by a running program until nothing of it is left: output, time, processes, memory, and its end.
//!
//! One thread for each command does all of it and waits in one place. The thread that started a program
//! must be the one that stays: the kernel kills the program when that thread ends.

use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, kill_process_group, pidfd_open, waitpgid,
};

use crate::limits::THREADS_EACH;
use crate::outcome::{Captured, Ended, Outcome, signal_note};
use crate::session;
use crate::streams::{Stream, drain, read_some, ready};

/// How long a program may tidy up after it was asked to end.
const GRACE: Duration = Duration::from_millis(250);
/// How often processes and memory are counted: at first, and at last.
const FIRST_LOOK: Duration = Duration::from_millis(5);
const LAST_LOOK: Duration = Duration::from_millis(100);
/// So much may be written beyond what is answered; it is read and dropped.
const FLOOD: u64 = 32 << 20;
/// How long is waited for the rest of the output when the program has ended.
const LEFTOVERS: Duration = Duration::from_millis(200);

/// What a running program is held to.
#[derive(Debug)]
pub(crate) struct Watch {
    pub(crate) deadline: Instant,
    pub(crate) max_output: usize,
    pub(crate) processes: u32,
    pub(crate) memory: u64,
    pub(crate) cpu_seconds: u64,
    /// Whether the program is kept in its session by the filter.
    pub(crate) kept: bool,
}

/// The ends of pipes whose other ends are closed when a command is to end.
#[derive(Debug)]
pub(crate) struct Stops<'a> {
    /// The call was cancelled.
    pub(crate) call: &'a OwnedFd,
    /// The server stops.
    pub(crate) server: &'a OwnedFd,
}

struct Running<'a> {
    watch: &'a Watch,
    leader: Pid,
    /// Why it is being ended, and when it is killed.
    ending: Option<(Ended, Instant)>,
    next_look: Instant,
    look: Duration,
}

/// Stands by until nothing is left. Blocks.
pub(crate) fn supervise(
    mut child: Child,
    started: Instant,
    watch: &Watch,
    stops: &Stops<'_>,
) -> io::Result<Outcome> {
    let leader = Pid::from_child(&child);
    let mut running = Running {
        watch,
        leader,
        ending: None,
        next_look: started + FIRST_LOOK,
        look: FIRST_LOOK,
    };
    let mut out = (child.stdout.take(), Captured::default());
    let mut err = (child.stderr.take(), Captured::default());
    let waited = pidfd_open(leader, PidfdFlags::empty())
        .map_err(io::Error::from)
        .and_then(|handle| running.wait(&handle, &mut out, &mut err, stops));
    // The leader has ended and was not asked how, so its number still belongs to it and to its session.
    running.kill();
    running.sweep();
    let status = child.wait()?;
    // Where the server is the first process of a container, orphans are its own to ask.
    while let Ok(Some(_)) = waitpgid(leader, WaitOptions::NOHANG) {}
    waited?;
    let late = Instant::now() + LEFTOVERS;
    while (out.0.is_some() || err.0.is_some()) && Instant::now() < late {
        if !drain(
            &mut out,
            &mut err,
            watch.max_output,
            Duration::from_millis(20),
        )? {
            break;
        }
    }
    Ok(outcome(
        status,
        running.ending,
        watch,
        started,
        out.1,
        err.1,
    ))
}

impl Running<'_> {
    /// Returns when the leader has ended.
    fn wait<A: Read + AsFd, B: Read + AsFd>(
        &mut self,
        handle: &OwnedFd,
        out: &mut Stream<A>,
        err: &mut Stream<B>,
        stops: &Stops<'_>,
    ) -> io::Result<()> {
        loop {
            let now = Instant::now();
            self.judge_time(now);
            if now >= self.next_look {
                self.look();
            }
            if out.1.total.saturating_add(err.1.total) > FLOOD + 2 * self.watch.max_output as u64 {
                self.end_now(Ended::WroteTooMuch);
            }
            let mut wanted: Vec<BorrowedFd<'_>> = vec![handle.as_fd()];
            if self.ending.is_none() {
                wanted.extend([stops.call.as_fd(), stops.server.as_fd()]);
            }
            let streams = wanted.len();
            wanted.extend(out.0.as_ref().map(AsFd::as_fd));
            let errors = wanted.len();
            wanted.extend(err.0.as_ref().map(AsFd::as_fd));
            let ready = ready(&wanted, self.patience(now))?;
            if ready[0] {
                return Ok(());
            }
            if ready[1..streams].contains(&true) {
                self.end(Ended::Cancelled);
            }
            let (out_ready, err_ready) = (
                ready[streams..errors].contains(&true),
                ready[errors..].contains(&true),
            );
            if out_ready {
                read_some(out, self.watch.max_output)?;
            }
            if err_ready {
                read_some(err, self.watch.max_output)?;
            }
        }
    }

    /// How long nothing needs to be done.
    fn patience(&self, now: Instant) -> Duration {
        let until = self.ending.map_or(self.watch.deadline, |(_, kill)| kill);
        // After the kill there is nothing to hurry for but the end itself.
        let until = if until <= now { now + LAST_LOOK } else { until };
        until.min(self.next_look).saturating_duration_since(now)
    }

    fn judge_time(&mut self, now: Instant) {
        match self.ending {
            None if now >= self.watch.deadline => self.end(Ended::TimedOut),
            Some((_, kill)) if now >= kill => self.kill(),
            _ => {}
        }
    }

    /// Counts what the kernel does not count for a session.
    fn look(&mut self) {
        let alone = self.is_alone();
        let members = if alone {
            session::member(self.leader, self.leader)
                .into_iter()
                .collect()
        } else {
            session::members(self.leader)
        };
        let alive = members.iter().filter(|one| !one.ended);
        let (mut processes, mut threads, mut pages) = (0_u64, 0_u64, 0_u64);
        for one in alive {
            processes += 1;
            threads += one.threads;
            pages = pages.saturating_add(one.pages);
        }
        let most = u64::from(self.watch.processes);
        if processes > most || threads > most * THREADS_EACH {
            self.end_now(Ended::TooManyProcesses);
        }
        // One process is held by its address space.
        if !alone && pages.saturating_mul(page_size()) > self.watch.memory {
            self.end_now(Ended::TooMuchMemory);
        }
        self.look = (self.look * 2).min(LAST_LOOK);
        self.next_look = Instant::now() + self.look;
    }

    /// Asks it to end, and kills it a moment later.
    fn end(&mut self, why: Ended) {
        if self.ending.is_none() {
            self.signal(Signal::TERM);
            self.ending = Some((why, Instant::now() + GRACE));
        }
    }

    /// Kills it.
    fn end_now(&mut self, why: Ended) {
        if self.ending.is_none() {
            self.ending = Some((why, Instant::now()));
        }
        self.kill();
    }

    /// Kills all of the group at once: nobody in it can fork while that happens.
    fn kill(&self) {
        self.signal(Signal::KILL);
        if !self.watch.kept {
            session::kill(self.leader);
        }
    }

    fn signal(&self, signal: Signal) {
        match kill_process_group(self.leader, signal) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => {}
            Err(error) => {
                tracing::warn!(%error, "a command's processes could not be signalled");
            }
        }
    }

    /// Sees to it that nothing of the session is left, in whatever group.
    fn sweep(&self) {
        if self.is_alone() {
            return;
        }
        for _ in 0..100 {
            if !session::kill(self.leader) {
                return;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        tracing::error!(
            pid = self.leader.as_raw_pid(),
            "processes of a command could not be ended"
        );
    }

    /// Whether it cannot have started another process.
    fn is_alone(&self) -> bool {
        self.watch.processes == 1 && self.watch.kept
    }
}

fn page_size() -> u64 {
    rustix::param::page_size() as u64
}

fn outcome(
    status: ExitStatus,
    ending: Option<(Ended, Instant)>,
    watch: &Watch,
    started: Instant,
    out: Captured,
    err: Captured,
) -> Outcome {
    let (ended, note) = match ending {
        Some((why, _)) => (why, Some(killed_note(why))),
        None => match status.signal() {
            Some(signal) => (
                Ended::Signalled,
                Some(signal_note(signal, watch.cpu_seconds)),
            ),
            None => (Ended::Exited, None),
        },
    };
    Outcome {
        ended,
        exit_code: status.code(),
        note,
        truncated: out.truncated() || err.truncated(),
        stdout: out.into_text(),
        stderr: err.into_text(),
        duration_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
    }
}

fn killed_note(why: Ended) -> String {
    let text = match why {
        Ended::TimedOut => "killed: its time was over; ask for less at once",
        Ended::WroteTooMuch => "killed: it wrote without an end; ask for less at once",
        Ended::TooManyProcesses => {
            "killed: it had more processes or threads than this tool may have (`processes`)"
        }
        Ended::TooMuchMemory => "killed: it occupied more memory than this tool may (`memory_mib`)",
        Ended::Cancelled => "killed: the call was cancelled, or the server stops",
        Ended::Exited | Ended::Signalled => "ended",
    };
    text.to_owned()
}
