//! A built server as a process: its descriptors, its signals, its exit codes.

#![expect(clippy::unwrap_used, reason = "the helpers of tests are tests too")]

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};

fn fixture() -> Command {
    let deps = std::env::current_exe().expect("a test has a path");
    let target: PathBuf = deps.ancestors().nth(2).expect("target/debug").into();
    let fixture = target.join("examples/fixture");
    assert!(
        fixture.exists(),
        "build it first: cargo build -p mcp-factory-server --example fixture"
    );
    Command::new(fixture)
}

fn call(id: u32, tool: &str, arguments: &Value) -> String {
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let params = json!({"name": tool, "arguments": arguments, "_meta": meta});
    json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params}).to_string() + "\n"
}

fn text(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"]
        .as_str()
        .unwrap_or_else(|| panic!("no text: {answer}"))
}

/// Every line of stdout, each of which must be a message.
fn messages(stdout: &[u8]) -> Vec<Value> {
    let lines = stdout
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty());
    lines
        .map(|line| {
            serde_json::from_slice(line)
                .unwrap_or_else(|_| panic!("noise on stdout: {:?}", String::from_utf8_lossy(line)))
        })
        .collect()
}

fn wait(mut child: Child, patience: Duration) -> (Option<i32>, Duration) {
    let began = Instant::now();
    while began.elapsed() < patience {
        if let Some(status) = child.try_wait().unwrap() {
            return (status.code(), began.elapsed());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    panic!("still running after {patience:?}");
}

fn signal(child: &Child, signal: Signal) {
    let id = i32::try_from(child.id()).unwrap();
    rustix::process::kill_process(rustix::process::Pid::from_raw(id).unwrap(), signal).unwrap();
}

#[test]
fn what_a_plugin_prints_never_reaches_the_wire() {
    let mut child = fixture()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(
            (call(1, "noisy", &json!({})) + &call(2, "echo", &json!({"text": "hi"}))).as_bytes(),
        )
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let mut answers = messages(&output.stdout);
    answers.sort_by_key(|answer| answer["id"].as_u64());
    assert_eq!(
        (text(&answers[0]), text(&answers[1]), answers.len()),
        ("quiet", "hi", 2)
    );
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.contains("starting\n") && stderr.contains("noise\n"),
        "{stderr}"
    );
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn every_kind_of_stdin_and_stdout_works() {
    let directory = tempfile::tempdir().unwrap();
    let input = directory.path().join("in");
    let request = call(1, "echo", &json!({"text": "hi"}));
    std::fs::write(&input, &request).unwrap();
    let answered = |stdout: &[u8]| assert_eq!(text(&messages(stdout)[0]), "hi");

    // Files on both sides.
    let output = directory.path().join("out");
    let status = fixture()
        .stdin(File::open(&input).unwrap())
        .stdout(File::create(&output).unwrap())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(0));
    answered(&std::fs::read(&output).unwrap());

    // Nothing at all.
    let nothing = fixture().stdin(Stdio::null()).output().unwrap();
    assert_eq!((nothing.status.code(), nothing.stdout.len()), (Some(0), 0));

    // One socket for both, as some clients give.
    let (ours, theirs) = UnixStream::pair().unwrap();
    let child = fixture()
        .stdin(OwnedFd::from(theirs.try_clone().unwrap()))
        .stdout(OwnedFd::from(theirs))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut ours = ours;
    ours.write_all(request.as_bytes()).unwrap();
    let mut line = String::new();
    BufReader::new(ours.try_clone().unwrap())
        .read_line(&mut line)
        .unwrap();
    answered(line.as_bytes());
    ours.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(wait(child, Duration::from_secs(3)).0, Some(0));
}

#[test]
fn shared_descriptors_block_again_afterwards() {
    let (reader, writer) = std::io::pipe().unwrap();
    let (out_reader, out_writer) = std::io::pipe().unwrap();
    let mut child = fixture()
        .stdin(reader.try_clone().unwrap())
        .stdout(out_writer.try_clone().unwrap())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    drop(writer);
    child.wait().unwrap();
    for descriptor in [OwnedFd::from(reader), OwnedFd::from(out_writer)] {
        let flags = std::fs::read_to_string(format!(
            "/proc/self/fdinfo/{}",
            std::os::fd::AsRawFd::as_raw_fd(&descriptor)
        ))
        .unwrap();
        let flags = flags
            .lines()
            .find_map(|line| line.strip_prefix("flags:"))
            .unwrap()
            .trim()
            .to_owned();
        assert_eq!(
            u32::from_str_radix(&flags, 8).unwrap() & 0o4000,
            0,
            "O_NONBLOCK was left set"
        );
    }
    drop(out_reader);
}

#[test]
fn the_first_signal_drains_stdio_and_the_second_ends_it() {
    let start = |tool: &str, millis: u64| {
        let mut child = fixture()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines =
            call(1, "echo", &json!({"text": "up"})) + &call(2, tool, &json!({"millis": millis}));
        child
            .stdin
            .as_mut()
            .unwrap()
            .write_all(lines.as_bytes())
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut String::new()).unwrap();
        // The second was sent with the first.
        std::thread::sleep(Duration::from_millis(200));
        let stderr = BufReader::new(child.stderr.take().unwrap());
        (child, stdout, stderr)
    };

    for gentle in [Signal::TERM, Signal::HUP] {
        let (child, mut stdout, _stderr) = start("slow", 600);
        signal(&child, gentle);
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).unwrap();
        assert_eq!(
            text(&messages(rest.as_bytes())[0]),
            "done",
            "the call in flight is answered"
        );
        assert_eq!(wait(child, Duration::from_secs(10)).0, Some(0));
    }

    // Grace is 2 s; neither a hung call nor a blocked thread holds the exit until it ends.
    for tool in ["slow", "block"] {
        let (child, _stdout, _stderr) = start(tool, 20_000);
        let signalled = Instant::now();
        signal(&child, Signal::TERM);
        let (code, _) = wait(child, Duration::from_secs(15));
        let took = signalled.elapsed();
        assert_eq!(code, Some(0), "{tool}");
        assert!(
            (Duration::from_millis(1900)..Duration::from_secs(8)).contains(&took),
            "{tool}: {took:?}"
        );
    }

    let (child, _stdout, stderr) = start("slow", 20_000);
    signal(&child, Signal::INT);
    // Two that are there at once come in any order.
    let mut said = stderr.lines().map_while(Result::ok);
    assert!(said.any(|line| line.contains("draining; a second signal")));
    signal(&child, Signal::TERM);
    // Had it been waited for, the code would be another.
    assert_eq!(wait(child, Duration::from_secs(10)).0, Some(143));
}

/// A server on a free port, and that port.
fn serve_http(more: &[&str]) -> (Child, u16) {
    let mut child = fixture()
        .args(["--http", "127.0.0.1:0"])
        .args(more)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    let mut lines = stderr.lines();
    let port = loop {
        let line = lines
            .next()
            .expect("the server says where it listens")
            .unwrap();
        if let Some((_, rest)) = line.split_once("http://127.0.0.1:") {
            break rest.split('/').next().unwrap().parse().unwrap();
        }
    };
    std::thread::spawn(move || lines.for_each(drop));
    (child, port)
}

fn post(port: u16, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let head = format!(
        "POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nmcp-protocol-version: 2026-07-28\r\n\
         mcp-method: tools/call\r\nmcp-name: slow\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + body).as_bytes()).unwrap();
    stream
}

fn read_all(mut stream: TcpStream) -> String {
    let mut reply = String::new();
    stream.read_to_string(&mut reply).ok();
    reply
}

#[test]
fn a_signal_drains_http_whoever_is_connected() {
    let (child, port) = serve_http(&[]);
    let calls: Vec<TcpStream> = (0..20)
        .map(|id| post(port, &call(id, "slow", &json!({"millis": 500}))))
        .collect();
    let hung = post(port, &call(99, "slow", &json!({"millis": 20_000})));
    let mut slow_header = TcpStream::connect(("127.0.0.1", port)).unwrap();
    slow_header.write_all(b"POST /mcp HT").unwrap();
    let mut slow_body = TcpStream::connect(("127.0.0.1", port)).unwrap();
    slow_body.write_all(b"POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{").unwrap();
    std::thread::sleep(Duration::from_millis(400));
    signal(&child, Signal::TERM);
    for stream in calls {
        let reply = read_all(stream);
        assert!(
            reply.starts_with("HTTP/1.1 200") && reply.contains("done"),
            "{reply}"
        );
    }
    let (code, took) = wait(child, Duration::from_secs(15));
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(8), "{took:?}");
    drop((hung, slow_header, slow_body));
}

#[test]
fn few_descriptors_are_shared_out_without_a_spin() {
    let exe = fixture().get_program().to_owned();
    let script = format!("ulimit -n 64; exec {} --http 127.0.0.1:0", exe.display());
    let mut child = Command::new("sh")
        .args(["-c", &script])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut port = 0;
    for line in BufReader::new(child.stderr.take().unwrap()).lines() {
        if let Some((_, rest)) = line.unwrap().split_once("http://127.0.0.1:") {
            port = rest.split('/').next().unwrap().parse().unwrap();
            break;
        }
    }
    let crowd: Vec<TcpStream> = (0..200)
        .map(|_| TcpStream::connect(("127.0.0.1", port)).unwrap())
        .collect();
    let ticks = || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
        let fields: Vec<u64> = stat
            .rsplit(')')
            .next()
            .unwrap()
            .split_whitespace()
            .map(|field| field.parse().unwrap_or(0))
            .collect();
        fields[11] + fields[12]
    };
    // Those who came are seen to.
    std::thread::sleep(Duration::from_secs(1));
    let before = ticks();
    std::thread::sleep(Duration::from_secs(1));
    assert!(
        ticks() - before < 20,
        "it spins: {} of 100 ticks",
        ticks() - before
    );
    drop(crowd);
    let left = Instant::now();
    loop {
        let reply = read_all(post(port, &call(1, "slow", &json!({"millis": 1}))));
        if reply.starts_with("HTTP/1.1 200") {
            break;
        }
        assert!(left.elapsed() < Duration::from_secs(10), "{reply}");
        std::thread::sleep(Duration::from_millis(50));
    }
    signal(&child, Signal::TERM);
    assert_eq!(wait(child, Duration::from_secs(10)).0, Some(0));
}

fn run(arguments: &[&str]) -> Output {
    fixture()
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// The exit code, and that stderr (or stdout) says `words`.
fn says(output: &Output, code: i32, words: &[&str]) {
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    for word in words {
        assert!(said.contains(word), "`{word}` is not in {said}");
    }
}

#[test]
fn start_up_refuses_with_exit_code_2_and_the_fix() {
    says(
        &run(&["--http", "0.0.0.0:0"]),
        2,
        &["no authentication", "127.0.0.1", "--insecure"],
    );
    let holder = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = holder.local_addr().unwrap().to_string();
    says(
        &run(&["--http", &address]),
        2,
        &["cannot listen", &address, "another process"],
    );
    says(
        &run(&["--set", "http.max_bdy=1", "--set", "plugins.fixtur.start=1"]),
        2,
        &["max_body", "`fixture`"],
    );
    says(
        &run(&["--set", "plugins.fixture.start=soon"]),
        2,
        &["--set plugins.fixture.start:", "`start`"],
    );
    for section in ["log", "audit"] {
        let [to, rotate] = [("to", "/dev/null"), ("rotate", "1MiB")]
            .map(|(key, value)| format!("{section}.{key}={value}"));
        says(
            &run(&["--set", &to, "--set", &rotate]),
            2,
            &[
                &format!("{section}.rotate"),
                "/dev/null is a device, a pipe or a link",
                "leave `rotate` out",
            ],
        );
    }
    says(&run(&["--nonsense"]), 2, &["--nonsense"]);
    says(&run(&["--config", "/nowhere.toml"]), 2, &["/nowhere.toml"]);
}

#[test]
fn a_mistake_in_a_file_is_told_at_its_place() {
    let mut file = tempfile::NamedTempFile::with_suffix(".toml").unwrap();
    file.write_all(b"[plugins.fixture]\n\nstat = 3\n").unwrap();
    let path = file.path().display().to_string();
    says(
        &run(&["--config", &path, "check"]),
        2,
        &[&format!("{path}:3:1"), "`start`"],
    );
}

#[test]
fn commands_answer_on_stdout() {
    says(&run(&["--version"]), 0, &["fixture 1.2.3"]);
    says(
        &run(&["describe"]),
        0,
        &[
            "fixture 1.2.3: For tests.",
            "noisy",
            "Misbehaves on request.",
        ],
    );
    let description: Value = serde_json::from_slice(&run(&["describe", "--json"]).stdout).unwrap();
    assert_eq!(description["server"]["name"], "fixture");
    says(&run(&["check"]), 0, &["fine"]);
    let check: Value =
        serde_json::from_slice(&run(&["check", "--json", "--set", "a=1"]).stdout).unwrap();
    assert_eq!(
        (&check["ok"], &check["problems"][0]["place"]),
        (&json!(false), &json!("--set a"))
    );
    let called = run(&["call", "echo", r#"{"text":"hi"}"#]);
    says(&called, 0, &["hi"]);
    says(&run(&["call", "ecko"]), 2, &["did you mean `echo`?"]);
    says(&run(&["call", "echo", "{"]), 2, &["no JSON object"]);
    says(&run(&["call", "echo"]), 1, &["text"]);
    let failed = run(&["call", "fail"]);
    says(&failed, 1, &["this always fails"]);
    assert!(failed.stdout.is_empty() || !String::from_utf8_lossy(&failed.stdout).contains("fails"));
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let exe = fixture().get_program().to_owned();
    let script = format!(
        "{} describe --json | true; exit ${{PIPESTATUS[0]}}",
        exe.display()
    );
    let output = Command::new("bash").args(["-c", &script]).output().unwrap();
    assert_eq!(
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).as_ref()
        ),
        (Some(0), "")
    );
}
