//! HTTP/2 without TLS, as clients that others wrote speak it.

use std::process::Command;
use std::time::{Duration, Instant};

use mcp_factory_tests::{HttpServer, Product, message};
use serde_json::{Value, json};

/// What curl gets: the status and the version of HTTP of the last answer, and the body.
/// What the plugin fs wants to know.
const ROOTS: [&str; 2] = ["--set", r#"plugins.fs.roots=["/tmp"]"#];

fn curl(url: &str, arguments: &[&str]) -> (String, String) {
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--max-time", "20"])
        .args(["--write-out", "\n%{http_code} %{http_version}"])
        .args(arguments)
        .arg(url)
        .output()
        .expect("tests/run installs curl");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    let text = String::from_utf8(output.stdout).expect("an answer is a text");
    let (body, outcome) = text.rsplit_once('\n').expect("curl adds a line");
    (outcome.to_owned(), body.to_owned())
}

fn echo(text: &str) -> Vec<String> {
    let call = message::call(1, "echo", &json!({ "text": text }));
    let mut arguments: Vec<String> = [
        "content-type: application/json",
        "accept: application/json, text/event-stream",
        "mcp-protocol-version: 2026-07-28",
        "mcp-method: tools/call",
        "mcp-name: echo",
    ]
    .iter()
    .flat_map(|header| ["--header".to_owned(), (*header).to_owned()])
    .collect();
    arguments.extend(["--data-binary".to_owned(), call.to_string()]);
    arguments
}

fn post(url: &str, more: &[&str], text: &str) -> (String, String) {
    let echo = echo(text);
    let mut arguments: Vec<&str> = echo.iter().map(String::as_str).collect();
    arguments.extend(more);
    curl(url, &arguments)
}

#[test]
fn curl_is_answered_in_the_version_that_it_speaks() {
    let server = HttpServer::start(Product::Standard, &ROOTS);
    // The last asks in HTTP/1.1 whether the server would change over, and is answered as it asked.
    for (option, version) in [
        ("--http2-prior-knowledge", "2"),
        ("--http1.1", "1.1"),
        ("--http2", "1.1"),
    ] {
        let (outcome, body) = post(&server.url(), &[option], "hello");
        assert_eq!(outcome, format!("200 {version}"), "{option}: {body}");
        let answer: Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!(message::text(&answer), "hello", "{option}");
    }
    // Larger than every window.
    let text = "x".repeat(100_000);
    let (outcome, body) = post(&server.url(), &["--http2-prior-knowledge"], &text);
    assert_eq!(outcome, "200 2");
    assert!(body.contains(&text));
}

#[test]
fn a_foreign_name_is_refused_to_curl() {
    let server = HttpServer::start(Product::Standard, &ROOTS);
    let port = server.address().port();
    let to_us = format!("evil.example:{port}:127.0.0.1");
    let there = format!("http://evil.example:{port}/mcp");
    let foreign_authority = ["--http2-prior-knowledge", "--resolve", &to_us];
    let foreign_header = ["--http2-prior-knowledge", "--header", "host: evil.example"];
    for (url, more) in [(there, foreign_authority), (server.url(), foreign_header)] {
        let (outcome, body) = post(&url, &more, "no");
        assert_eq!(outcome, "403 2", "{body}");
        assert!(body.contains("http.allowed_hosts"), "{body}");
    }
}

#[test]
fn the_end_says_good_bye_and_answers_what_runs() {
    let mut server = HttpServer::start(Product::Fixture, &["--set", r#"server.drain="10s""#]);
    let call = message::call(1, "wait", &json!({ "milliseconds": 1500 })).to_string();
    let mut command = Command::new("curl");
    command
        .args(["--silent", "--show-error", "--http2-prior-knowledge"])
        .args(["--max-time", "20", "--data-binary", &call])
        .args(["--header", "content-type: application/json"])
        .args(["--header", "accept: application/json, text/event-stream"])
        .args(["--header", "mcp-protocol-version: 2026-07-28"])
        .args(["--header", "mcp-method: tools/call"])
        .args(["--header", "mcp-name: wait"])
        .arg(server.url());
    let waiting = std::thread::spawn(move || command.output().expect("curl runs"));
    let begun = mcp_factory_tests::eventually(Duration::from_secs(5), || {
        (server.counts().0 >= 1).then_some(())
    });
    assert!(begun.is_some(), "the call did not begin");
    let signalled = Instant::now();
    server.process.terminate();
    let output = waiting.join().expect("it does not panic");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("waited 1500 ms"), "{text} {output:?}");
    let (status, _) = server
        .process
        .ended_within(Duration::from_secs(10))
        .expect("it ends");
    assert!(status.success(), "{status}");
    assert!(
        signalled.elapsed() < Duration::from_secs(5),
        "it waited for nobody"
    );
}
