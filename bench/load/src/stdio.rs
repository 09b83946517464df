//! Load over stdio: a server as a child, up to a number of requests on their way, every answer compared.

use std::{
    collections::HashMap,
    io::{self, Read as _, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Instant,
};

use memchr::memchr;
use serde_json::Value;

use crate::{
    measure::{Bounds, Measure},
    work::{FIRST, NUMBERS, Numbered, Work},
};

/// Requests at once that fit into a pipe with room to spare, so that neither side ever waits for the other to read.
pub const LARGEST_WINDOW: usize = 128;

/// Runs `command` under this load and ends it. An answer that is not the right one ends it too.
pub fn run(command: &[String], work: &Work, window: usize, bounds: Bounds) -> io::Result<Value> {
    let (program, arguments) = command
        .split_first()
        .ok_or_else(|| io::Error::other("no command"))?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let spawned = Instant::now();
    let mut child = command.spawn()?;
    let report = Session::new(&mut child)
        .and_then(|mut session| session.load(&child, work, window, bounds, spawned));
    child.kill()?;
    child.wait()?;
    report
}

struct Session {
    stdin: ChildStdin,
    stdout: ChildStdout,
    buffer: Vec<u8>,
    filled: usize,
}

impl Session {
    fn new(child: &mut Child) -> io::Result<Self> {
        let missing = || io::Error::other("no pipes");
        Ok(Self {
            stdin: child.stdin.take().ok_or_else(missing)?,
            stdout: child.stdout.take().ok_or_else(missing)?,
            buffer: vec![0; 128 << 10],
            filled: 0,
        })
    }

    fn load(
        &mut self,
        child: &Child,
        work: &Work,
        window: usize,
        bounds: Bounds,
        spawned: Instant,
    ) -> io::Result<Value> {
        for message in &work.first {
            self.stdin.write_all(format!("{message}\n").as_bytes())?;
            // A notification has no id and no answer.
            if message.contains("\"id\"") {
                self.line()?;
            }
        }
        let mut request = work.line();
        self.stdin.write_all(request.with(FIRST))?;
        let first = self.line()?;
        work.judge(&first).map_err(io::Error::other)?;
        let first_answer = spawned.elapsed();
        let mut answer = Numbered::new(first);

        let mut measure = Measure::new(child.id(), bounds);
        let mut on_their_way = HashMap::with_capacity(window);
        let mut number = FIRST;
        let mut out = Vec::new();
        'load: loop {
            out.clear();
            let now = Instant::now();
            while on_their_way.len() < window.min(LARGEST_WINDOW) {
                number = if number + 1 < FIRST + NUMBERS {
                    number + 1
                } else {
                    FIRST
                };
                out.extend_from_slice(request.with(number));
                on_their_way.insert(number, now);
            }
            self.stdin.write_all(&out)?;
            self.fill()?;
            let now = Instant::now();
            let mut begin = 0;
            while let Some(length) = memchr(b'\n', &self.buffer[begin..self.filled]) {
                let line = &self.buffer[begin..begin + length];
                begin += length + 1;
                let number = answer.number_in(line).unwrap_or_default();
                let since = on_their_way.remove(&number);
                let (Some(since), true) = (since, line == answer.with(number)) else {
                    let shown = String::from_utf8_lossy(&line[..line.len().min(600)]);
                    return Err(io::Error::other(format!("a wrong answer: {shown}")));
                };
                if !measure.count(since, now)? {
                    break 'load;
                }
            }
            self.buffer.copy_within(begin..self.filled, 0);
            self.filled -= begin;
        }
        let mut report = measure.report()?;
        report["first_answer_ms"] = (first_answer.as_secs_f64() * 1e3).into();
        Ok(report)
    }

    fn fill(&mut self) -> io::Result<()> {
        if self.filled == self.buffer.len() {
            self.buffer.resize(2 * self.filled, 0);
        }
        let count = self.stdout.read(&mut self.buffer[self.filled..])?;
        if count == 0 {
            return Err(io::Error::other("the server ended"));
        }
        self.filled += count;
        Ok(())
    }

    /// One line, when no other is on its way.
    fn line(&mut self) -> io::Result<Vec<u8>> {
        loop {
            if let Some(length) = memchr(b'\n', &self.buffer[..self.filled]) {
                let line = self.buffer[..length].to_vec();
                self.buffer.copy_within(length + 1..self.filled, 0);
                self.filled -= length + 1;
                return Ok(line);
            }
            self.fill()?;
        }
    }
}
