//! A server on stdin and stdout, and the lines that go in and come out.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{ChildStdin, ChildStdout, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use crate::{Process, Product, message};

/// How long an answer may take that is not slow on purpose.
pub const SOON: Duration = Duration::from_secs(10);

/// A server on stdio.
#[derive(Debug)]
pub struct StdioServer {
    /// The process.
    pub process: Process,
    stdin: Option<ChildStdin>,
    /// Of a server whose answers nobody reads yet.
    stdout: Option<ChildStdout>,
    lines: Receiver<Vec<u8>>,
}

impl StdioServer {
    /// Starts `product` with more `arguments`.
    pub fn start(product: Product, arguments: &[&str]) -> Self {
        Self::run(Command::new(product.binary()).args(arguments))
    }

    /// Starts the server that `command` is.
    pub fn run(command: &mut Command) -> Self {
        let mut server = Self::run_unread(command);
        server.read();
        server
    }

    /// Starts the server that `command` is, and reads none of its answers until `read`.
    pub fn run_unread(command: &mut Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Process::start(command);
        Self {
            stdin: process.child().stdin.take(),
            stdout: process.child().stdout.take(),
            process,
            lines: channel().1,
        }
    }

    /// Begins to read the answers.
    pub fn read(&mut self) {
        let stdout = self.take_stdout();
        let (sender, lines) = channel();
        self.lines = lines;
        // Ends with the pipe, or with the test.
        thread::spawn(move || {
            for line in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
    }

    /// How many bytes of a server that nobody reads yet wait to be read.
    pub fn unread(&self) -> u64 {
        let stdout = self.stdout.as_ref().expect("nobody reads it yet");
        rustix::io::ioctl_fionread(stdout).expect("a pipe says how much it holds")
    }

    /// The answers of a server that nobody reads yet, to be read in another way, or closed.
    pub fn take_stdout(&mut self) -> ChildStdout {
        self.stdout.take().expect("nobody reads it yet")
    }

    /// The server's input, for a thread that may have to wait until the server reads.
    pub fn take_stdin(&mut self) -> ChildStdin {
        self.stdin.take().expect("stdin was not closed")
    }

    /// Writes bytes, which may be no message at all.
    pub fn send_bytes(&mut self, bytes: &[u8]) {
        let stdin = self.stdin.as_mut().expect("stdin was not closed");
        stdin
            .write_all(bytes)
            .and_then(|()| stdin.flush())
            .expect("the server reads its stdin");
    }

    /// Writes a message.
    pub fn send(&mut self, message: &Value) {
        self.send_bytes(format!("{message}\n").as_bytes());
    }

    /// The next message of the server. Fails when none comes, and when the line is not one.
    pub fn receive(&self) -> Value {
        self.receive_within(SOON)
            .unwrap_or_else(|| panic!("no message came; stderr: {}", self.process.stderr()))
    }

    /// The next message of the server, if one comes in time. Fails when the line is not one.
    pub fn receive_within(&self, limit: Duration) -> Option<Value> {
        let line = self.lines.recv_timeout(limit).ok()?;
        let message: Value = serde_json::from_slice(&line)
            .unwrap_or_else(|error| panic!("{error} in {:?}", String::from_utf8_lossy(&line)));
        assert_eq!(message["jsonrpc"], "2.0", "not a message: {message}");
        Some(message)
    }

    /// Sends a request and returns its answer. Fails when anything else comes before it.
    pub fn request(&mut self, request: &Value) -> Value {
        self.send(request);
        let answer = self.receive();
        assert_eq!(
            answer["id"], request["id"],
            "the answer to another request: {answer}"
        );
        answer
    }

    /// Calls a tool, in the 2026-07-28 revision.
    pub fn call(&mut self, id: i64, tool: &str, arguments: &Value) -> Value {
        self.request(&message::call(id, tool, arguments))
    }

    /// Goes through the handshake of the older revisions.
    pub fn initialize(&mut self) -> Value {
        let answer = self.request(&message::initialize(0));
        self.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        answer
    }

    /// Ends the server's input.
    pub fn close_stdin(&mut self) {
        self.stdin = None;
    }
}
