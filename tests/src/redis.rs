//! A real Redis on a port of its own, which keeps nothing on disk and can die in the middle of anything.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    process::{Command, Stdio},
    time::Duration,
};

use crate::{Process, eventually, free_port, stdio::SOON};

/// `redis-server` of the PATH, on the loopback interface.
#[derive(Debug)]
pub struct Redis {
    process: Option<Process>,
    port: u16,
}

impl Redis {
    /// Starts it and waits until it answers.
    pub fn start() -> Self {
        // Somebody who is no test of ours may have taken it: then another one.
        for _ in 0..5 {
            let port = free_port();
            if let Some(process) = run(port) {
                return Self {
                    process: Some(process),
                    port,
                };
            }
        }
        panic!("redis-server does not start; it comes with Debian's package redis-server");
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Kills it, as a machine does that loses its power.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Starts it again where it was, empty.
    pub fn restart(&mut self) {
        self.kill();
        let process = eventually(SOON, || run(self.port));
        self.process = Some(process.expect("its port is free again"));
    }

    /// What a command answers, in Redis's own form.
    pub fn ask(&self, words: &[&str]) -> String {
        ask(self.port, words).expect("it answers")
    }
}

/// Runs it on `port`; `None` when it ends, as it does when the port is taken.
fn run(port: u16) -> Option<Process> {
    let mut command = Command::new("redis-server");
    command
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
        .args(["--save", "", "--appendonly", "no", "--dir", "/"])
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    let mut process = Process::start(&mut command);
    let answered = eventually(SOON, || match process.child().try_wait() {
        Ok(Some(_)) => Some(false),
        _ => (ask(port, &["PING"])? == "+PONG\r\n").then_some(true),
    });
    (answered == Some(true)).then_some(process)
}

fn ask(port: u16, words: &[&str]) -> Option<String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(1))).ok()?;
    write!(stream, "*{}\r\n", words.len()).ok()?;
    for word in words {
        write!(stream, "${}\r\n{word}\r\n", word.len()).ok()?;
    }
    let mut answer = [0; 16_384];
    let count = stream.read(&mut answer).ok()?;
    Some(String::from_utf8_lossy(&answer[..count]).into_owned())
}
