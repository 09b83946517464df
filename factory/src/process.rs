//! Other programs: started in a group of their own, listened to within bounds, and stopped with all
//! their children.

use std::{
    io::{self, Read},
    os::unix::process::CommandExt as _,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::interrupt::Interrupt;

/// How often a wait looks up to see whether it should end.
pub(crate) const TICK: Duration = Duration::from_millis(25);

/// A child that does not outlive its owner.
#[derive(Debug)]
pub(crate) struct Group {
    child: Child,
}

impl Group {
    /// Starts a program. Ctrl-C on the terminal reaches us and not it, so we decide when it ends.
    pub(crate) fn spawn(command: &mut Command) -> io::Result<Self> {
        Self::spawn_with_stdin(command, Stdio::null())
    }

    /// The same, with something to read.
    pub(crate) fn spawn_with_stdin(command: &mut Command, stdin: Stdio) -> io::Result<Self> {
        command.process_group(0).stdin(stdin);
        command.spawn().map(|child| Self { child })
    }

    pub(crate) const fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Stops the program and everything it started.
    pub(crate) fn kill(&mut self) {
        if let Ok(Some(_)) = self.child.try_wait() {
            return;
        }
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // It may have ended in the meantime, which is as good.
            let _gone = kill_process_group(pid, Signal::KILL);
        }
        let _status = self.child.wait();
    }

    /// Waits until it has ended, or until `deadline`.
    pub(crate) fn wait_until(
        &mut self,
        deadline: Instant,
        interrupt: &Interrupt,
    ) -> io::Result<Option<ExitStatus>> {
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(Some(status));
            }
            if Instant::now() >= deadline || interrupt.is_set() {
                return Ok(None);
            }
            thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What a program said and how it ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// `None` when it had to be stopped.
    pub(crate) status: Option<ExitStatus>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Outcome {
    /// Whether it ended by itself and well.
    pub(crate) fn success(&self) -> bool {
        self.status.is_some_and(|status| status.success())
    }
}

/// Runs a program to its end, for at most `time`, and keeps at most `bytes` of each stream; a program
/// that says more is stopped.
pub(crate) fn run(
    command: &mut Command,
    time: Duration,
    bytes: u64,
    interrupt: &Interrupt,
) -> io::Result<Outcome> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let deadline = Instant::now() + time;
    let mut group = Group::spawn(command)?;
    let (sender, receiver) = mpsc::channel();
    let stdout = group.child().stdout.take();
    let stderr = group.child().stderr.take();
    listen(0, stdout, bytes, sender.clone());
    listen(1, stderr, bytes, sender);

    let mut streams = [Vec::new(), Vec::new()];
    let mut open = streams.len();
    let mut cut = false;
    while open > 0 && !cut && Instant::now() < deadline && !interrupt.is_set() {
        match receiver.recv_timeout(TICK) {
            Ok((index, text)) => {
                cut = text.len() as u64 >= bytes;
                streams[index] = text;
                open -= 1;
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
        }
    }
    let status = if cut {
        None
    } else {
        group.wait_until(deadline, interrupt)?
    };
    group.kill();
    let [stdout, stderr] = streams;
    Ok(Outcome {
        status,
        stdout,
        stderr: String::from_utf8_lossy(&stderr).into_owned(),
    })
}

/// Ends with its stream, which ends with the group.
fn listen(
    index: usize,
    stream: Option<impl Read + Send + 'static>,
    bytes: u64,
    sender: mpsc::Sender<(usize, Vec<u8>)>,
) {
    thread::spawn(move || {
        let mut text = Vec::new();
        if let Some(stream) = stream {
            // What was read before an error is all there is.
            let _read = stream.take(bytes).read_to_end(&mut text);
        }
        // Nobody listens any more after a deadline.
        let _sent = sender.send((index, text));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, time: Duration, bytes: u64) -> Outcome {
        run(
            Command::new("sh").args(["-c", script]),
            time,
            bytes,
            &Interrupt::default(),
        )
        .unwrap()
    }

    #[test]
    fn both_streams_and_the_status_come_back() {
        let outcome = shell(
            "echo out; echo err >&2; exit 3",
            Duration::from_secs(10),
            1000,
        );
        assert_eq!(outcome.stdout, b"out\n");
        assert_eq!(outcome.stderr, "err\n");
        assert_eq!(outcome.status.unwrap().code(), Some(3));
    }

    #[test]
    fn a_program_that_hangs_is_stopped_with_its_children() {
        let started = Instant::now();
        let outcome = shell("sleep 60 & sleep 60", Duration::from_millis(200), 1000);
        assert!(outcome.status.is_none());
        assert!(started.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn a_program_that_talks_too_much_is_stopped() {
        let outcome = shell("yes", Duration::from_secs(30), 10_000);
        assert!(outcome.status.is_none());
        assert_eq!(outcome.stdout.len(), 10_000);
    }
}
