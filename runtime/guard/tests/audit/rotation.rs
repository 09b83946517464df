//! A file that is renamed away, as `logrotate` does.

use std::{fs, time::Duration};

use tokio::time::sleep;

use crate::{audit, call, names, records};

/// The path is looked at once a second.
const NOTICED: Duration = Duration::from_millis(1_100);

#[tokio::test]
async fn a_renamed_file_is_left_within_a_second() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, old) = (
        folder.path().join("audit.jsonl"),
        folder.path().join("audit.1"),
    );
    let audit = audit(&path);
    audit.record(&call("one"));
    sleep(NOTICED).await;
    fs::rename(&path, &old).expect("it is there");
    audit.record(&call("two"));
    sleep(NOTICED).await;
    fs::remove_file(&path).expect("it was made anew");
    audit.record(&call("three"));
    audit.close().await;
    assert_eq!(names(&records(&old)), ["one"]);
    assert_eq!(names(&records(&path)), ["three"]);
    assert_eq!(audit.dropped(), 0);
}

#[tokio::test]
async fn a_folder_that_went_away_loses_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (inner, moved) = (folder.path().join("inner"), folder.path().join("moved"));
    fs::create_dir(&inner).expect("a folder");
    let audit = audit(&inner.join("audit.jsonl"));
    audit.record(&call("one"));
    fs::rename(&inner, &moved).expect("it is there");
    sleep(NOTICED).await;
    audit.record(&call("two"));
    audit.close().await;
    assert_eq!(names(&records(&moved.join("audit.jsonl"))), ["one", "two"]);
    assert_eq!(audit.dropped(), 0);
}
