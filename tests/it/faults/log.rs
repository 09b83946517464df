//! A log that nobody reads, or not for a while: stderr is a pipe, and a pipe holds 64 KiB.

use std::{
    fs::{File, OpenOptions},
    io::{BufRead as _, BufReader},
    process::Command,
    sync::mpsc::channel,
    thread,
    time::Duration,
};

use mcp_factory_tests::{Product, StdioServer, message};
use serde_json::json;
use tempfile::TempDir;

/// The fixture, and the end of its log that nobody reads yet. The pipe is gone with its folder.
fn unheard() -> (StdioServer, File, TempDir) {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let pipe = folder.path().join("log");
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("every Unix has it").success());
    // To open one end waits for the other, so this has both.
    let reader = OpenOptions::new().read(true).write(true).open(&pipe);
    let mut command = Command::new("sh");
    command
        .args(["-c", "exec \"$@\" 2> \"$0\""])
        .arg(&pipe)
        .arg(Product::Fixture.binary())
        .args(["--set", r#"server.drain="1s""#])
        .env("RUST_BACKTRACE", "0");
    let stdio = StdioServer::run(&mut command);
    (stdio, reader.expect("it was just made"), folder)
}

/// Calls each of which is worth a line: more of them than the pipe and the 1,024 lines behind it hold.
fn fill(stdio: &mut StdioServer) {
    for id in 0..2_000 {
        let answer = stdio.call(2 * id, "panic", &json!({}));
        assert_eq!(answer["error"]["code"], -32603, "{answer}");
        let answer = stdio.call(2 * id + 1, "fail", &json!({}));
        assert_eq!(answer["result"]["isError"], true, "{answer}");
    }
}

#[test]
fn a_log_that_nobody_reads_holds_up_neither_calls_nor_the_end() {
    let (mut stdio, _reader, _folder) = unheard();
    fill(&mut stdio);
    let answer = stdio.call(-1, "test_simple_text", &json!({}));
    assert_eq!(
        message::text(&answer),
        "This is a simple text response for testing."
    );
    stdio.process.terminate();
    let ended = stdio.process.ended_within(Duration::from_secs(20));
    let (status, took) = ended.expect("it ends");
    assert!(
        status.success() && took <= Duration::from_secs(10),
        "{status} after {took:?}"
    );
}

#[test]
fn a_log_that_is_read_again_tells_how_many_lines_are_missing() {
    let (mut stdio, reader, _folder) = unheard();
    fill(&mut stdio);
    let (sender, lines) = channel();
    // Ends with the test: this process holds the other end as well.
    thread::spawn(move || {
        for line in BufReader::new(reader).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    let told = std::iter::from_fn(|| lines.recv_timeout(Duration::from_secs(10)).ok())
        .find(|line| line.contains("lines of the log were lost"));
    assert!(told.is_some(), "nobody says that lines are missing");
}
