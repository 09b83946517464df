use std::{
    fs,
    io::{BufRead as _, BufReader},
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use mcp_factory_sdk::{Principal, Scope, ScopeSet};
use serde_json::{Value, json};

use super::{
    CallLog, CallsConfig, Kept, LoggedCall, call::Entry, jsonl, markdown, redact::Redactor, text,
};
use crate::Clock;

/// A call of `tool` with these arguments.
fn call(tool: &str, arguments: &Value) -> LoggedCall {
    LoggedCall {
        principal: Arc::new(Principal::new("key|ann", ScopeSet::All).of_tenant("acme")),
        transport: "http",
        address: Some([192, 0, 2, 1].into()),
        trace: Some(7),
        request: Some("\"r1\"".into()),
        session: Some("s1".into()),
        plugin: Some("fs".into()),
        tool: tool.to_owned(),
        scope: Some(Scope::new("read")),
        arguments: Some(Kept::new(&arguments.to_string())),
        marked: Arc::new([]),
        refused: false,
        outcome: "ok",
        cached: false,
        duration: Some(Duration::from_micros(1_500)),
        error_id: None,
        error: None,
        result: None,
    }
}

fn entry(call: LoggedCall) -> Entry {
    let time = Duration::from_millis(1_795_238_598_042);
    let marked = Arc::clone(&call.marked);
    let mut redactor = Redactor::default();
    Entry::new(time, call, redactor.of(&marked), 1_000, 1_000)
}

fn read(line: Vec<u8>) -> String {
    let line = String::from_utf8(line).expect("text");
    assert_eq!(line.find('\n'), Some(line.len() - 1), "{line}");
    line
}

#[test]
fn a_line_of_json_has_every_field_in_order() {
    let failed = LoggedCall {
        outcome: "error",
        error_id: Some("1a2b3c4d".to_owned()),
        error: Some("no such file".to_owned()),
        cached: true,
        ..call("read_file", &json!({"path": "/a", "token": "canary"}))
    };
    assert_eq!(
        read(jsonl::entry(&entry(failed))),
        "{\"time\":\"2026-11-21T05:23:18.042Z\",\"event\":\"call\",\
         \"trace_id\":\"00000000000000000000000000000007\",\"request\":\"r1\",\"session\":\"s1\",\
         \"principal\":\"key|ann\",\"tenant\":\"acme\",\"transport\":\"http\",\"address\":\"192.0.2.1\",\
         \"plugin\":\"fs\",\"tool\":\"read_file\",\"scope\":\"read\",\
         \"arguments\":{\"path\":\"/a\",\"token\":\"[redacted]\"},\"outcome\":\"error\",\"cached\":true,\
         \"duration_us\":1500,\"error_id\":\"1a2b3c4d\",\"error\":\"no such file\"}\n"
    );
}

#[test]
fn a_line_for_people_says_what_matters_first() {
    let answered = LoggedCall {
        result: Some(Kept::new("two\nlines")),
        ..call("read_file", &json!({"path": "/a"}))
    };
    assert_eq!(
        read(text::entry(&entry(answered))),
        "2026-11-21T05:23:18.042Z ok           read_file 1.5ms by key|ann over http tenant=acme \
         address=192.0.2.1 plugin=fs scope=read session=s1 request=\"\\\"r1\\\"\" \
         trace_id=00000000000000000000000000000007 arguments={\"path\":\"/a\"} result=\"two\\nlines\"\n"
    );
}

#[test]
fn a_failure_does_not_say_what_the_arguments_hid() {
    let failed = LoggedCall {
        outcome: "error",
        error: Some("no such user hunter2".to_owned()),
        result: Some(Kept::new("hunter2 again")),
        marked: Arc::new(["handle".to_owned()]),
        ..call("enter", &json!({"Handles": "hunter2"}))
    };
    let line = read(jsonl::entry(&entry(failed)));
    assert!(!line.contains("hunter2"), "{line}");
    assert!(line.contains("no such user [redacted]"), "{line}");
    let large = LoggedCall {
        error: Some("x".repeat(300 << 10)),
        ..call("enter", &json!({}))
    };
    let line = read(jsonl::entry(&entry(large)));
    assert!(line.contains("[307200 bytes, too large"), "{line}");
}

#[test]
fn a_name_that_cannot_be_seen_is_in_quotes() {
    for name in ["x\u{a0}by", "\u{200b}\u{ad}", "\u{2800}", "\u{3164}"] {
        let line = read(text::entry(&entry(call(name, &json!({})))));
        assert!(
            line.contains(&format!(" \"{name}\" 1.5ms by key|ann")),
            "{line}"
        );
    }
}

/// Names and values of somebody who would like to write something else.
fn hostile() -> LoggedCall {
    let words = "x\n## 2026 · `forged` · ok\r\n```\n</details>\u{2028}# y\u{1b}[2J\u{202e}\u{85}````\n~~~\n";
    LoggedCall {
        principal: Arc::new(Principal::new(format!("k|{words}"), ScopeSet::All)),
        request: Some(Value::from(words).to_string().into()),
        outcome: "error",
        error: Some(words.to_owned()),
        result: Some(Kept::new(&format!("{}\n{words}", "`".repeat(40)))),
        ..call(words, &json!({words: [words], "b": {"c": "```"}}))
    }
}

#[test]
fn nobody_forges_a_second_line() {
    for line in [
        jsonl::entry(&entry(hostile())),
        text::entry(&entry(hostile())),
    ] {
        let line = read(line);
        let breaks = |letter: char| letter.is_control() || "\u{2028}\u{202e}".contains(letter);
        let line = line.trim_end_matches('\n');
        assert!(!line.contains(breaks), "{line:?}");
    }
    let line = read(jsonl::entry(&entry(hostile())));
    let told: Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(told["outcome"], "error");
    assert_eq!(told["tool"], hostile().tool);
}

#[test]
fn nothing_gets_out_of_its_fence() {
    let part = String::from_utf8(markdown::entry(&entry(hostile()))).expect("text");
    // As a reader of Markdown goes through it: what is outside of fences is ours.
    let (mut fence, mut outside, mut fences) = (None::<String>, Vec::new(), 0);
    for line in part.lines() {
        let ticks: String = line.chars().take_while(|letter| *letter == '`').collect();
        match &fence {
            None if ticks.len() >= 3 => {
                fences += 1;
                fence = Some(ticks);
            }
            None => outside.push(line),
            Some(open) => {
                if line.trim_end() == ticks && ticks.len() >= open.len() {
                    fence = None;
                }
            }
        }
    }
    assert_eq!((fence, fences), (None, 3), "{part}");
    let headings = outside.iter().filter(|line| line.starts_with('#'));
    assert_eq!(headings.count(), 1, "{part}");
    assert!(
        !outside
            .iter()
            .any(|line| line.starts_with("~~~") || line.starts_with('<'))
    );
    // The names are in spans that their own backticks do not end.
    assert!(outside[0].contains("`````x ## 2026"), "{}", outside[0]);
    for hidden in ["\u{1b}", "\u{2028}", "\u{202e}", "\u{85}", "\r"] {
        assert!(!part.contains(hidden), "{hidden:?}: {part}");
    }
    let plain = entry(LoggedCall {
        result: Some(Kept::new("{\"size\":3}")),
        ..call("read_file", &json!({"path": "/a"}))
    });
    assert_eq!(
        String::from_utf8(markdown::entry(&plain)).expect("text"),
        "## 2026-11-21T05:23:18.042Z · `read_file` · ok\n\n\
         by `key|ann` over http, tenant `acme`, from `192.0.2.1`, plugin `fs`, scope `read`, took 1.5ms, \
         session `s1`, request `\"r1\"`, trace `00000000000000000000000000000007`\n\n\
         Arguments:\n\n```json\n{\n  \"path\": \"/a\"\n}\n```\n\nResult:\n\n```json\n{\n  \"size\": 3\n}\n```\n\n"
    );
}

/// Logs as they are configured; `FOLDER` is a folder.
fn open(folder: &Path, config: &Value) -> CallLog {
    let text = config
        .to_string()
        .replace("FOLDER", &folder.display().to_string());
    let config: CallsConfig = serde_json::from_str(&text).expect("a configuration");
    CallLog::open(&config, Clock::system())
        .expect("it opens")
        .expect("there is one")
}

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).expect("the file is there");
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).expect(line))
        .collect()
}

#[tokio::test]
async fn all_forms_are_written_at_once_and_for_their_owner_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = json!({"results": "4KiB", "redact": ["iban"],
        "jsonl": {"to": "FOLDER/a.jsonl"}, "text": {"to": "FOLDER/a.log"}, "markdown": {"to": "FOLDER/a.md"}});
    let log = open(folder.path(), &config);
    assert!(log.wants_results());
    for number in 0..10 {
        log.record(100, || LoggedCall {
            result: Some(Kept::new(&format!("answer-{number}"))),
            ..call(
                "tool",
                &json!({"number": number, "iban": "canary", "api_key": "canary"}),
            )
        });
    }
    log.close().await;
    assert_eq!(log.dropped(), 0);
    for name in ["a.jsonl", "a.log", "a.md"] {
        let path = folder.path().join(name);
        let text = fs::read_to_string(&path).expect("it is there");
        assert!(!text.contains("canary"), "{text}");
        assert_eq!(text.matches("[redacted]").count(), 20, "{text}");
        assert!(
            text.contains("answer-0") && text.contains("answer-9"),
            "{text}"
        );
        let mode = fs::metadata(path)
            .expect("it is there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

/// A pipe in `folder`, and its end that nobody reads yet.
fn pipe(folder: &Path) -> fs::File {
    let pipe = folder.join("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("every Unix has it").success());
    let both = fs::OpenOptions::new().read(true).write(true).open(&pipe);
    both.expect("it was just made")
}

#[tokio::test]
async fn a_slow_disk_makes_nobody_wait_and_is_told_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let reader = pipe(folder.path());
    let log = open(
        folder.path(),
        &json!({"queue": 16, "jsonl": {"to": "FOLDER/pipe"}}),
    );
    let start = Instant::now();
    for number in 0..10_000 {
        log.record(100, || call("tool", &json!({"number": number})));
    }
    assert!(
        start.elapsed() < Duration::from_secs(20),
        "{:?}",
        start.elapsed()
    );
    let dropped = log.dropped();
    assert!(dropped > 1_000, "a pipe holds 64 KiB: {dropped}");
    // What comes when it is read again says what is missing, and nothing is counted twice.
    let reading = std::thread::spawn(move || {
        let lines = BufReader::new(reader).lines();
        let mut told = (0, 0);
        for line in lines {
            let line: Value = serde_json::from_str(&line.expect("text")).expect("JSON");
            match (line["event"].as_str(), line["tool"].as_str()) {
                (Some("dropped"), _) => told.0 += line["count"].as_u64().expect("a number"),
                (_, Some("last")) => return told,
                _ => told.1 += 1,
            }
        }
        told
    });
    let mut lasts = 0;
    while !reading.is_finished() {
        log.record(100, || call("last", &json!({})));
        lasts += 1;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let (told, written) = reading.join().expect("it ends");
    assert!(
        told >= dropped && told + written <= 10_000 + lasts,
        "{told} {written} {dropped}"
    );
    assert!(told + written >= 10_000);
}

#[tokio::test]
async fn what_waits_is_bounded_in_bytes_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let _reader = pipe(folder.path());
    let log = open(
        folder.path(),
        &json!({"arguments": "1MiB", "jsonl": {"to": "FOLDER/pipe"}}),
    );
    // As much as is written at all.
    let large = json!({"text": "x".repeat((1 << 20) - 64)});
    let mut made = 0;
    for _ in 0..100 {
        log.record(1 << 20, || {
            made += 1;
            call("tool", &large)
        });
    }
    // Sixteen of a MiB wait, or one less, and the thread may have taken one or two.
    assert!((14..=18).contains(&made), "{made}");
    assert_eq!(log.dropped(), 100 - made);
}

#[tokio::test]
async fn a_log_that_fails_is_no_matter_of_the_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = json!({"jsonl": {"to": "/dev/full"}, "text": {"to": "FOLDER/a.log"}});
    let log = open(folder.path(), &config);
    for _ in 0..10 {
        log.record(0, || call("tool", &json!({})));
    }
    log.close().await;
    assert_eq!(log.dropped(), 10);
    let text = fs::read_to_string(folder.path().join("a.log")).expect("it is there");
    assert_eq!(text.lines().count(), 10, "{text}");
}

#[tokio::test]
async fn a_folder_that_is_removed_is_told_of_and_used_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let inner = folder.path().join("inner");
    fs::create_dir(&inner).expect("a folder");
    let log = open(
        folder.path(),
        &json!({"jsonl": {"to": "FOLDER/inner/a.jsonl"}}),
    );
    log.record(0, || call("before", &json!({})));
    let until = async |is_so: &dyn Fn() -> bool| {
        let begun = Instant::now();
        while !is_so() {
            assert!(begun.elapsed() < Duration::from_secs(10), "never");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    until(&|| lines(&inner.join("a.jsonl")).len() == 1).await;
    // The path is looked at once a second.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    fs::remove_dir_all(&inner).expect("it can be removed");
    log.record(0, || call("missing", &json!({})));
    log.record(0, || call("missing", &json!({})));
    until(&|| log.dropped() == 2).await;
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    fs::create_dir(&inner).expect("a folder");
    log.record(0, || call("after", &json!({})));
    log.close().await;
    let lines = lines(&inner.join("a.jsonl"));
    assert_eq!(lines[0]["count"], 2, "{lines:?}");
    assert_eq!(lines[1]["tool"], "after", "{lines:?}");
}

#[tokio::test]
async fn after_a_torn_line_a_new_one_begins() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.jsonl");
    fs::write(&path, "{\"tool\":\"one\"}\n{\"tool\":\"to").expect("a file");
    let log = open(folder.path(), &json!({"jsonl": {"to": "FOLDER/a.jsonl"}}));
    log.record(0, || call("two", &json!({})));
    log.close().await;
    let text = fs::read_to_string(&path).expect("a file");
    let last = text.lines().last().expect("a line");
    assert_eq!(text.lines().count(), 3, "{text}");
    assert_eq!(
        serde_json::from_str::<Value>(last).expect("JSON")["tool"],
        "two"
    );
}

#[tokio::test]
async fn a_day_that_is_over_ends_without_a_call() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.jsonl");
    fs::write(&path, "{}\n").expect("a file");
    let touched = Command::new("touch")
        .args(["-d", "2 days ago"])
        .arg(&path)
        .status();
    assert!(touched.expect("every Unix has it").success());
    let log = open(
        folder.path(),
        &json!({"jsonl": {"to": "FOLDER/a.jsonl", "rotate": "daily", "keep": 1}}),
    );
    // Not before there are callers: whoever only looks whether it can be written loses nothing.
    let old = [1, 2].map(|day| {
        let old = folder
            .path()
            .join(format!("a.jsonl.2026-01-0{day}T000000.000Z"));
        fs::write(&old, "{}\n").expect("a file");
        old
    });
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert!(old.iter().all(|old| old.exists()));
    assert_eq!(fs::read(&path).expect("a file"), b"{}\n");
    log.begin();
    let start = Instant::now();
    let is_new = || fs::read(&path).is_ok_and(|text| text.is_empty());
    let files = || fs::read_dir(folder.path()).expect("a folder").count();
    // The older ones go after the new one is begun.
    while !is_new() || files() > 2 {
        assert!(
            start.elapsed() < Duration::from_secs(10),
            "it was not put aside, or more is kept than that"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(files(), 2);
    log.close().await;
}

#[test]
fn what_is_wrong_is_told_with_its_setting() {
    let folder = tempfile::tempdir().expect("a folder");
    let link = folder.path().join("link");
    symlink(folder.path().join("elsewhere"), &link).expect("a link");
    let config = json!({
        "jsonl": {"to": "FOLDER/link"}, "text": {"to": "/dev/null", "rotate": "daily"}, "markdown": {"compress": true},
    });
    let text = config
        .to_string()
        .replace("FOLDER", &folder.path().display().to_string());
    let config: CallsConfig = serde_json::from_str(&text).expect("a configuration");
    let problems = CallLog::open(&config, Clock::system()).expect_err("all three are wrong");
    let told: Vec<_> = problems
        .iter()
        .map(|problem| (&*problem.path, &problem.message))
        .collect();
    let paths: Vec<_> = told.iter().map(|(path, _)| *path).collect();
    assert_eq!(
        paths,
        ["jsonl.to", "text.rotate", "markdown.to"],
        "{told:?}"
    );
    assert!(told[0].1.contains("links are not followed"), "{told:?}");
    assert!(!folder.path().join("elsewhere").exists());
    let none = CallLog::open(&CallsConfig::default(), Clock::system());
    assert!(none.expect("nothing is wrong").is_none());
}
