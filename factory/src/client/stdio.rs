//! A server that is started here and spoken to line by line.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, sync_channel},
    thread,
    time::{Duration, Instant},
};

use crate::{
    error::plain,
    interrupt::Interrupt,
    process::{Group, TICK},
};

/// Lines of the server that wait to be looked at. Behind them it waits itself.
const WAITING: usize = 64;
/// For a server that is told to end by the end of its input.
const GOODBYE: Duration = Duration::from_secs(3);

/// The server's process and its two streams.
#[derive(Debug)]
pub(super) struct Child {
    group: Group,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    interrupt: Interrupt,
}

impl Child {
    /// Starts `command`; what it says on stderr is seen as it is.
    pub(super) fn start(command: &[String], interrupt: &Interrupt) -> Result<Self, String> {
        let (program, arguments) = command.split_first().ok_or("no server is named")?;
        let mut process = Command::new(program);
        process.args(arguments).stdout(Stdio::piped());
        let mut group = Group::spawn_with_stdin(&mut process, Stdio::piped())
            .map_err(|error| format!("{program} does not start: {}", plain(&error)))?;
        let stdin = group.child().stdin.take();
        let stdout = group
            .child()
            .stdout
            .take()
            .ok_or("its output cannot be read")?;
        let (sender, lines) = sync_channel(WAITING);
        // Ends with the pipe, or when nobody listens any more.
        thread::spawn(move || {
            for line in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
                if sender
                    .send(String::from_utf8_lossy(&line).into_owned())
                    .is_err()
                {
                    return;
                }
            }
        });
        Ok(Self {
            group,
            stdin,
            lines,
            interrupt: interrupt.clone(),
        })
    }

    pub(super) fn send(&mut self, frame: &str) -> Result<(), String> {
        let stdin = self.stdin.as_mut().ok_or("the server was told to end")?;
        stdin
            .write_all(format!("{frame}\n").as_bytes())
            .and_then(|()| stdin.flush())
            .map_err(|_| "the server has ended".to_owned())
    }

    /// The next line; `None` after `deadline`.
    pub(super) fn receive(&mut self, deadline: Instant) -> Result<Option<String>, String> {
        loop {
            match self.lines.recv_timeout(TICK) {
                Ok(line) if line.trim().is_empty() => {}
                Ok(line) => return Ok(Some(line)),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err("the server has ended".to_owned());
                }
                Err(RecvTimeoutError::Timeout) if self.interrupt.is_set() => {
                    return Err("interrupted".to_owned());
                }
                Err(RecvTimeoutError::Timeout) if Instant::now() >= deadline => return Ok(None),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// What has come meanwhile.
    pub(super) fn waiting(&self) -> Vec<String> {
        self.lines.try_iter().collect()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.stdin = None;
        // A server that does not end by itself is ended with its group.
        let _ended = self
            .group
            .wait_until(Instant::now() + GOODBYE, &self.interrupt);
    }
}
