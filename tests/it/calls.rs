//! The logs of tool calls: what was called with what, in every form, without a secret.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use mcp_factory_tests::{
    Guarded, Issuer, Management, StdioServer, eventually, guarded,
    guarded::{GATE_SECRET, Step, code},
    message,
};
use serde_json::{Value, json};

use crate::faults::LANES;

const ALL: &str = "results = \"4KiB\"\njsonl.to = \"FOLDER/acme/calls.jsonl\"\n\
                   text.to = \"FOLDER/acme/calls.log\"\nmarkdown.to = \"FOLDER/acme/calls.md\"\n";

/// The lines of a log, of which each must be one.
fn lines(path: &Path) -> Vec<Value> {
    let text =
        fs::read_to_string(path).unwrap_or_else(|error| panic!("{error}: {}", path.display()));
    let line = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    text.lines().map(line).collect()
}

/// Ends a server on stdio, in order.
fn end(stdio: &mut StdioServer) {
    stdio.close_stdin();
    let ended = stdio.process.ended_within(Duration::from_secs(10));
    assert!(
        ended.is_some_and(|(status, _)| status.success()),
        "{}",
        stdio.process.stderr()
    );
}

/// What a server over HTTP writes of calls that end in every way, on one of the two lanes.
fn of_every_kind(issuer: &Issuer, lane: &str) -> Vec<Value> {
    let lane = lane.replace('=', " = ").replace("server.", "");
    let config = format!("[server]\n{lane}\n[calls]\n{ALL}");
    let mut server = Guarded::trusting(issuer.url(), &config);
    let token = |scopes: &str| issuer.token("writer", scopes, &server.url());
    let (read, write) = (token("read"), token("write"));
    {
        let reader = server.bearer(&read);
        let writer = server.bearer(&write);
        let session = server.bearer(&write).in_session();
        reader.call("tick", &json!({ "first": "a", "second": null }));
        reader.call("tick", &json!({ "first": "a", "second": null }));
        reader.call("change", &json!({ "name": "denied" }));
        reader.call("fail", &json!({ "what": "three more words" }));
        reader.call("wait", &json!({ "milliseconds": "many" }));
        reader.call("nothing", &json!({ "a": [1, 2] }));
        writer.call("shell", &json!({}));
        for _ in 0..3 {
            reader.call("hurry", &json!({}));
        }
        reader.call("panic", &json!({}));
        session.call("change", &json!({ "name": "in a session" }));
        session.call("whoami", &json!({}));
    }
    server.process.terminate();
    let ended = server.process.ended_within(Duration::from_secs(10));
    assert!(ended.is_some_and(|(status, _)| status.success()));
    lines(&server.folder().join("acme/calls.jsonl"))
}

#[test]
fn a_call_is_written_alike_on_both_lanes_however_it_ends() {
    let issuer = Issuer::start();
    let [fast, library] = LANES.map(|lane| of_every_kind(&issuer, lane));
    let told = |line: &Value| {
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        [text("event"), text("tool"), text("outcome")].join(" ")
    };
    let all: Vec<String> = fast.iter().map(told).collect();
    assert_eq!(
        all,
        [
            "call tick ok",
            "call tick ok",
            "refused change denied",
            "call fail error",
            "call wait error",
            "refused nothing unknown",
            "refused shell gated",
            "call hurry ok",
            "call hurry ok",
            "refused hurry rate_limited",
            "call panic panicked",
            "call change ok",
            "call whoami ok",
        ]
    );
    for (line, other) in fast.iter().zip(&library) {
        let mut both = [line.clone(), other.clone()];
        for line in &mut both {
            let members = line.as_object_mut().expect("an object");
            for own in ["time", "duration_us", "error_id", "session"] {
                let text = members.get_mut(own);
                // It is there on both, and of one kind.
                if let Some(value) = text {
                    *value = Value::from(if value.is_u64() { "a number" } else { "a text" });
                }
            }
        }
        assert_eq!(both[0], both[1]);
        assert_eq!(line["principal"], format!("{}|writer", issuer.url()));
        assert_eq!(
            (&line["transport"], &line["address"]),
            (&json!("http"), &json!("127.0.0.1"))
        );
        assert!(
            line["time"].is_string() && line["request"].is_i64(),
            "{line}"
        );
        assert_eq!(
            line["duration_us"].is_u64(),
            line["event"] == "call",
            "{line}"
        );
    }
    assert_eq!(fast.len(), library.len());
    let [tick, again, denied, fail, wait, nothing, gated] = &fast[..7] else {
        panic!("there are thirteen");
    };
    assert_eq!(tick["arguments"], json!({ "first": "a", "second": null }));
    assert_eq!(
        (&tick["plugin"], &tick["scope"]),
        (&json!("guarded"), &json!("read"))
    );
    assert_eq!(
        (&tick["result"], &tick["cached"]),
        (&json!("tick 1"), &Value::Null)
    );
    assert_eq!(
        (&again["result"], &again["cached"]),
        (&json!("tick 1"), &json!(true))
    );
    assert_eq!(denied["arguments"], json!({ "name": "denied" }));
    assert_eq!(
        (&denied["scope"], &denied["plugin"]),
        (&json!("write"), &json!("guarded"))
    );
    assert_eq!(fail["error"], "it failed with 3 words");
    let error = wait["error"].as_str().expect("it says why");
    assert!(error.contains("milliseconds"), "{error}");
    assert_eq!(
        (&nothing["arguments"], &nothing["plugin"]),
        (&json!({ "a": [1, 2] }), &Value::Null)
    );
    assert!(
        gated["error"].is_string() && gated["result"].is_null(),
        "{gated}"
    );
    assert!(fast[10]["error_id"].is_string(), "{}", fast[10]);
    // Calls of one session are known by a word that opens none.
    assert!(fast[11]["session"].is_string(), "{}", fast[11]);
    assert_eq!(fast[11]["session"], fast[12]["session"]);
}

/// Everything that is in the files of `folder`.
fn bytes(folder: &Path) -> Vec<(PathBuf, String)> {
    let files = fs::read_dir(folder).expect("it is there");
    let files = files.map(|entry| entry.expect("an entry").path());
    files
        .map(|path| {
            let text = fs::read_to_string(&path).expect("text");
            (path, text)
        })
        .collect()
}

/// What `zcat` reads in a file, and Python as well.
fn unpacked(path: &Path) -> String {
    let python = "import gzip,sys;sys.stdout.buffer.write(gzip.open(sys.argv[1]).read())";
    let run = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).arg(path).output();
        let output = output.expect("it is installed");
        assert!(output.status.success(), "{program}: {output:?}");
        String::from_utf8(output.stdout).expect("text")
    };
    let text = run("zcat", &[]);
    assert_eq!(text, run("python3", &["-c", python]));
    text
}

#[test]
fn no_secret_is_in_any_log() {
    let (mut command, folder) = guarded::command(&format!("[calls]\nredact = [\"iban\"]\n{ALL}"));
    let mut stdio = StdioServer::run(&mut command);
    let now = code(Step::Now);
    let file = folder.path().join("files/a.txt");
    fs::write(
        &file,
        format!("the seed is {GATE_SECRET}\nDB_PASSWORD=canary-file\n"),
    )
    .expect("a file");
    let calls = [
        // Names that everybody gives, at any depth and in a text that is JSON; not taken by the tool, and written.
        (
            "change",
            json!({ "name": "a", "password": "canary-1", "deep": [{ "apiKey": { "a": "canary-2" } }] }),
        ),
        (
            "change",
            json!({ "name": json!({ "client_secret": "canary-3" }).to_string() }),
        ),
        (
            "change",
            json!({ "name": "GET /?access_token=canary-4 HTTP/1.1\r\nAuthorization: Bearer canary-5-5" }),
        ),
        ("change", json!({ "name": "a", "IBAN": "canary-6" })),
        // What the tool's own schema marks.
        ("gate_unlock", json!({ "group": "shell", "code": now })),
        // What the server knows, and an answer that holds it.
        ("fail", json!({ "what": format!("seed {GATE_SECRET}") })),
        ("read_text_file", json!({ "path": file })),
    ];
    for (id, (tool, arguments)) in (1..).zip(&calls) {
        stdio.call(id, tool, arguments);
    }
    end(&mut stdio);
    let files = bytes(&folder.path().join("acme"));
    assert_eq!(files.len(), 3);
    for (path, text) in files {
        for secret in ["canary", GATE_SECRET, now.as_str()] {
            assert!(
                !text.contains(secret),
                "{secret} is in {}: {text}",
                path.display()
            );
        }
        assert!(text.matches("[redacted]").count() >= 10, "{text}");
        assert!(
            text.contains("the seed is [redacted]"),
            "the rest of the answer is there: {text}"
        );
    }
    // The record has neither, as before; the log of calls has everything that is no secret.
    let lines = lines(&folder.path().join("acme/calls.jsonl"));
    assert_eq!(lines[0]["arguments"]["deep"][0]["apiKey"], "[redacted]");
    assert_eq!(
        lines[4]["arguments"],
        json!({ "group": "shell", "code": "[redacted]" })
    );
    assert_eq!(
        (&lines[4]["outcome"], &lines[4]["plugin"]),
        (&json!("ok"), &json!("gate"))
    );
}

#[test]
fn nobody_writes_a_line_or_a_heading_of_their_own() {
    let (mut command, folder) = guarded::command(&format!("[calls]\n{ALL}"));
    let mut stdio = StdioServer::run(&mut command);
    let words = "\n## forged\n```\n## forged\n\u{2028}{\"event\":\"call\"}\r\n2026-11-21T00:00:00.000Z ok forged";
    let file = folder.path().join("files/a.txt");
    fs::write(&file, format!("{words}\n`````\n## forged\n")).expect("a file");
    stdio.call(1, "change", &json!({ "name": words }));
    stdio.call(2, words, &json!({ words: words }));
    stdio.call(3, "read_text_file", &json!({ "path": file }));
    end(&mut stdio);
    let read =
        |name: &str| fs::read_to_string(folder.path().join("acme").join(name)).expect("text");
    assert_eq!(lines(&folder.path().join("acme/calls.jsonl")).len(), 3);
    let text = read("calls.log");
    assert_eq!(text.lines().count(), 3, "{text}");
    assert!(
        text.lines()
            .all(|line| !line.contains('\u{2028}') && !line.contains('\r'))
    );
    // Lines outside of fences, as CommonMark has them: ours begin at the margin.
    let (mut open, mut headings) = (0, Vec::new());
    for line in read("calls.md").lines() {
        let ticks = line.bytes().take_while(|byte| *byte == b'`').count();
        if open == 0 && ticks >= 3 {
            open = ticks;
        } else if open > 0 && ticks >= open && line.len() == ticks {
            open = 0;
        } else if open == 0 && line.starts_with('#') {
            headings.push(line.to_owned());
        }
    }
    assert_eq!((open, headings.len()), (0, 3), "{headings:#?}");
}

#[test]
fn files_that_are_full_are_packed_and_the_old_ones_go() {
    let settings = |keep: usize| format!("rotate = \"1KiB\"\ncompress = true\nkeep = {keep}\n");
    let config = format!(
        "[calls.jsonl]\nto = \"FOLDER/acme/calls.jsonl\"\n{}[calls.text]\nto = \"FOLDER/acme/calls.log\"\n{}\
         [audit]\nto = \"FOLDER/acme/audit.jsonl\"\n{}[log]\nto = \"FOLDER/acme/server.log\"\n{}",
        settings(1_000),
        settings(3),
        settings(1_000),
        settings(2),
    );
    let (mut command, folder) = guarded::command(&config);
    let acme = folder.path().join("acme");
    let others = ["calls.jsonl.gz", "calls.log.2026-11-21", "calls.log.old.gz"];
    for other in others {
        fs::write(acme.join(other), "").expect("a file");
    }
    let mut stdio = StdioServer::run(&mut command);
    for id in 0..100 {
        stdio.call(id, "panic", &json!({}));
    }
    let named = |name: &str| -> Vec<PathBuf> {
        let aside = format!("{name}.20");
        let entries = fs::read_dir(&acme).expect("it is there");
        let paths = entries.map(|entry| entry.expect("an entry").path());
        let is_aside = |path: &PathBuf| {
            let file = path.file_name().expect("a name").to_string_lossy();
            file.starts_with(&aside) && file.contains('T') && file.contains('Z')
        };
        paths.filter(is_aside).collect()
    };
    let is_packed = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "gz");
    let logs = ["calls.jsonl", "calls.log", "audit.jsonl", "server.log"];
    // Each file is on the disk before it is packed.
    let packed = eventually(Duration::from_mins(1), || {
        logs.iter()
            .all(|name| named(name).iter().all(is_packed))
            .then_some(())
    });
    assert!(packed.is_some(), "{:?}", logs.map(named));
    end(&mut stdio);
    assert_eq!(
        (named("calls.log").len(), named("server.log").len()),
        (3, 2)
    );
    for name in ["calls.jsonl", "audit.jsonl"] {
        let aside = named(name);
        assert!(aside.len() > 10, "{aside:?}");
        let texts = aside.iter().map(|path| unpacked(path));
        let mut texts: Vec<String> = texts.collect();
        texts.push(fs::read_to_string(acme.join(name)).expect("text"));
        let calls = texts.iter().flat_map(|text| text.lines());
        let calls = calls.filter(|line| line.contains("\"event\":\"call\""));
        assert_eq!(calls.count(), 100, "{name}");
    }
    for other in others {
        assert!(acme.join(other).exists(), "{other} is somebody else's");
    }
}

#[test]
fn what_waits_is_written_at_the_end_and_a_kill_leaves_whole_lines() {
    for kill in [false, true] {
        let (mut command, folder) = guarded::command(&format!("[calls]\n{ALL}"));
        let mut stdio = StdioServer::run(&mut command);
        for id in 0..300 {
            stdio.call(id, "change", &json!({ "name": "x".repeat(1_000) }));
        }
        let log = folder.path().join("acme/calls.jsonl");
        if kill {
            let written = eventually(Duration::from_secs(5), || {
                fs::metadata(&log).ok().filter(|log| log.len() > 0)
            });
            assert!(written.is_some());
            stdio.process.child().kill().expect("it runs");
        } else {
            stdio.process.terminate();
        }
        stdio
            .process
            .ended_within(Duration::from_secs(10))
            .expect("it ends");
        let text = fs::read_to_string(&log).expect("text");
        let whole = text
            .lines()
            .filter(|line| serde_json::from_str::<Value>(line).is_ok())
            .count();
        let torn = text.lines().count() - whole;
        if kill {
            assert!(torn <= 1 && whole > 0, "{torn} torn of {whole}");
        } else {
            assert_eq!((whole, torn), (300, 0));
        }
    }
}

#[test]
fn a_log_that_nobody_takes_holds_up_no_call_and_is_counted() {
    let config = "[calls]\nqueue = 64\njsonl.to = \"FOLDER/acme/pipe\"\n[management]\nlisten = \"127.0.0.1:0\"\n";
    let (mut command, folder) = guarded::command(config);
    let pipe = folder.path().join("acme/pipe");
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("every Unix has it").success());
    // To open one end waits for the other, so this has both.
    let reader = fs::OpenOptions::new().read(true).write(true).open(&pipe);
    let reader = reader.expect("it was just made");
    let mut stdio = StdioServer::run(&mut command);
    let begun = Instant::now();
    for id in 0..500 {
        let answer = stdio.call(id, "change", &json!({ "name": "x".repeat(1_000) }));
        assert_eq!(message::text(&answer), format!("change {}", id + 1));
    }
    assert!(
        begun.elapsed() < Duration::from_secs(30),
        "{:?}",
        begun.elapsed()
    );
    let dropped = Management::of(&stdio.process).metric("mcp_call_log_dropped_total");
    assert!(dropped > Some(300.0), "a pipe holds 64 KiB: {dropped:?}");
    let warning = "some are dropped, and counted";
    let warned = || stdio.process.stderr().matches(warning).count();
    let once = eventually(Duration::from_secs(10), || (warned() == 1).then_some(()));
    assert!(once.is_some(), "{}", stdio.process.stderr());
    // Read again, it says how many are missing where they are.
    let reading = thread::spawn(move || {
        let lines = BufReader::new(reader).lines().map_while(Result::ok);
        let dropped = |line: String| serde_json::from_str::<Value>(&line).ok()?["count"].as_u64();
        // The log may have fallen behind for a moment before the pipe was full, and said so in it.
        let mut sums = lines.filter_map(dropped).scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        });
        sums.find(|missing| *missing > 300)
    });
    let told = eventually(Duration::from_secs(10), || {
        stdio.call(1_000, "look", &json!({}));
        reading.is_finished().then_some(())
    });
    assert!(told.is_some(), "nobody says that calls are missing");
    assert!(reading.join().expect("it does not fail").is_some());
}

#[test]
fn what_is_wrong_with_a_log_is_told_with_its_place() {
    let config = "[calls]\nqueue = \"many\"\nredacted = []\n";
    let (mut command, _folder) = guarded::command(config);
    let told = |command: &mut Command| {
        let output = command.args(["check", "--json"]).output().expect("it runs");
        let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        told["problems"].to_string()
    };
    let problems = told(&mut command);
    for words in [
        "config.toml:2:1",
        "config.toml:3:1",
        "did you mean `redact`?",
    ] {
        assert!(problems.contains(words), "{words}: {problems}");
    }
    let config = "[calls.jsonl]\nto = \"FOLDER/acme/link\"\nkeep = 0\nrotate = \"weekly\"\n[calls.text]\nto = \"/nowhere/a.log\"\n\
                  [calls.markdown]\nto = \"FOLDER/acme/a.md\"\n[audit]\nto = \"FOLDER/acme/a.md\"\n";
    let (mut command, folder) = guarded::command(config);
    let elsewhere = folder.path().join("elsewhere");
    std::os::unix::fs::symlink(&elsewhere, folder.path().join("acme/link")).expect("a link");
    let problems = told(&mut command);
    for words in [
        "config.toml:2:1",
        "links are not followed",
        "config.toml:3:1",
        "from 1 to 10000",
        "config.toml:4:1",
        "does not say when",
        "config.toml:6:1",
        "there is no folder for /nowhere/a.log",
        "config.toml:8:1",
        "`audit.to` is written there",
    ] {
        assert!(problems.contains(words), "{words}: {problems}");
    }
    assert!(!elsewhere.exists());
}
