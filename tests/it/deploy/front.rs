//! The front ends that `deploy` writes, run by the programs that they are written for: nginx and Caddy.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use mcp_factory_tests::{Process, eventually, free_port, message};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{HOST, deployed, edit, replicas::replica, succeeds};

/// A front end on a port of its own.
pub(super) struct Front {
    folder: TempDir,
    port: u16,
    process: Process,
}

impl Front {
    /// nginx in front of `backends`.
    pub(super) fn nginx(backends: &[u16]) -> Self {
        Self::start("nginx", backends, nginx)
    }

    /// Caddy in front of `backends`.
    pub(super) fn caddy(backends: &[u16]) -> Self {
        Self::start("caddy", backends, caddy)
    }

    /// With what `deploy` writes for `platform`, and a certificate beside it.
    fn start(platform: &str, backends: &[u16], run: fn(&Path, u16, &[u16]) -> Process) -> Self {
        let replicas = backends.len().to_string();
        let folder = deployed(platform, &["--replicas", &replicas, "--host", HOST]);
        let own = folder.path().join("out").join(HOST);
        fs::create_dir_all(&own).expect("the directory is ours");
        let script = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out certificate.pem -days 30 -subj /CN=mcp.example.com -addext subjectAltName=DNS:mcp.example.com";
        succeeds(Command::new("sh").args(["-c", script]).current_dir(&own));
        let port = free_port();
        let process = run(&folder.path().join("out"), port, backends);
        let front = Self {
            folder,
            port,
            process,
        };
        let up = eventually(Duration::from_secs(10), || {
            TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()
        });
        assert!(up.is_some(), "{}", front.process.stderr());
        front
    }

    /// curl with a message for `/mcp`.
    pub(super) fn curl(&self, message: &Value) -> Command {
        let tool = message["params"]["name"].as_str().unwrap_or("echo");
        self.curl_with(tool, &message.to_string())
    }

    /// The same with what curl calls data: a body, or `@` and the file that it is in.
    fn curl_with(&self, tool: &str, data: &str) -> Command {
        let mut command = Command::new("curl");
        command.args(["-sS", "--max-time", "20", "--cacert"]);
        let certificate = format!("out/{HOST}/certificate.pem");
        command.arg(self.folder.path().join(certificate));
        command.args(["--resolve", &format!("{HOST}:{}:127.0.0.1", self.port)]);
        command.args([
            "-H",
            "Content-Type: application/json",
            "-H",
            "Accept: application/json, text/event-stream",
        ]);
        command.args([
            "-H",
            "MCP-Protocol-Version: 2026-07-28",
            "-H",
            "Mcp-Method: tools/call",
            "-H",
            &format!("Mcp-Name: {tool}"),
        ]);
        command.args(["-d", data, &format!("https://{HOST}:{}/mcp", self.port)]);
        command
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        // Its workers outlive it unless it is asked to end.
        self.process.terminate();
        self.process.ended_within(Duration::from_secs(5));
    }
}

/// Edits the file at `path` of what was written: it is for `backends`, and for the paths and the port of a machine that
/// is not ours alone.
fn made_ours(path: &Path, changes: &[(&str, &str)], backends: &[u16]) {
    let ports: Vec<(String, String)> = (8080..)
        .zip(backends)
        .map(|(from, to)| (format!("127.0.0.1:{from} "), format!("127.0.0.1:{to} ")))
        .collect();
    let ports = ports.iter().map(|(from, to)| (from.as_str(), to.as_str()));
    edit(
        path,
        &changes.iter().copied().chain(ports).collect::<Vec<_>>(),
    );
}

fn nginx(out: &Path, port: u16, backends: &[u16]) -> Process {
    let place = out.display().to_string();
    let conf = out.join("standard.conf");
    let listen = format!("listen 127.0.0.1:{port} ssl");
    let changes = [
        ("/etc/nginx", place.as_str()),
        ("listen 443 ssl", &listen),
        ("    listen [::]:443 ssl;\n", ""),
    ];
    made_ours(&conf, &changes, backends);
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
    Process::start(&mut nginx(&[]))
}

fn caddy(out: &Path, port: u16, backends: &[u16]) -> Process {
    let file = out.join("Caddyfile");
    let caddy = |verb: &str| {
        let mut command = Command::new("caddy");
        command.args([verb, "--adapter", "caddyfile", "--config"]);
        // Where it keeps what it has got.
        command
            .arg(&file)
            .env("HOME", out)
            .env_remove("XDG_DATA_HOME");
        command
    };
    // As it was written, it is one that gets its certificate.
    succeeds(&mut caddy("validate"));
    let place = out.display();
    let (site, own) = (
        format!("\n{HOST} {{\n"),
        format!(
            "\n{{\n\tadmin off\n\tauto_https disable_redirects\n}}\n{HOST}:{port} {{\n\tbind 127.0.0.1\n\ttls {place}/{HOST}/certificate.pem {place}/{HOST}/key.pem\n"
        ),
    );
    made_ours(&file, &[(&site, &own)], backends);
    Process::start(caddy("run").stdin(Stdio::null()).stdout(Stdio::null()))
}

/// Events go out as they come: what is kept back would come at the end, all at once.
fn streams_events(start: fn(&[u16]) -> Front) {
    const PAUSE: Duration = Duration::from_millis(1_500);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
    let port = listener.local_addr().expect("it is bound").port();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("the front end comes");
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
    let front = start(&[port]);
    let mut curl = front.curl(&json!({}));
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
        front.process.stderr()
    );
    // Sent two pauses apart; the first may be read late.
    let apart = times[2].duration_since(times[0]);
    assert!(apart > PAUSE / 2, "three events within {apart:?}");
}

#[test]
fn nginx_streams_events() {
    streams_events(Front::nginx);
}

#[test]
fn caddy_streams_events() {
    streams_events(Front::caddy);
}

/// What the server takes, the front end takes: a body of almost `http.max_body`.
fn passes_on_the_largest_body(start: fn(&[u16]) -> Front) {
    let port = free_port();
    let _replica = replica(port, &[]);
    let front = start(&[port]);
    let text = "x".repeat((4 << 20) - 1024);
    let path = front.folder.path().join("body");
    let call = message::call(1, "echo", &json!({ "text": text }));
    fs::write(&path, call.to_string()).expect("there is room for a file");
    let said = succeeds(&mut front.curl_with("echo", &format!("@{}", path.display())));
    let (start, _) = said.split_at(said.len().min(200));
    assert!(start.starts_with("{\"jsonrpc\":"), "{start}");
}

#[test]
fn nginx_passes_on_the_largest_body() {
    passes_on_the_largest_body(Front::nginx);
}

#[test]
fn caddy_passes_on_the_largest_body() {
    passes_on_the_largest_body(Front::caddy);
}
