//! The log: which call a line is about, in which form, and where it goes.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    process::{Command, Stdio},
    time::Duration,
};

use mcp_factory_tests::{Product, StdioServer, eventually, message};
use serde_json::{Value, json};

const CALLER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// Calls what fails in a task, and what panics on a thread that may wait, as parts of a trace; then without one.
fn troubled(stdio: &mut StdioServer) {
    for (id, tool) in [(1, "fail"), (2, "panic_blocking")] {
        let mut request = message::call(id, tool, &json!({}));
        request["params"]["_meta"]["traceparent"] = CALLER.into();
        stdio.send(&request);
        stdio.receive();
    }
    stdio.call(3, "fail", &json!({}));
}

#[test]
fn every_line_of_a_call_is_json_with_its_trace() {
    let mut stdio = StdioServer::start(Product::Fixture, &["--log-format", "json"]);
    troubled(&mut stdio);
    let lines = eventually(Duration::from_secs(5), || {
        let said = stdio.process.stderr();
        let lines: Vec<Value> = said
            .lines()
            .map(|line| {
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
            })
            .collect();
        (lines.len() >= 4).then_some(lines)
    });
    let lines = lines.unwrap_or_else(|| panic!("{}", stdio.process.stderr()));
    for line in &lines {
        for name in ["ts", "level", "logger", "msg"] {
            assert!(line[name].is_string(), "{line}");
        }
    }
    let of = |trace: &Value| -> Vec<&str> {
        let all = lines.iter().filter(|line| line["trace_id"] == *trace);
        all.map(|line| line["msg"].as_str().expect("a text"))
            .collect()
    };
    let traced = of(&json!(TRACE));
    assert_eq!(traced.len(), 3, "{lines:#?}");
    assert_eq!(traced[0], "a plugin failed");
    // Said by the standard library, on the thread that panicked.
    assert!(traced[1].contains("panicked at"), "{traced:?}");
    assert_eq!(traced[2], "a plugin panicked");
    assert_eq!(of(&Value::Null), ["a plugin failed"]);
    let failed = &lines[0];
    assert_eq!(
        (&failed["level"], &failed["name"]),
        (&json!("error"), &json!("fail"))
    );
    assert!(failed["error_id"].is_string(), "{failed}");
}

#[test]
fn people_read_the_trace_at_the_end_of_the_line() {
    let mut stdio = StdioServer::start(Product::Fixture, &[]);
    troubled(&mut stdio);
    let both = eventually(Duration::from_secs(5), || {
        let said = stdio.process.stderr();
        let failed: Vec<String> = said
            .lines()
            .filter(|line| line.contains("a plugin failed"))
            .map(str::to_owned)
            .collect();
        (failed.len() == 2).then_some(failed)
    });
    let both = both.unwrap_or_else(|| panic!("{}", stdio.process.stderr()));
    assert!(both[0].ends_with(&format!("trace_id={TRACE}")), "{both:?}");
    assert!(!both[1].contains("trace_id"), "{both:?}");
}

#[test]
fn a_file_takes_the_log_and_may_be_renamed() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let (file, old) = (
        folder.path().join("server.log"),
        folder.path().join("server.log.1"),
    );
    let set = format!("log.to={:?}", file.display().to_string());
    let mut stdio = StdioServer::start(Product::Fixture, &["--set", &set]);
    let lines = |path: &std::path::Path| {
        let text = fs::read_to_string(path).unwrap_or_default();
        text.lines()
            .filter(|line| line.contains("a plugin failed"))
            .count()
    };
    stdio.call(1, "fail", &json!({}));
    let told = eventually(Duration::from_secs(5), || (lines(&file) == 1).then_some(()));
    assert!(told.is_some(), "{}", stdio.process.stderr());
    let mode = fs::metadata(&file)
        .expect("it is there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    fs::rename(&file, &old).expect("it can be renamed");
    let mut id = 2;
    let followed = eventually(Duration::from_secs(5), || {
        stdio.call(id, "fail", &json!({}));
        id += 1;
        (lines(&file) > 0).then_some(())
    });
    assert!(followed.is_some());
    assert_eq!(stdio.process.stderr(), "");
}

#[test]
fn the_log_and_the_record_are_put_aside_when_they_are_full() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let settings = [
        format!("log.to={:?}", path("server.log")),
        "log.rotate=\"1KiB\"".to_owned(),
        "log.keep=3".to_owned(),
        format!("audit.to={:?}", path("calls.jsonl")),
        "audit.rotate=\"1KiB\"".to_owned(),
    ];
    let arguments: Vec<&str> = settings
        .iter()
        .flat_map(|set| ["--set", set.as_str()])
        .collect();
    let mut stdio = StdioServer::start(Product::Fixture, &arguments);
    for id in 0..100 {
        stdio.call(id, "fail", &json!({}));
    }
    stdio.close_stdin();
    stdio
        .process
        .ended_within(Duration::from_secs(10))
        .expect("it ends");
    let texts = |name: &str| -> Vec<String> {
        let entries = fs::read_dir(folder.path()).expect("it is there");
        let paths = entries.map(|entry| entry.expect("an entry").path());
        let ours = |path: &std::path::PathBuf| {
            path.file_name()
                .is_some_and(|file| file.to_string_lossy().starts_with(name))
        };
        paths
            .filter(ours)
            .map(|path| fs::read_to_string(path).expect("text"))
            .collect()
    };
    let (log, record) = (texts("server.log"), texts("calls.jsonl"));
    assert_eq!(log.len(), 4, "{log:?}");
    assert!(record.len() > 10 && record.iter().chain(&log).all(|text| text.len() <= 1_024));
    let calls = record.iter().flat_map(|text| text.lines());
    let calls = calls.filter(|line| {
        serde_json::from_str::<Value>(line).is_ok_and(|call| call["event"] == "call")
    });
    assert_eq!(calls.count(), 100, "{record:?}");
}

#[test]
fn a_log_that_cannot_be_written_is_told_at_the_start() {
    for (to, words) in [
        ("server.log", "a path with a slash"),
        (
            "/nowhere/server.log",
            "there is no folder for /nowhere/server.log",
        ),
        ("off", "log.level"),
    ] {
        let mut command = Command::new(Product::Fixture.binary());
        command
            .args(["--set", &format!("log.to={to:?}")])
            .stdin(Stdio::null());
        let output = command.output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.code() == Some(2) && said.contains(words),
            "{to}: {said}"
        );
    }
}
