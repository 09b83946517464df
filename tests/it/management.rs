//! The management port: what probes, scrapers and whoever is on call are told, and what nobody is.

use std::{
    io::Write as _,
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use mcp_factory_tests::{
    Connection, Guarded, HttpServer, Issuer, Management, Process, Product, StdioServer, Tools,
    eventually, message,
};
use serde_json::{Value, json};

const PORT: [&str; 2] = ["--management", "127.0.0.1:0"];

fn started() -> (HttpServer, Management) {
    let server = HttpServer::start(Product::Fixture, &PORT);
    let port = Management::of(&server.process);
    (server, port)
}

#[test]
fn probes_say_how_the_plugins_are() {
    let (server, port) = started();
    for path in ["/livez", "/healthz", "/readyz", "/health/ready"] {
        assert_eq!(port.json(path), (200, json!({ "status": "ok" })), "{path}");
    }
    let (_, health) = port.json("/health");
    let time = health["timestamp"].as_str().expect("a time");
    assert!(health["status"] == "ok" && time.ends_with('Z'), "{health}");

    server.call("feel", &json!({ "trouble": "the disk is gone" }));
    let unwell = eventually(Duration::from_secs(5), || {
        let (status, ready) = port.json("/readyz");
        (status == 503).then_some(ready)
    });
    let ready = unwell.expect("it says so");
    assert_eq!(ready["error"], "faults: the disk is gone");
    assert_eq!(ready["reasons"][0]["plugin"], "faults");
    // It is alive all the same, and says so at the other port, which asks no plugin.
    assert_eq!(port.get("/livez").status, 200);
    let (_, plugins) = port.json("/health/plugins");
    let all = plugins["plugins"].as_array().expect("a list");
    let faults = all
        .iter()
        .find(|plugin| plugin["name"] == "faults")
        .expect("it is there");
    assert_eq!(faults["trouble"], "the disk is gone");
    let (_, detailed) = port.json("/health/detailed");
    assert_eq!(detailed["status"], "degraded", "{detailed}");
    assert_eq!(detailed["requests"], 1, "{detailed}");
    assert!(
        detailed["memory_bytes"].as_u64() > Some(1 << 20),
        "{detailed}"
    );
}

#[test]
fn a_health_check_that_hangs_or_panics_is_an_answer_in_time() {
    let (server, port) = started();
    for (trouble, reason) in [("hang", "did not answer within"), ("panic", "panicked")] {
        server.call("feel", &json!({ "trouble": trouble }));
        // What was answered before is good for a second.
        thread::sleep(Duration::from_millis(1_200));
        let began = Instant::now();
        let (status, ready) = port.json("/readyz");
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "{:?}",
            began.elapsed()
        );
        let error = ready["error"].as_str().expect("a reason");
        assert!(status == 503 && error.contains(reason), "{ready}");
        assert!(!error.contains("hunter2"), "{ready}");
    }
    server.call("feel", &json!({ "trouble": "" }));
    let well = eventually(Duration::from_secs(5), || {
        (port.get("/readyz").status == 200).then_some(())
    });
    assert!(well.is_some());
}

#[test]
fn many_probers_ask_a_plugin_once() {
    let (_server, port) = started();
    let asked =
        || port.metric(r#"mcp_plugin_events_total{plugin="faults",tenant="",event="asked"}"#);
    let before = asked().expect("it counts");
    let began = Instant::now();
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                for _ in 0..10 {
                    assert_eq!(port.get("/readyz").status, 200);
                }
            });
        }
    });
    // Once a second, and once for each look of ours.
    let most = began.elapsed().as_secs_f64() + 3.0;
    let after = asked().expect("it counts");
    assert!(after - before <= most, "{before} {after} {most}");
}

#[test]
fn metrics_count_what_happened_and_are_read_by_others() {
    let issuer = Issuer::start();
    let server = Guarded::trusting(
        issuer.url(),
        "[management]\nlisten = \"127.0.0.1:0\"\n[audit]\nto = \"off\"\n",
    );
    let port = Management::of(&server.process);
    let (reader, writer) = ["read", "write"]
        .map(|scopes| issuer.token("writer", scopes, &server.url()))
        .into();
    let none = json!({});
    for _ in 0..5 {
        assert_eq!(server.bearer(&reader).call("look", &none).status, 200);
    }
    server.bearer(&reader).call("change", &none);
    server.bearer(&writer).call("fail", &none);
    server.bearer(&writer).call("shell", &none);
    server.bearer(&writer).call("no_such_tool\"} 1", &none);
    server.anonymous().call("look", &none);
    server.bearer("nonsense").call("look", &none);
    let text = port.metrics();
    let value = |series: &str| {
        let mut lines = text.lines();
        let line = lines.find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {series} in {text}"))
            .to_owned()
    };
    let calls = |tool: &str, outcome: &str| {
        value(&format!(
            "mcp_tool_calls_total{{tool=\"{tool}\",plugin=\"guarded\",outcome=\"{outcome}\"}}"
        ))
    };
    assert_eq!(calls("look", "ok"), "5");
    assert_eq!(calls("change", "denied"), "1");
    assert_eq!(calls("fail", "error"), "1");
    assert_eq!(calls("shell", "gated"), "1");
    assert_eq!(value("mcp_refusals_total{reason=\"unknown_tool\"}"), "1");
    assert_eq!(value("mcp_refusals_total{reason=\"unauthenticated\"}"), "2");
    let labels = "{tool=\"look\",plugin=\"guarded\"}";
    assert_eq!(
        value(&format!("mcp_tool_call_duration_seconds_count{labels}")),
        "5"
    );
    assert_eq!(value(&format!("mcp_tool_answers_kept_total{labels}")), "0");
    assert!(
        value("process_open_fds")
            .parse::<u32>()
            .is_ok_and(|open| open > 3)
    );
    assert!(
        !text.contains("no_such_tool") && !text.contains("nonsense"),
        "{text}"
    );

    let metrics = [("accept", "application/openmetrics-text; version=1.0.0")];
    let openmetrics = port.ask("GET", "/metrics", &metrics, "");
    assert!(
        openmetrics
            .header("content-type")
            .is_some_and(|kind| kind.contains("openmetrics"))
    );
    for (form, text) in [
        ("prometheus", text.as_str()),
        ("openmetrics", &openmetrics.text()),
    ] {
        let mut parser = Tools::installed().python_client("metrics.py");
        let output = told(parser.arg(form), text);
        assert!(output.status.success(), "{form}: {text}");
        let samples = String::from_utf8_lossy(&output.stdout);
        assert!(
            samples
                .trim()
                .parse::<u32>()
                .is_ok_and(|samples| samples > 100),
            "{samples}"
        );
    }
    let Some(mut promtool) = Tools::installed().promtool() else {
        eprintln!("promtool is not here: its opinion of the names is not asked");
        return;
    };
    let output = told(promtool.args(["check", "metrics"]), &text);
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && complaints.is_empty(),
        "{complaints}"
    );
}

/// What `program` says of `text`.
fn told(program: &mut Command, text: &str) -> Output {
    program
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut program = program.spawn().expect("it starts");
    let mut stdin = program.stdin.take().expect("it is piped");
    stdin.write_all(text.as_bytes()).expect("it reads");
    drop(stdin);
    program.wait_with_output().expect("it ends")
}

#[test]
fn the_port_says_not_ready_while_the_server_drains_and_goes_with_it() {
    let arguments = [&PORT[..], &["--set", r#"server.drain="10s""#]].concat();
    let mut server = HttpServer::start(Product::Fixture, &arguments);
    let port = Management::of(&server.process);
    let mut caller = server.connect();
    caller.request(&message::call(1, "wait", &json!({ "milliseconds": 4_000 })));
    let running = || {
        port.metric("mcp_calls_running")
            .filter(|running| *running > 0.0)
    };
    eventually(Duration::from_secs(5), running).expect("it runs");
    server.process.terminate();
    let drains = eventually(Duration::from_secs(3), || {
        let (status, ready) = port.json("/readyz");
        (status == 503 && ready["status"] == "draining").then_some(())
    });
    assert!(drains.is_some());
    assert_eq!(port.json("/health").1["status"], "draining");
    assert_eq!(message::text(&caller.response().json()), "waited 4000 ms");
    let (status, _) = server
        .process
        .ended_within(Duration::from_secs(15))
        .expect("it ends");
    assert!(status.success(), "{status}");
    assert!(
        !server.process.stderr().contains("did not stop"),
        "{}",
        server.process.stderr()
    );
}

#[test]
fn it_serves_no_tools_and_shows_its_pages() {
    let (server, port) = started();
    let call = message::call(1, "counts", &json!({})).to_string();
    assert_eq!(port.ask("POST", "/mcp", &[], &call).status, 404);
    assert_eq!(port.ask("POST", "/readyz", &[], "").status, 405);
    let (_, description) = port.json("/openapi.json");
    let pages = description["paths"].as_object().expect("paths");
    assert!(pages.len() >= 10, "{description}");
    for path in pages.keys() {
        assert_eq!(port.get(path).status, 200, "{path}");
        // The main port has the two probes that ask nobody.
        let mut main = server.connect();
        main.write("GET", path, &[("host", "localhost")], b"");
        let is_probe = matches!(path.as_str(), "/livez" | "/readyz");
        assert_eq!(
            main.response().status,
            if is_probe { 200 } else { 404 },
            "{path}"
        );
    }
    // A page of somebody else's that had its name lead here.
    let rebound = port.ask("GET", "/metrics", &[("host", "evil.example:9090")], "");
    assert_eq!(rebound.status, 403);
    assert!(rebound.text().contains("management.allowed_hosts"));
    assert_eq!(
        port.ask("GET", "/livez", &[("host", "myservice:9090")], "")
            .status,
        200
    );
}

#[test]
fn a_taken_port_is_told_and_the_server_goes_on() {
    let (server, port) = started();
    let address = port.address().to_string();
    let mut second = StdioServer::start(Product::Fixture, &["--management", &address]);
    assert_eq!(
        message::text(&second.call(1, "say", &json!({ "bytes": 3 }))),
        "xxx"
    );
    let told = eventually(Duration::from_secs(10), || {
        let said = second.process.stderr();
        let words = ["there is no management port", "another process"];
        words.iter().all(|words| said.contains(words)).then_some(())
    });
    assert!(told.is_some(), "{}", second.process.stderr());
    drop(server);
}

#[test]
fn the_level_of_the_log_changes_at_run_time() {
    let (server, port) = started();
    let set = |level: &str| {
        let answer = port.ask("PUT", "/log/level", &[], level);
        assert_eq!(answer.status, 200, "{}", answer.text());
    };
    let told = || server.process.stderr().matches("a plugin failed").count();
    let fails = |count| {
        server.call("fail", &json!({}));
        eventually(Duration::from_secs(5), || (told() == count).then_some(()))
    };
    fails(1).expect("it is told");
    set("off");
    server.call("fail", &json!({}));
    set("error");
    // Lines come in their order, so the one in between was not told.
    fails(2).expect("it is told again");
    set("warn,mcp_factory=debug");
    let wrong = port.ask("PUT", "/log/level", &[], "loud");
    assert!(
        wrong.status == 400 && wrong.text().contains("debug"),
        "{}",
        wrong.text()
    );
    // Neither from a page in this machine's browser, nor under the name of another machine.
    let page = port.ask(
        "PUT",
        "/log/level",
        &[("origin", "http://localhost:3000")],
        "trace",
    );
    let named = port.ask("PUT", "/log/level", &[("host", "myservice:9090")], "trace");
    assert_eq!((page.status, named.status), (403, 403));
    let (_, level): (u16, Value) = port.json("/log/level");
    assert!(
        level["level"]
            .as_str()
            .is_some_and(|level| level.contains("debug")),
        "{level}"
    );
}

#[test]
fn other_machines_do_not_reach_it_unasked() {
    let mut command = Command::new(Product::Fixture.binary());
    command.args(["--http", "127.0.0.1:0", "--management", "0.0.0.0:0"]);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let mut process = Process::start(&mut command);
    let (status, _) = process
        .ended_within(Duration::from_secs(10))
        .expect("it ends");
    assert_eq!(status.code(), Some(2));
    // What it said last may be read after its end.
    let told = eventually(Duration::from_secs(5), || {
        process.stderr().contains("management port").then_some(())
    });
    assert!(told.is_some(), "{}", process.stderr());
}

/// There are 64 places, and a connection may be idle for five seconds.
#[test]
fn whoever_takes_all_places_keeps_no_probe_out() {
    let server = Guarded::start("[management]\nlisten = \"127.0.0.1:0\"\n");
    let port = Management::of(&server.process);
    let host = [("host", "localhost")];
    let mut crowd = Vec::new();
    for number in 0..200 {
        let mut connection = Connection::open(port.address());
        // Some say nothing, some ask once and stay, some are slow to say it.
        match number % 3 {
            0 => {
                connection.write("GET", "/livez", &host, b"");
                assert_eq!(connection.response().status, 200, "{number}");
            }
            1 => connection
                .send(b"PUT /log/level HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\n\r\nin"),
            _ => {}
        }
        crowd.push(connection);
        if number % 10 == 0 {
            assert_eq!(port.get("/readyz").status, 200, "{number}");
        }
    }
    for first in &mut crowd[..2] {
        assert!(first.closed_within(Duration::from_secs(3)));
    }
}
