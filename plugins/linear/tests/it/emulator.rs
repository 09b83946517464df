//! `emulate`, the emulator of services that the tests talk to, as a child process on loopback.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long the emulator may take to listen; the machine may be busy.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running emulator of one service. It ends with this value.
pub(crate) struct Emulator {
    child: Child,
    pub(crate) port: u16,
    _folder: tempfile::TempDir,
}

impl Emulator {
    /// Starts the emulator of `service` with `seed`, and waits until it listens.
    pub(crate) fn start(service: &str, seed: &Value) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let seed_file = folder.path().join("seed.json");
        std::fs::write(&seed_file, seed.to_string()).expect("a seed");
        let port = free_port();
        let script = tools().join("node_modules/emulate/dist/index.js");
        assert!(
            script.exists(),
            "the emulator is not installed: run tests/clients/setup (looked for {})",
            script.display()
        );
        let shim = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/loopback.cjs");
        let child = Command::new(tools().join("node_modules/.bin/node"))
            .arg("--require")
            .arg(shim)
            .arg(script)
            .args(["start", "--service", service, "--port", &port.to_string()])
            .arg("--seed")
            .arg(seed_file)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("Node.js of the test tools starts: run tests/clients/setup");
        let mut emulator = Self {
            child,
            port,
            _folder: folder,
        };
        emulator.wait();
        emulator
    }

    fn wait(&mut self) {
        let start = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            if let Ok(Some(status)) = self.child.try_wait() {
                panic!("the emulator ended at once: {status}");
            }
            assert!(start.elapsed() < PATIENCE, "the emulator does not listen");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Where tests/clients/setup installs.
fn tools() -> PathBuf {
    std::env::var_os("MCP_FACTORY_TEST_TOOLS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/clients"),
        PathBuf::from,
    )
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("its address").port()
}
