//! A line for each decision, and nothing of what must not be in it.

use std::{
    collections::BTreeSet, fs, os::unix::fs::PermissionsExt as _, sync::Arc, thread, time::Duration,
};

use mcp_factory_guard::{Audit, AuditConfig, AuditTarget, Clock, Record};

use crate::{audit, audit_of, call, records};

#[tokio::test]
async fn a_thousand_mixed_calls_are_a_thousand_records() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("audit.jsonl");
    let audit = Arc::new(audit(&path));
    let threads = (0..10).map(|thread| {
        let audit = Arc::clone(&audit);
        thread::spawn(move || {
            for number in 0..100 {
                let name = format!("tool-{thread}-{number}");
                let hostile = format!("{name}\n{{\"event\":\"call\"}}\u{2028}\"\r\u{0}");
                let record = match number % 4 {
                    0 => call(&name),
                    1 => Record {
                        event: "refused",
                        outcome: "scope",
                        ..call(&name)
                    },
                    2 => Record {
                        outcome: "failed",
                        error_id: Some("1a2b3c4d"),
                        ..call(&name)
                    },
                    _ => Record {
                        event: "refused",
                        outcome: "unknown",
                        ..call(&hostile)
                    },
                };
                audit.record(&record);
            }
        })
    });
    for thread in threads.collect::<Vec<_>>() {
        thread.join().expect("it ends");
    }
    audit.close().await;
    let records = records(&path);
    assert_eq!((records.len(), audit.dropped()), (1_000, 0));
    let names: BTreeSet<_> = records
        .iter()
        .map(|record| record["name"].to_string())
        .collect();
    assert_eq!(names.len(), 1_000);
    let refused = records.iter().filter(|record| record["event"] == "refused");
    assert_eq!(refused.count(), 500);
    assert_eq!(
        fs::metadata(&path).expect("a file").permissions().mode() & 0o777,
        0o600
    );
}

#[tokio::test]
async fn a_file_is_continued() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("audit.jsonl");
    for name in ["one", "two"] {
        let audit = audit(&path);
        audit.record(&call(name));
        audit.close().await;
    }
    assert_eq!(crate::names(&records(&path)), ["one", "two"]);
}

#[tokio::test]
async fn arguments_are_told_apart_and_not_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("audit.jsonl");
    let audit = audit(&path);
    let arguments = [
        r#"{"code":"918273"}"#,
        r#"{"code":"918274"}"#,
        r#"{"code":"918273"}"#,
    ];
    for arguments in arguments {
        let arguments = audit.fingerprint(arguments.as_bytes());
        audit.record(&Record {
            arguments,
            ..call("gate_unlock")
        });
    }
    audit.close().await;
    let text = fs::read_to_string(&path).expect("a file");
    assert!(!text.contains("9182"), "{text}");
    let records = records(&path);
    assert_eq!(records[0]["arguments"], records[2]["arguments"]);
    assert_ne!(records[0]["arguments"], records[1]["arguments"]);
    assert_eq!(records[0]["arguments"].as_str().map(str::len), Some(32));
    // Whoever has the log and tries all codes finds none: another process has another key.
    let other = crate::audit(&folder.path().join("other.jsonl"));
    let again = other
        .fingerprint(arguments[0].as_bytes())
        .expect("it is on");
    assert_ne!(records[0]["arguments"], again.to_string());
    other.close().await;
}

#[tokio::test]
async fn replicas_may_share_a_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("key");
    fs::write(&path, "canary".repeat(6)).expect("a file");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("permissions");
    let json = format!("{{\"key\":\"file:{}\"}}", path.display());
    let config: AuditConfig = serde_json::from_str(&json).expect("a configuration");
    let [one, two] = ["one", "two"].map(|name| audit_of(&folder.path().join(name), &config));
    assert_eq!(one.fingerprint(b"{}"), two.fingerprint(b"{}"));
    assert!(!format!("{one:?}{config:?}").contains("canary"));
    one.close().await;
    two.close().await;
}

#[tokio::test]
async fn what_is_off_does_nothing() {
    let config: AuditConfig = serde_json::from_str(r#"{"to":"off"}"#).expect("a configuration");
    let audit = Audit::open(&config, &AuditTarget::Stderr, Clock::system()).expect("it opens");
    assert!(!audit.is_on());
    assert_eq!(audit.fingerprint(b"{}"), None);
    audit.record(&call("tool"));
    audit.close().await;
    assert_eq!(audit.dropped(), 0);
}

#[tokio::test]
async fn after_the_end_nothing_is_written_and_all_is_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("audit.jsonl");
    let audit = audit(&path);
    audit.record(&Record {
        duration: Some(Duration::from_millis(2)),
        ..call("one")
    });
    audit.close().await;
    audit.record(&call("two"));
    audit.close().await;
    let records = records(&path);
    assert_eq!(crate::names(&records), ["one"]);
    assert_eq!(records[0]["duration_us"], 2_000);
    assert_eq!(audit.dropped(), 1);
}
