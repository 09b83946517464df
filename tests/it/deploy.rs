//! What `deploy` writes, judged by those it is written for: systemd, the schemas of Kubernetes, nginx with calls
//! through it, and the server itself.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use mcp_factory_tests::{Process, Product, Tools, eventually, message, product::factory};
use serde_json::{Value, json};
use tempfile::TempDir;

const HOST: &str = "mcp.example.com";

fn succeeds(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let data = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{command:?}: {said}{data}");
    said + &data
}

/// A folder with what `deploy` writes for `platform`, for a server that is called like the standard one.
fn deployed(platform: &str, arguments: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().expect("there is room for a directory");
    let manifest = "schema = 1\n[server]\nname = \"standard\"\nversion = \"1.0.0\"\n[plugins.fs]\nconfig = { roots = [\"/srv/docs\"] }\n[plugins.github]\nprefix = \"gh\"\n";
    fs::write(folder.path().join("mcp-factory.toml"), manifest).expect("the directory is ours");
    let mut command = factory();
    command
        .args(["deploy", platform, "-o", "out"])
        .args(arguments);
    succeeds(command.current_dir(folder.path()));
    folder
}

fn edit(path: &Path, changes: &[(&str, &str)]) {
    let mut text = fs::read_to_string(path).expect("it is written");
    for (from, to) in changes {
        assert!(text.contains(from), "{from:?} is not in {text}");
        text = text.replace(from, to);
    }
    fs::write(path, text).expect("it is ours");
}

#[test]
fn systemd_takes_the_unit_and_calls_it_safe() {
    let folder = deployed("systemd", &[]);
    let unit = folder.path().join("out/standard.service");
    let binary = Product::Standard.binary().display().to_string();
    edit(&unit, &[("/usr/local/bin/standard", &binary)]);
    let said = succeeds(Command::new("systemd-analyze").arg("verify").arg(&unit));
    assert_eq!(said, "", "systemd has something to say");
    let said = succeeds(
        Command::new("systemd-analyze")
            .args(["security", "--offline=true"])
            .arg(&unit),
    );
    let level = said.rsplit("exposure level for standard.service: ").next();
    let level = level.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
    let level = level.unwrap_or_else(|| panic!("no level in {said}"));
    assert!(level < 2.0, "{level} of 10: {said}");
}

#[test]
fn kubernetes_takes_the_manifests_and_the_chart() {
    for (platform, kinds) in [
        (
            "kubernetes",
            "Deployment HorizontalPodAutoscaler Ingress NetworkPolicy PodDisruptionBudget Service ServiceAccount",
        ),
        // Twice: with all that can be switched on, and without.
        (
            "helm",
            "ConfigMap ConfigMap Deployment Deployment HorizontalPodAutoscaler Ingress Ingress NetworkPolicy PodDisruptionBudget PodDisruptionBudget Service Service ServiceAccount ServiceAccount",
        ),
    ] {
        let folder = deployed(platform, &[]);
        let mut command = Tools::installed().python_client("manifests.py");
        command.arg(platform).arg(folder.path().join("out"));
        assert_eq!(succeeds(&mut command).trim(), kinds, "{platform}");
    }
}

/// Every platform's configuration is one that the server takes, on an address that others reach.
#[test]
fn the_server_takes_each_configuration() {
    for platform in ["systemd", "kubernetes", "nginx", "caddy"] {
        let folder = deployed(platform, &[]);
        let mut command = Command::new(Product::Standard.binary());
        command.args([
            "check",
            "--http",
            "0.0.0.0:8080",
            "--set",
            "plugins.fs.roots=[\"/\"]",
            "--config",
        ]);
        succeeds(command.arg(folder.path().join("out/standard.toml")));
    }
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
    free.local_addr().expect("it is bound").port()
}

/// nginx with the front end that `deploy` writes, on a port of its own, in front of `backends`.
struct Nginx {
    folder: TempDir,
    port: u16,
    process: Process,
}

impl Nginx {
    fn start(backends: &[u16]) -> Self {
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
    fn curl(&self, body: &Value) -> Command {
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
        command.args([
            "-H",
            "MCP-Protocol-Version: 2026-07-28",
            "-H",
            "Mcp-Method: tools/call",
            "-H",
            "Mcp-Name: echo",
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

/// A replica on `port`, told by which name it is known.
fn replica(port: u16) -> Process {
    let mut command = Command::new(Product::Standard.binary());
    command.args(["--http", &format!("127.0.0.1:{port}"), "--insecure"]);
    command.args(["--set", &format!("http.public_url=\"https://{HOST}/mcp\"")]);
    command.args([
        "--set",
        "plugins.fs.roots=[\"/\"]",
        "--set",
        "limits.address_rate=\"off\"",
    ]);
    let process = Process::start(command.stdin(Stdio::null()).stdout(Stdio::null()));
    let up = eventually(Duration::from_secs(20), || {
        let mut check = Command::new(Product::Standard.binary());
        check.args(["healthcheck", "--http", &format!("127.0.0.1:{port}")]);
        check
            .output()
            .expect("it starts")
            .status
            .success()
            .then_some(())
    });
    assert!(up.is_some(), "{}", process.stderr());
    process
}

/// Behind nginx three replicas are restarted, one after the other, while calls come: each is answered.
#[test]
fn a_rolling_restart_behind_nginx_loses_no_call() {
    let ports = [free_port(), free_port(), free_port()];
    let mut replicas = ports.map(replica);
    let nginx = Nginx::start(&ports);
    let (is_over, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        let workers: Vec<_> = (0..3)
            .map(|worker| {
                let (nginx, is_over, answered) = (&nginx, &is_over, &answered);
                scope.spawn(move || {
                    while !is_over.load(Ordering::SeqCst) {
                        let text = format!("worker {worker}");
                        let call = message::call(1, "echo", &json!({ "text": text }));
                        // Callers are told apart by what they show, so that all replicas have some.
                        let output = nginx
                            .curl(&call)
                            .args(["-H", &format!("Authorization: Bearer {worker}")])
                            .output()
                            .expect("curl is installed");
                        let said = String::from_utf8_lossy(&output.stdout).into_owned();
                        assert!(
                            said.contains(&text),
                            "lost after {}: {said} {output:?}",
                            answered.load(Ordering::SeqCst)
                        );
                        answered.fetch_add(1, Ordering::SeqCst);
                    }
                })
            })
            .collect();
        for (replica_there, port) in replicas.iter_mut().zip(ports) {
            thread::sleep(Duration::from_millis(500));
            replica_there.terminate();
            assert!(
                replica_there
                    .ended_within(Duration::from_secs(20))
                    .is_some()
            );
            thread::sleep(Duration::from_millis(300));
            *replica_there = replica(port);
        }
        is_over.store(true, Ordering::SeqCst);
        for worker in workers {
            worker.join().expect("no call was lost");
        }
    });
    let answered = answered.load(Ordering::SeqCst);
    assert!(answered > 50, "only {answered} calls");
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
