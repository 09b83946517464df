//! `emulate`, the emulator of web services that others wrote, as a child process on loopback.

use std::{
    net::{Ipv4Addr, TcpStream},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{Process, Tools, free_port};

/// How long the emulator may take to listen; the machine may be busy.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running emulator of one service. It ends with this value.
#[derive(Debug)]
pub struct Emulator {
    port: u16,
    _process: Process,
    _folder: TempDir,
}

impl Emulator {
    /// Starts the emulator of `service` with `seed`, and waits until it listens.
    pub fn start(service: &str, seed: &Value) -> Self {
        let folder = tempfile::tempdir().expect("there is room for a directory");
        let file = folder.path().join("seed.json");
        std::fs::write(&file, seed.to_string()).expect("the directory is ours");
        let port = free_port();
        // By itself it listens on all addresses.
        let shim = concat!(env!("CARGO_MANIFEST_DIR"), "/clients/loopback.cjs");
        let tools = Tools::installed();
        let mut command = Command::new(tools.package_file(".bin/node"));
        command.args(["--require", shim]);
        command.arg(tools.package_file("emulate/dist/index.js"));
        command.args([
            "start",
            "--service",
            service,
            "--port",
            &port.to_string(),
            "--seed",
        ]);
        command.arg(file).current_dir(folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let mut process = Process::start(&mut command);
        let begun = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if let Ok(Some(status)) = process.child().try_wait() {
                panic!(
                    "the emulator of {service} ended at once: {status}: {}",
                    process.stderr()
                );
            }
            assert!(begun.elapsed() < PATIENCE, "the emulator does not listen");
            std::thread::sleep(Duration::from_millis(50));
        }
        Self {
            port,
            _process: process,
            _folder: folder,
        }
    }

    /// Where it listens: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}
