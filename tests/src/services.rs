//! Stand-ins for services that no emulator plays: `tests/clients/services.py`, on loopback.

use std::{
    io::{BufRead as _, BufReader},
    process::Stdio,
};

use crate::{Process, Tools};

/// The running stand-ins. They end with this value.
#[derive(Debug)]
pub struct Services {
    port: u16,
    _process: Process,
}

impl Services {
    /// Starts them.
    pub fn start() -> Self {
        let mut command = Tools::installed().python_client("services.py");
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = Process::start(&mut command);
        let stdout = process.child().stdout.take().expect("stdout is piped");
        let mut line = String::new();
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("they say their port");
        Self {
            port: line.trim().parse().expect("a port"),
            _process: process,
        }
    }

    /// Where they listen: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Their port.
    pub const fn port(&self) -> u16 {
        self.port
    }
}
