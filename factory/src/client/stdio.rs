//! A server that is started here and spoken to line by line.

use std::{
    io::{BufRead, BufReader, Read as _, Write as _},
    process::{Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel},
    thread,
    time::{Duration, Instant},
};

use crate::{
    error::plain,
    interrupt::Interrupt,
    process::{Group, TICK},
};

/// Lines of the server that wait to be looked at. Behind them it waits itself.
const WAITING: usize = 4;
/// The longest line, in bytes.
const MOST: u64 = 64 << 20;
/// For a server to read what it is told.
const HEARING: Duration = Duration::from_mins(1);
/// For a server that is told to end by the end of its input.
const GOODBYE: Duration = Duration::from_secs(3);

/// The server's process and its two streams.
#[derive(Debug)]
pub(super) struct Child {
    group: Group,
    /// What it is told, on its way to its input.
    told: Option<SyncSender<String>>,
    lines: Receiver<Result<String, String>>,
    /// Why there are no more lines, where nobody has been told.
    broken: Option<String>,
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
        let mut stdin = group
            .child()
            .stdin
            .take()
            .ok_or("it cannot be told anything")?;
        let stdout = group
            .child()
            .stdout
            .take()
            .ok_or("its output cannot be read")?;
        let (sender, lines) = sync_channel(WAITING);
        // Ends with the pipe, or when nobody listens any more.
        thread::spawn(move || {
            let mut stdout = BufReader::new(stdout);
            while let Some(line) = line(&mut stdout, MOST) {
                let is_over = line.is_err();
                if sender.send(line).is_err() || is_over {
                    return;
                }
            }
        });
        let (told, frames) = sync_channel::<String>(1);
        // Ends when nothing more is said, or when the server has ended.
        thread::spawn(move || {
            for frame in frames {
                let written = stdin.write_all(format!("{frame}\n").as_bytes());
                if written.and_then(|()| stdin.flush()).is_err() {
                    return;
                }
            }
        });
        Ok(Self {
            group,
            told: Some(told),
            lines,
            broken: None,
            interrupt: interrupt.clone(),
        })
    }

    pub(super) fn send(&mut self, frame: &str) -> Result<(), String> {
        let told = self.told.as_ref().ok_or("the server was told to end")?;
        let deadline = Instant::now() + HEARING;
        let mut frame = frame.to_owned();
        loop {
            match told.try_send(frame) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Disconnected(_)) => return Err("the server has ended".to_owned()),
                Err(TrySendError::Full(back)) => frame = back,
            }
            if self.interrupt.is_set() {
                return Err("interrupted".to_owned());
            }
            if Instant::now() >= deadline {
                return Err("the server does not read what it is told".to_owned());
            }
            thread::sleep(TICK);
        }
    }

    /// The next line; `None` after `deadline`.
    pub(super) fn receive(&mut self, deadline: Instant) -> Result<Option<String>, String> {
        loop {
            // At each turn: a server that never stops talking does not hold us.
            if self.interrupt.is_set() {
                return Err("interrupted".to_owned());
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
            match self.lines.recv_timeout(TICK) {
                Ok(Ok(line)) if line.trim().is_empty() => {}
                Ok(line) => return line.map(Some),
                Err(RecvTimeoutError::Disconnected) => {
                    let why = self.broken.take();
                    return Err(why.unwrap_or_else(|| "the server has ended".to_owned()));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// A line that has come meanwhile.
    pub(super) fn waiting(&mut self) -> Option<String> {
        match self.lines.try_recv().ok()? {
            Ok(line) => Some(line),
            Err(why) => {
                self.broken = Some(why);
                None
            }
        }
    }
}

/// The next line without its end; `None` at the end of all.
fn line(stream: &mut impl BufRead, most: u64) -> Option<Result<String, String>> {
    let mut line = Vec::new();
    let read = stream.take(most + 1).read_until(b'\n', &mut line).ok()?;
    if line.last() == Some(&b'\n') {
        line.pop();
    } else if read as u64 > most {
        return Some(Err(format!(
            "the server writes a line of more than {} MiB",
            most >> 20
        )));
    }
    (read > 0).then(|| Ok(String::from_utf8_lossy(&line).into_owned()))
}

impl Drop for Child {
    fn drop(&mut self) {
        self.told = None;
        // A server that does not end by itself is ended with its group.
        let _ended = self
            .group
            .wait_until(Instant::now() + GOODBYE, &self.interrupt);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(script: &str, interrupt: &Interrupt) -> Child {
        let command = ["sh", "-c", script].map(str::to_owned);
        Child::start(&command, interrupt).unwrap()
    }

    #[test]
    fn a_line_has_an_end() {
        let mut text = "one\n\nlast".as_bytes();
        let mut next = || line(&mut text, 4);
        assert_eq!(next(), Some(Ok("one".to_owned())));
        assert_eq!(next(), Some(Ok(String::new())));
        assert_eq!(next(), Some(Ok("last".to_owned())));
        assert_eq!(next(), None);
        let mut endless = BufReader::new(std::io::repeat(b'x'));
        let error = line(&mut endless, 1 << 20).unwrap().unwrap_err();
        assert!(error.contains("more than 1 MiB"), "{error}");
    }

    #[test]
    fn a_server_that_never_stops_talking_is_left_at_the_deadline() {
        let mut server = server("yes ''", &Interrupt::default());
        let deadline = Instant::now() + Duration::from_millis(300);
        assert_eq!(server.receive(deadline), Ok(None));
    }

    #[test]
    fn it_is_left_when_it_does_not_read_either() {
        let interrupt = Interrupt::default();
        let mut server = server("exec sleep 60", &interrupt);
        let large = "x".repeat(1 << 20);
        for _ in 0..2 {
            // One is on its way, one waits.
            server.send(&large).unwrap();
        }
        let asked = interrupt.clone();
        let asking = thread::spawn(move || {
            thread::sleep(Duration::from_millis(200));
            asked.ask();
        });
        assert_eq!(server.send(&large), Err("interrupted".to_owned()));
        asking.join().unwrap();
    }

    #[test]
    fn why_there_are_no_more_lines_is_told_later_too() {
        let script = "head -c 67108866 /dev/zero; exec sleep 60";
        let mut server = server(script, &Interrupt::default());
        let deadline = Instant::now() + Duration::from_mins(1);
        while server.broken.is_none() && Instant::now() < deadline {
            assert_eq!(server.waiting(), None);
            thread::sleep(TICK);
        }
        let error = server.receive(deadline).unwrap_err();
        assert!(error.contains("a line of more than 64 MiB"), "{error}");
        // It does not end by itself.
        server.group.kill();
    }

    #[test]
    fn it_is_left_when_we_are_asked_to_stop() {
        let interrupt = Interrupt::default();
        let mut server = server("yes ''", &interrupt);
        let asked = interrupt.clone();
        let asking = thread::spawn(move || {
            thread::sleep(Duration::from_millis(200));
            asked.ask();
        });
        let deadline = Instant::now() + Duration::from_mins(2);
        assert_eq!(server.receive(deadline), Err("interrupted".to_owned()));
        asking.join().unwrap();
    }
}
