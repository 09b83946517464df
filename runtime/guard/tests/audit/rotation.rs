//! A file that is renamed away, as `logrotate` does.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use tokio::time::sleep;

use crate::{audit, call, names, records};

/// The path is looked at once a second.
const NOTICED: Duration = Duration::from_millis(1_100);

/// Waits until so many lines are in a file, and then for as long as a look at its path may be away.
async fn written(path: &Path, lines: usize) {
    let begun = Instant::now();
    while fs::read_to_string(path)
        .unwrap_or_default()
        .matches('\n')
        .count()
        < lines
    {
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "{}",
            path.display()
        );
        sleep(Duration::from_millis(5)).await;
    }
    sleep(NOTICED).await;
}

#[tokio::test]
async fn a_renamed_file_is_left_within_a_second() {
    let folder = tempfile::tempdir().expect("a folder");
    let [path, first, second, third] =
        ["audit.jsonl", "audit.1", "audit.2", "audit.3"].map(|name| folder.path().join(name));
    let audit = audit(&path);
    audit.record(&call("one"));
    written(&path, 1).await;
    fs::rename(&path, &first).expect("it is there");
    audit.record(&call("two"));
    written(&path, 1).await;
    // And when somebody else has made the next one already.
    fs::rename(&path, &second).expect("it was made anew");
    fs::write(&path, "{\"name\":\"zero\"}\n").expect("a file");
    audit.record(&call("three"));
    written(&path, 2).await;
    fs::rename(&path, &third).expect("it is there");
    audit.record(&call("four"));
    audit.close().await;
    assert_eq!(names(&records(&first)), ["one"]);
    assert_eq!(names(&records(&second)), ["two"]);
    assert_eq!(names(&records(&third)), ["zero", "three"]);
    assert_eq!(names(&records(&path)), ["four"]);
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
    written(&moved.join("audit.jsonl"), 1).await;
    audit.record(&call("two"));
    audit.close().await;
    assert_eq!(names(&records(&moved.join("audit.jsonl"))), ["one", "two"]);
    assert_eq!(audit.dropped(), 0);
}
