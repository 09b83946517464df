//! Throw-away PostgreSQL servers for tests: real ones, of the Debian package, on a Unix socket and a loopback
//! port.
//!
//! One server is shared by all test processes of this folder. Who uses it holds a lock; a reaper that was
//! started with it sees when nobody does, stops it and removes its files. A test that restarts its server
//! gets one of its own, which ends when the test's end of a pipe is closed, however the test ends.

use std::{
    fs::{self, File},
    io::Write as _,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};

use crate::{eventually, free_port};

/// Where Debian has the server's programs.
const PROGRAMS: &str = "/usr/lib/postgresql/15/bin";
/// The user that the server runs as when the tests run as root, which it refuses.
const USER: &str = "postgres";
/// What every server is made with.
const FIXTURE: &str = include_str!("cluster.sql");

/// A running server.
#[derive(Debug)]
pub struct Cluster {
    folder: PathBuf,
    port: u16,
    /// Keeps the shared one alive, or ends an own one.
    hold: Hold,
}

#[derive(Debug)]
enum Hold {
    Shared {
        _users: File,
    },
    Own {
        control: Option<ChildStdin>,
        keeper: Child,
    },
}

impl Cluster {
    /// The server that all tests share.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(join_shared)
    }

    /// A server of one's own: without TLS, and it can be stopped and started.
    pub fn own() -> Self {
        let folder = scratch(&format!("own-{}", std::process::id()));
        let port = make(&folder);
        let script = r#"
            cd /
            up() { "$@" </dev/null >"$FOLDER/log" 2>&1 & server=$!; }
            down() { kill -QUIT $server 2>/dev/null; wait $server; }
            up "$@"
            while read -r word; do
                case $word in stop) down ;; start) up "$@" ;; esac
            done
            down
            rm -rf "$FOLDER"
        "#;
        let mut keeper = keeper(script, &folder, port)
            .stdin(Stdio::piped())
            .spawn()
            .expect("sh is there");
        let control = keeper.stdin.take();
        wait_until_ready(&folder, port);
        load(&folder, port);
        Self {
            folder,
            port,
            hold: Hold::Own { control, keeper },
        }
    }

    /// Stops an own server at once, as when its machine fails.
    pub fn stop(&mut self) {
        self.tell("stop");
        let begun = Instant::now();
        while is_ready(&self.folder, self.port) {
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "it does not stop"
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Starts it again.
    pub fn start(&mut self) {
        self.tell("start");
        wait_until_ready(&self.folder, self.port);
    }

    fn tell(&mut self, word: &str) {
        match &mut self.hold {
            Hold::Own { control, .. } => {
                let control = control.as_mut().expect("open until the end");
                writeln!(control, "{word}").expect("the keeper listens");
            }
            Hold::Shared { .. } => panic!("the shared server is not one's own"),
        }
    }

    /// The folder of its socket.
    pub fn socket(&self) -> PathBuf {
        self.folder.join("run")
    }

    /// Its port, on loopback too.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The certificate of the authority that its own is from.
    pub fn authority(&self) -> PathBuf {
        self.folder.join("authority.pem")
    }

    /// A connection URL over the socket, where nobody needs a password.
    pub fn url(&self, user: &str, database: &str) -> String {
        let socket = self.socket().display().to_string().replace('/', "%2F");
        format!("postgres://{user}@{socket}:{}/{database}", self.port)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Hold::Own { control, keeper } = &mut self.hold {
            // The end of the pipe is what the keeper waits for.
            drop(control.take());
            keeper.wait().ok();
        }
    }
}

fn scratch(name: &str) -> PathBuf {
    // Short, since the path of a socket must be.
    let checkout = env!("CARGO_MANIFEST_DIR")
        .bytes()
        .fold(0_u32, |hash, byte| {
            hash.wrapping_mul(31).wrapping_add(byte.into())
        });
    let folder = std::env::temp_dir().join(format!("mcpf-pg-{}-{checkout:08x}-{name}", own_uid()));
    fs::create_dir_all(&folder).expect("a folder");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).expect("permissions");
    folder
}

fn own_uid() -> u32 {
    fs::metadata("/proc/self").expect("proc is mounted").uid()
}

fn join_shared() -> Cluster {
    let folder = scratch("shared");
    let door = File::create(folder.join("lock")).expect("a lock");
    door.lock().expect("the lock");
    let users = File::create(folder.join("users")).expect("a lock");
    users
        .lock_shared()
        .expect("nobody keeps others out for long");
    let ready = folder.join("ready");
    let port = match fs::read_to_string(&ready)
        .ok()
        .and_then(|port| port.parse().ok())
    {
        Some(port) if is_still_ready(&folder, port, &ready) => port,
        _ => {
            fs::remove_file(&ready).ok();
            let port = make(&folder);
            let script = r#"
                cd /
                exec 8>"$FOLDER/lock" 9>"$FOLDER/users"
                "$@" </dev/null >"$FOLDER/log" 2>&1 8>&- 9>&- &
                server=$!
                idle=0
                while kill -0 $server 2>/dev/null; do
                    sleep 2
                    if flock -n -x 9; then flock -u 9; idle=$((idle + 1)); else idle=0; fi
                    if [ $idle -ge 5 ] && flock -n -x 8; then
                        if flock -n -x 9; then
                            rm -f "$FOLDER/ready"
                            kill -QUIT $server
                            wait $server
                            rm -rf "$FOLDER/data" "$FOLDER/run"
                            exit 0
                        fi
                        flock -u 8
                    fi
                done
            "#;
            #[expect(clippy::zombie_processes, reason = "it outlives this process")]
            keeper(script, &folder, port)
                .stdin(Stdio::null())
                .spawn()
                .expect("sh is there");
            wait_until_ready(&folder, port);
            load(&folder, port);
            fs::write(&ready, port.to_string()).expect("a file");
            port
        }
    };
    drop(door);
    Cluster {
        folder,
        port,
        hold: Hold::Shared { _users: users },
    }
}

/// Makes the files of a server in a folder and picks its port.
fn make(folder: &Path) -> u16 {
    let initdb = Path::new(PROGRAMS).join("initdb");
    assert!(
        initdb.exists(),
        "the tests need PostgreSQL 15: apt-get install postgresql-15 ({} is missing)",
        initdb.display()
    );
    let data = folder.join("data");
    fs::remove_dir_all(&data).ok();
    for name in ["data", "run"] {
        let path = folder.join(name);
        fs::create_dir_all(&path).expect("a folder");
        fs::set_permissions(
            &path,
            fs::Permissions::from_mode(if name == "data" { 0o700 } else { 0o755 }),
        )
        .expect("permissions");
        give(&path);
    }
    let mut command = as_user(&initdb);
    command
        .args([
            "--no-sync",
            "--no-instructions",
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
        ])
        .args(["--auth-local=trust", "--auth-host=scram-sha-256", "-D"])
        .arg(&data)
        .current_dir("/");
    run(&mut command);
    certificates(folder, &data);
    let settings = "
        listen_addresses = '127.0.0.1'
        fsync = off
        synchronous_commit = off
        full_page_writes = off
        autovacuum = off
        shared_buffers = '32MB'
        max_connections = 90
        shared_preload_libraries = 'pg_stat_statements'
        ssl = on
        ssl_cert_file = 'server.pem'
        ssl_key_file = 'server.key'
    ";
    let mut file = fs::OpenOptions::new()
        .append(true)
        .open(data.join("postgresql.conf"))
        .expect("initdb wrote it");
    writeln!(
        file,
        "{settings}\nunix_socket_directories = '{}'",
        folder.join("run").display()
    )
    .expect("it is written");
    free_port()
}

/// An authority of our own, and a certificate for `localhost`.
fn certificates(folder: &Path, data: &Path) {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    let authority_key = KeyPair::generate().expect("a key");
    let mut authority = CertificateParams::new(Vec::new()).expect("parameters");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = authority
        .self_signed(&authority_key)
        .expect("a certificate");
    fs::write(
        folder.join("authority.pem"),
        pem("CERTIFICATE", certificate.der()),
    )
    .expect("a file");
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().expect("a key");
    let server = CertificateParams::new(vec!["localhost".to_owned()]).expect("parameters");
    let server = server.signed_by(&key, &issuer).expect("a certificate");
    for (name, text) in [
        ("server.pem", pem("CERTIFICATE", server.der())),
        ("server.key", pem("PRIVATE KEY", &key.serialize_der())),
    ] {
        let path = data.join(name);
        fs::write(&path, text).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("permissions");
        give(&path);
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).expect("base64"))
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

/// Lets the server's user own a file.
fn give(path: &Path) {
    if own_uid() != 0 {
        return;
    }
    let users = fs::read_to_string("/etc/passwd").expect("users");
    let line = users
        .lines()
        .find(|line| line.starts_with(&format!("{USER}:")));
    let fields: Vec<&str> = line
        .unwrap_or_else(|| {
            panic!("as root the tests need the user {USER}: apt-get install postgresql-15")
        })
        .split(':')
        .collect();
    let number = |field: usize| fields[field].parse::<u32>().expect("a number");
    chown(path, Some(number(2)), Some(number(3))).expect("root may");
}

/// A program run as a user that the server accepts.
fn as_user(program: &Path) -> Command {
    if own_uid() != 0 {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid", USER, "--regid", USER, "--clear-groups", "--"])
        .arg(program);
    command
}

/// A shell in a session of its own that runs the server, given as its arguments.
fn keeper(script: &str, folder: &Path, port: u16) -> Command {
    let server = Path::new(PROGRAMS).join("postgres");
    let server = as_user(&server);
    let mut command = Command::new("setsid");
    command
        .args(["sh", "-c", script, "sh"])
        .arg(server.get_program())
        .args(server.get_args())
        .arg("-D")
        .arg(folder.join("data"))
        .args(["-p", &port.to_string()])
        .env("FOLDER", folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

fn is_ready(folder: &Path, port: u16) -> bool {
    let mut command = Command::new(Path::new(PROGRAMS).join("pg_isready"));
    command
        .arg("-q")
        .arg("-h")
        .arg(folder.join("run"))
        .args(["-p", &port.to_string()]);
    command.status().is_ok_and(|status| status.success())
}

/// Whether a server that says so in the file `ready` is there: it may be too busy to answer at once, and others use it.
fn is_still_ready(folder: &Path, port: u16, ready: &Path) -> bool {
    let answers = eventually(Duration::from_secs(10), || {
        let is_ready = is_ready(folder, port);
        (is_ready || !ready.exists()).then_some(is_ready)
    });
    answers == Some(true)
}

fn wait_until_ready(folder: &Path, port: u16) {
    let begun = Instant::now();
    while !is_ready(folder, port) {
        assert!(
            begun.elapsed() < Duration::from_mins(1),
            "the server does not start: {}",
            fs::read_to_string(folder.join("log")).unwrap_or_default()
        );
        thread::sleep(Duration::from_millis(50));
    }
}

/// Fills a new server.
fn load(folder: &Path, port: u16) {
    let script = folder.join("fixture.sql");
    fs::write(&script, FIXTURE).expect("a file");
    let mut command = Command::new(Path::new(PROGRAMS).join("psql"));
    command
        .args([
            "-X",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-U",
            "postgres",
            "-d",
            "postgres",
        ])
        .arg("-h")
        .arg(folder.join("run"))
        .args(["-p", &port.to_string(), "-f"])
        .arg(&script);
    run(&mut command);
}

fn run(command: &mut Command) {
    let output = command.output().expect("the program is there");
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}
