//! Traces: every call is a span at a real collector, and one that is gone or silent costs no call anything.

use std::{
    net::TcpListener,
    thread,
    time::{Duration, Instant},
};

use mcp_factory_tests::{
    Collector, Guarded, Management, Product, StdioServer, eventually, message,
};
use serde_json::{Value, json};

const CALLER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// A server that tells `url` of its calls.
fn traced(url: &str, more: &str) -> Guarded {
    Guarded::start_with(
        &format!(
            "[tracing]\nendpoint = {url:?}\nheaders = {{ x-token = \"env:TOKEN\" }}\n{more}\n\
             [management]\nlisten = \"127.0.0.1:0\"\n"
        ),
        &[("TOKEN", "sesame")],
    )
}

/// Calls a tool as part of a trace; the whole result.
fn call(server: &Guarded, tool: &str, traceparent: Option<&str>) -> Value {
    let mut request = message::call(1, tool, &json!({}));
    if let Some(traceparent) = traceparent {
        request["params"]["_meta"]["traceparent"] = traceparent.into();
    }
    server.request(&request).json()
}

#[test]
fn a_call_is_a_span_over_http_and_grpc() {
    let collector = Collector::start();
    for protocol in ["http", "grpc"] {
        let server = traced(
            &collector.url(protocol),
            &format!("protocol = {protocol:?}"),
        );
        let answer = call(&server, "look", Some(CALLER));
        let answered = answer["result"]["_meta"]["traceparent"]
            .as_str()
            .expect("it says which");
        let span = eventually(Duration::from_secs(10), || {
            let mut spans = collector.spans().into_iter();
            spans.find(|span| span["via"] == protocol && span["name"] == "guarded.look")
        });
        let span = span.unwrap_or_else(|| panic!("{}", server.process.stderr()));
        assert_eq!(span["trace"], TRACE);
        assert_eq!(span["parent"], "00f067aa0ba902b7");
        let own = span["span"].as_str().expect("an id");
        assert_eq!(answered, format!("00-{TRACE}-{own}-01"));
        // A server's span, in the words of the semantic conventions.
        assert_eq!(
            (&span["kind"], &span["token"]),
            (&json!(2), &json!("sesame"))
        );
        let attributes = &span["attributes"];
        assert_eq!(attributes["mcp.method.name"], "tools/call");
        assert_eq!(attributes["gen_ai.operation.name"], "execute_tool");
        assert_eq!(attributes["gen_ai.tool.name"], "look");
        assert_eq!(attributes["network.transport"], "tcp");
        assert_eq!(attributes["enduser.id"], "anonymous@localhost");
        assert_eq!(attributes["mcp_factory.scope"], "read");
        assert_eq!(attributes["mcp_factory.plugin"], "guarded");
        assert_eq!(attributes["mcp_factory.arguments.bytes"], 2);
        assert_eq!(attributes["mcp_factory.outcome"], "ok");
        assert!(span["nanoseconds"].as_u64() > Some(0), "{span}");
        assert_eq!(span["resource"]["service.name"], "watched");
        // What was refused is told of, too.
        call(&server, "shell", None);
        let refused = eventually(Duration::from_secs(10), || {
            let mut spans = collector.spans().into_iter();
            spans.find(|span| span["via"] == protocol && span["name"] == "guarded.shell")
        });
        let refused = refused.expect("it is told of");
        assert_eq!(refused["attributes"]["error.type"], "gated", "{refused}");
        assert_eq!(
            (&refused["status"], &refused["parent"]),
            (&json!(2), &json!(""))
        );
    }
}

#[test]
fn callers_decide_and_the_share_decides_for_the_rest() {
    let collector = Collector::start();
    let mut server = traced(&collector.url("http"), "sample = 0.0");
    for _ in 0..20 {
        let answer = call(&server, "look", None);
        let traceparent = answer["result"]["_meta"]["traceparent"]
            .as_str()
            .expect("it says which");
        assert!(traceparent.ends_with("-00"), "{traceparent}");
    }
    call(&server, "fail", Some(&CALLER.replace("b7-01", "b7-00")));
    call(&server, "change", Some(CALLER));
    // What waits is sent at the end.
    server.process.terminate();
    let ended = server
        .process
        .ended_within(Duration::from_secs(5))
        .expect("it ends");
    assert!(
        ended.0.success() && ended.1 < Duration::from_secs(3),
        "{ended:?}"
    );
    collector.span("guarded.change");
    assert_eq!(collector.spans().len(), 1, "{:#?}", collector.spans());
}

#[test]
fn a_collector_that_is_gone_or_silent_costs_no_call_anything() {
    let gone = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("an address")
    };
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let silent_address = silent.local_addr().expect("an address");
    // Accepts, and never says a word. Ends with the test's process.
    thread::spawn(move || silent.incoming().collect::<Vec<_>>());
    for (address, protocol) in [
        (gone, "http"),
        (silent_address, "http"),
        (silent_address, "grpc"),
    ] {
        let more = format!(
            "protocol = {protocol:?}\ntimeout = \"20s\"\n[limits]\nrate = \"off\"\naddress_rate = \"off\""
        );
        let mut server = traced(&format!("http://{address}"), &more);
        let port = Management::of(&server.process);
        let mut slowest = Duration::ZERO;
        let mut connection = server.connect();
        for _ in 0..3_000 {
            let began = Instant::now();
            connection.request(&message::call(1, "look", &json!({})));
            assert_eq!(connection.response().status, 200);
            slowest = slowest.max(began.elapsed());
        }
        // Who waited for the collector would wait for most of its time.
        assert!(slowest < Duration::from_secs(5), "{slowest:?}");
        let lost = eventually(Duration::from_secs(30), || {
            port.metric("mcp_spans_lost_total")
                .filter(|lost| *lost > 0.0)
        });
        assert!(lost.is_some(), "{}", server.process.stderr());
        let told = server
            .process
            .stderr()
            .matches("spans do not reach the collector")
            .count();
        assert!(told <= 1, "{told}");
        server.process.terminate();
        let ended = server
            .process
            .ended_within(Duration::from_secs(20))
            .expect("it ends");
        assert!(
            ended.0.success() && ended.1 < Duration::from_secs(10),
            "{ended:?}"
        );
    }
}

#[test]
fn without_a_collector_a_caller_finds_its_own_trace_in_the_result() {
    let mut server = StdioServer::start(Product::Fixture, &[]);
    let mut request = message::call(1, "say", &json!({ "bytes": 1 }));
    server.send(&request);
    assert!(server.receive()["result"]["_meta"]["traceparent"].is_null());
    request["params"]["_meta"]["traceparent"] = CALLER.into();
    server.send(&request);
    assert_eq!(server.receive()["result"]["_meta"]["traceparent"], CALLER);
}

#[test]
fn what_cannot_be_meant_is_told_at_the_start() {
    let wrong = |config: &str, words: &str| {
        let (mut command, _folder) = mcp_factory_tests::guarded::command(config);
        let output = command.arg("check").output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            output.status.code() == Some(2) && said.contains(words),
            "{config}: {said}"
        );
    };
    let endpoint = "[tracing]\nendpoint = \"http://127.0.0.1:4318\"\n";
    wrong(
        "[tracing]\nendpoint = \"collector\"\n",
        "http://127.0.0.1:4318",
    );
    wrong(&format!("{endpoint}sample = 1.5\n"), "0 to 1");
    wrong(
        &format!("{endpoint}headers = {{ authorization = \"Bearer sesame\" }}\n"),
        "env:",
    );
    wrong(
        &format!("{endpoint}headers = {{ \"x y\" = \"env:HOME\" }}\n"),
        "no header",
    );
    wrong(&format!("{endpoint}protocol = \"udp\"\n"), "grpc");
}

/// A server that was built without it says how to get it.
#[test]
fn a_server_without_the_feature_says_so() {
    let mut command = std::process::Command::new(Product::Fixture.binary());
    let set = "tracing.endpoint=\"http://127.0.0.1:4318\"";
    let output = command
        .args(["check", "--set", set])
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.code() == Some(2) && said.contains("features = [\"otlp\"]"),
        "{said}"
    );
}
