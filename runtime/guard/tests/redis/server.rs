//! A Redis of its own for each test.

use std::{
    fs,
    io::Write as _,
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::Arc,
    thread::sleep,
    time::{Duration, Instant},
};

use mcp_factory_guard::{RateLimits, RedisConfig, Shared};
use tempfile::TempDir;

/// A `redis-server` that keeps nothing on disk; killed by its process id when dropped.
pub(crate) struct Redis {
    child: Child,
    folder: TempDir,
    pub(crate) port: u16,
    options: Vec<String>,
    password: Option<String>,
}

impl Redis {
    pub(crate) fn start() -> Self {
        Self::start_with(&[], None)
    }

    /// With more options, and the password with which this harness itself asks things.
    pub(crate) fn start_with(options: &[&str], password: Option<&str>) -> Self {
        let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
        // Somebody else may take the port between here and there.
        for _ in 0..5 {
            let port = free_port();
            let folder = tempfile::tempdir().expect("a folder");
            let mut redis = Self {
                child: spawn(&folder, port, &options),
                folder,
                port,
                options: options.clone(),
                password: password.map(str::to_owned),
            };
            if redis.wait_until_it_answers() {
                return redis;
            }
        }
        panic!("redis-server does not start");
    }

    fn wait_until_it_answers(&mut self) -> bool {
        let deadline = Instant::now() + Duration::from_secs(10);
        while Instant::now() < deadline {
            if self.child.try_wait().expect("a child").is_some() {
                return false;
            }
            if self.ask(&["PING"]).contains("PONG") {
                return true;
            }
            sleep(Duration::from_millis(20));
        }
        panic!("redis-server does not answer");
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("a child");
        self.child.wait().expect("a child");
    }

    /// On the same port, after [`kill`](Self::kill).
    pub(crate) fn restart(&mut self) {
        self.child = spawn(&self.folder, self.port, &self.options);
        assert!(self.wait_until_it_answers(), "the port was taken");
    }

    /// It takes connections from now on, but answers nothing.
    pub(crate) fn pause(&self) {
        self.signal("-STOP");
    }

    pub(crate) fn resume(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args([signal, &id]).status();
        assert!(status.expect("kill").success());
    }

    /// What it answers to a command, with `redis-cli`.
    pub(crate) fn ask(&self, command: &[&str]) -> String {
        let mut ask = Command::new("redis-cli");
        ask.args(["--raw", "-p", &self.port.to_string()]);
        if self.options.iter().any(|option| option == "--tls-port") {
            ask.args(["--tls", "--insecure"]);
        }
        if let Some(password) = &self.password {
            ask.env("REDISCLI_AUTH", password);
        }
        let output = ask
            .args(command)
            .stderr(Stdio::null())
            .output()
            .expect("redis-cli is installed with redis-server");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    pub(crate) fn keys(&self) -> Vec<String> {
        self.ask(&["KEYS", "*"])
            .lines()
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect()
    }

    pub(crate) fn config(&self) -> RedisConfig {
        config(&format!("redis://127.0.0.1:{}", self.port))
    }

    /// One replica: its own limits and its own connection.
    pub(crate) fn replica(&self) -> RateLimits {
        replica(&self.config())
    }

    /// A file with this text that nobody else may read.
    pub(crate) fn secret(&self, text: &str) -> PathBuf {
        secret(&self.folder, text)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // Both fail when it is gone already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Patient, so that a busy machine is not taken for a silent Redis.
pub(crate) fn config(url: &str) -> RedisConfig {
    RedisConfig {
        timeout: Duration::from_secs(2),
        ..RedisConfig::new(url.parse().expect("a url"))
    }
}

pub(crate) fn replica(config: &RedisConfig) -> RateLimits {
    let shared = Shared::new(config).expect("a configuration");
    RateLimits::new(10_000, Some(Arc::new(shared)))
}

/// A file in `folder` with this text that nobody else may read.
pub(crate) fn secret(folder: &TempDir, text: &str) -> PathBuf {
    let path = folder.path().join("url");
    let mut file = fs::File::create(&path).expect("a file");
    file.set_permissions(fs::Permissions::from_mode(0o600))
        .expect("permissions");
    file.write_all(text.as_bytes()).expect("written");
    path
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

fn spawn(folder: &TempDir, port: u16, options: &[String]) -> Child {
    let tls = options.iter().any(|option| option == "--tls-port");
    let port = port.to_string();
    let mut command = Command::new("redis-server");
    command
        .args(["--port", if tls { "0" } else { &port }])
        .args(["--bind", "127.0.0.1"])
        .args(["--save", "", "--appendonly", "no", "--dir"])
        .arg(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    for option in options {
        command.arg(option.replace("PORT", &port));
    }
    command.spawn().unwrap_or_else(|error| {
        panic!("these tests need a real Redis ({error}): apt-get install redis-server, or run tests/run as root")
    })
}
