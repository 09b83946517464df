//! Ports for programs that cannot choose one themselves and say which.

use std::{
    env,
    fs::File,
    net::{Ipv4Addr, TcpListener},
    ops::Range,
    sync::{Mutex, PoisonError},
};

/// Ports that the kernel gives to nobody by itself.
const PORTS: Range<u16> = 20_000..32_000;

/// A port that is free, and that no other test is given for as long as this process lives.
pub fn free_port() -> u16 {
    static HELD: Mutex<Vec<File>> = Mutex::new(Vec::new());
    let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
    for port in PORTS {
        // Also against the tests of another checkout. A file of another user cannot be opened: the port is theirs.
        let Ok(claim) = File::create(env::temp_dir().join(format!("mcpf-port-{port}"))) else {
            continue;
        };
        if claim.try_lock().is_ok() && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            held.push(claim);
            return port;
        }
    }
    panic!("no port of {PORTS:?} is free");
}
