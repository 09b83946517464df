//! Standard error. It belongs to a process, so each test runs itself once more in one of its own.

use std::{
    io::Read as _,
    process::{Command, Stdio},
};

use mcp_factory_guard::{Audit, AuditConfig, AuditTarget, Clock};

use crate::call;

const CHILD: &str = "MCP_FACTORY_TEST_CHILD";

async fn hundred_records() -> u64 {
    let config = AuditConfig::default();
    let audit = Audit::open(&config, &AuditTarget::Stderr, Clock::system()).expect("it opens");
    for _ in 0..100 {
        audit.record(&call("tool"));
    }
    audit.close().await;
    audit.dropped()
}

fn again(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("a test is a program"));
    command
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, "1")
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

#[tokio::test]
async fn records_go_to_standard_error() {
    if std::env::var_os(CHILD).is_some() {
        assert_eq!(hundred_records().await, 0);
        return;
    }
    let output = again("stderr::records_go_to_standard_error")
        .output()
        .expect("it runs");
    assert!(output.status.success());
    let text = String::from_utf8(output.stderr).expect("text");
    assert_eq!(text.matches("\"event\":\"call\"").count(), 100, "{text}");
}

#[tokio::test]
async fn a_closed_standard_error_stops_nothing() {
    if std::env::var_os(CHILD).is_some() {
        // Until the other end is closed.
        std::io::stdin()
            .read_to_end(&mut Vec::new())
            .expect("a pipe");
        assert_eq!(hundred_records().await, 100);
        return;
    }
    let mut child = again("stderr::a_closed_standard_error_stops_nothing")
        .stdin(Stdio::piped())
        .spawn()
        .expect("it runs");
    drop(child.stderr.take());
    drop(child.stdin.take());
    assert!(child.wait().expect("it ends").success());
}
