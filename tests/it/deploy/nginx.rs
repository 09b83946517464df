//! nginx with the front end that `deploy` writes.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{Ipv4Addr, TcpListener},
    path::PathBuf,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use mcp_factory_tests::{Process, eventually};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{HOST, deployed, edit, succeeds};

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
    free.local_addr().expect("it is bound").port()
}

/// nginx with the front end that `deploy` writes, on a port of its own, in front of `backends`.
pub(super) struct Nginx {
    folder: TempDir,
    port: u16,
    process: Process,
}

impl Nginx {
    pub(super) fn start(backends: &[u16]) -> Self {
        let folder = deployed(
            "nginx",
            &["--replicas", &backends.len().to_string(), "--host", HOST],
        );
        let out = folder.path().join("out");
        let place = out.display().to_string();
        let own = out.join(HOST);
        let script = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out certificate.pem -days 30 -subj /CN=mcp.example.com";
        succeeds(Command::new("sh").args(["-c", script]).current_dir(&own));
        let port = free_port();
        let conf = out.join("standard.conf");
        let mut changes = vec![
            ("/etc/nginx".to_owned(), place.clone()),
            (
                "listen 443 ssl".to_owned(),
                format!("listen 127.0.0.1:{port} ssl"),
            ),
            ("    listen [::]:443 ssl;\n".to_owned(), String::new()),
        ];
        let ports = (8080..).zip(backends);
        changes.extend(
            ports.map(|(from, to)| (format!("127.0.0.1:{from} "), format!("127.0.0.1:{to} "))),
        );
        let changes: Vec<(&str, &str)> = changes
            .iter()
            .map(|(from, to)| (from.as_str(), to.as_str()))
            .collect();
        edit(&conf, &changes);
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path {place}/{name};"))
            .concat();
        let main = format!(
            "daemon off; pid {place}/pid; error_log stderr; events {{}} http {{ access_log off; {temporary} include {}; }}",
            conf.display()
        );
        fs::write(out.join("nginx.conf"), main).expect("it is ours");
        let nginx = |arguments: &[&str]| {
            let mut command = Command::new("nginx");
            // Debian has it where only root looks.
            let path = std::env::var("PATH").unwrap_or_default();
            command.env("PATH", format!("{path}:/usr/sbin"));
            command
                .args(["-e", "stderr", "-c"])
                .arg(out.join("nginx.conf"))
                .args(arguments);
            command
        };
        succeeds(&mut nginx(&["-t"]));
        let process = Process::start(&mut nginx(&[]));
        let nginx = Self {
            folder,
            port,
            process,
        };
        let up = eventually(Duration::from_secs(10), || {
            std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()
        });
        assert!(up.is_some(), "{}", nginx.process.stderr());
        nginx
    }

    /// curl with a request for `/mcp`.
    pub(super) fn curl(&self, body: &Value) -> Command {
        let mut command = Command::new("curl");
        command.args(["-sS", "--max-time", "20", "--cacert"]);
        command.arg(self.certificate());
        command.args(["--resolve", &format!("{HOST}:{}:127.0.0.1", self.port)]);
        command.args([
            "-H",
            "Content-Type: application/json",
            "-H",
            "Accept: application/json, text/event-stream",
        ]);
        let tool = body["params"]["name"].as_str().unwrap_or("echo");
        command.args([
            "-H",
            "MCP-Protocol-Version: 2026-07-28",
            "-H",
            "Mcp-Method: tools/call",
            "-H",
            &format!("Mcp-Name: {tool}"),
        ]);
        command.args([
            "-d",
            &body.to_string(),
            &format!("https://{HOST}:{}/mcp", self.port),
        ]);
        command
    }

    fn certificate(&self) -> PathBuf {
        self.folder
            .path()
            .join("out")
            .join(HOST)
            .join("certificate.pem")
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Its workers outlive it unless it is asked to end.
        self.process.terminate();
        self.process.ended_within(Duration::from_secs(5));
    }
}

/// Events go out as they come: what nginx keeps back would come at the end, all at once.
#[test]
fn nginx_streams_events() {
    const PAUSE: Duration = Duration::from_millis(700);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
    let port = listener.local_addr().expect("it is bound").port();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("nginx comes");
        let mut request = [0; 4096];
        let _asked = stream.read(&mut request).expect("it asks");
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
        stream.write_all(head.as_bytes()).expect("it reads");
        for event in 0..3 {
            let event = format!("data: {event}\n\n");
            stream
                .write_all(format!("{:x}\r\n{event}\r\n", event.len()).as_bytes())
                .expect("it reads");
            thread::sleep(PAUSE);
        }
        stream.write_all(b"0\r\n\r\n").expect("it reads");
    });
    let nginx = Nginx::start(&[port]);
    let mut curl = nginx.curl(&json!({}));
    let mut client = Process::start(curl.arg("--no-buffer").stdout(Stdio::piped()));
    let mut stdout = client.child().stdout.take().expect("it is piped");
    let mut times = Vec::new();
    let mut piece = [0; 1024];
    while let Ok(read @ 1..) = stdout.read(&mut piece) {
        let events = piece[..read]
            .windows(5)
            .filter(|window| window == b"data:")
            .count();
        times.extend(vec![Instant::now(); events]);
    }
    assert_eq!(
        times.len(),
        3,
        "{}{}",
        client.stderr(),
        nginx.process.stderr()
    );
    let apart = times[2].duration_since(times[0]);
    assert!(apart > PAUSE, "three events within {apart:?}");
}
