use std::{fs, os::unix::fs::PermissionsExt as _};

use super::*;

fn ring(count: usize) -> KeyRing {
    let secret = || Arc::new(Secret::new("canary".to_owned()));
    KeyRing::of((0..count).map(|_| Source::Read(secret())).collect())
}

async fn index(ring: &KeyRing) -> Option<usize> {
    ring.take(&[]).await.map(|key| key.index)
}

#[tokio::test(start_paused = true)]
async fn keys_are_taken_in_turn() {
    let ring = ring(3);
    let mut taken = Vec::new();
    for _ in 0..6 {
        taken.extend(index(&ring).await);
    }
    assert_eq!(taken, [0, 1, 2, 0, 1, 2]);
    assert_eq!(ring.take(&[0, 1]).await.map(|key| key.index), Some(2));
    assert!(ring.take(&[0, 1, 2]).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_benched_key_comes_back_when_its_time_is_over() {
    let ring = ring(2);
    ring.rest(0, Why::Benched, Duration::from_mins(10));
    ring.rest(0, Why::Limited, Duration::from_secs(1));
    assert_eq!((index(&ring).await, index(&ring).await), (Some(1), Some(1)));
    let left = Duration::from_mins(10);
    assert_eq!(
        ring.conditions()[0],
        KeyCondition::Resting(Why::Benched, left)
    );
    ring.rest(1, Why::Limited, Duration::from_secs(5));
    assert_eq!(index(&ring).await, None);
    tokio::time::advance(Duration::from_secs(5)).await;
    assert_eq!(index(&ring).await, Some(1));
    tokio::time::advance(Duration::from_secs(595)).await;
    assert_eq!(ring.conditions()[0], KeyCondition::Ready);
}

#[test]
fn a_key_that_is_not_there_is_told_and_never_taken() {
    let unset = SecretReference::Environment("MCP_FACTORY_NOT_SET".into());
    let (ring, problems) = KeyRing::read(&[unset]);
    assert!(ring.is_empty());
    assert_eq!(ring.conditions(), [KeyCondition::Missing]);
    assert!(problems[0].contains("MCP_FACTORY_NOT_SET"), "{problems:?}");
}

#[tokio::test]
async fn a_file_is_read_at_every_use() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("key");
    let write = |text: &str| {
        fs::write(&path, text).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("permissions");
    };
    write("one");
    let (ring, problems) = KeyRing::read(&[SecretReference::File(path.clone())]);
    assert!(problems.is_empty() && !ring.is_empty());
    let secret = |key: Key| key.secret.expect("a key").expose().clone();
    assert_eq!(secret(ring.take(&[]).await.expect("a key")), "one");
    write("two");
    assert_eq!(secret(ring.take(&[]).await.expect("a key")), "two");
    fs::remove_file(&path).expect("removed");
    assert!(ring.take(&[]).await.is_none());
    let condition = ring.conditions()[0];
    assert!(
        matches!(condition, KeyCondition::Resting(Why::Unreadable, _)),
        "{condition:?}"
    );
}

#[tokio::test]
async fn what_a_store_holds_now_is_taken() {
    let keep = |text: &str| {
        let secret = Secret::new(text.to_owned());
        mcp_factory_sdk::keep_secret("awssm:engines#key", secret)
    };
    keep("one");
    let (ring, problems) = KeyRing::read(&[SecretReference::Store("awssm:engines#key".into())]);
    assert!(problems.is_empty() && ring.is_ready());
    keep("two");
    let key = ring.take(&[]).await.expect("a key");
    assert_eq!(key.secret.expect("a key").expose(), "two");
}

#[tokio::test]
async fn a_file_that_is_not_there_yet_is_tried_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("key");
    let (ring, problems) = KeyRing::read(&[SecretReference::File(path.clone())]);
    assert!(problems.len() == 1 && !ring.is_ready() && !ring.is_empty());
    fs::write(&path, "late").expect("a file");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("permissions");
    tokio::time::pause();
    tokio::time::advance(UNREADABLE).await;
    tokio::time::resume();
    assert!(ring.take(&[]).await.is_some());
}

#[test]
fn a_ring_shows_no_key() {
    assert!(!format!("{:?}", ring(2)).contains("canary"));
}
