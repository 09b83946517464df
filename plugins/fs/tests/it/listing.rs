//! `list_directory`.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::time::{Duration, SystemTime};

use mcp_plugin_fs::{EntryType, ListRequest, SortBy};

use crate::sandbox::{Sandbox, refused};

fn request() -> ListRequest {
    ListRequest {
        path: ".".into(),
        sort: SortBy::Name,
        sizes: false,
        limit: 200,
        cursor: None,
    }
}

fn names(listing: &mcp_plugin_fs::Listing) -> Vec<&str> {
    listing
        .entries
        .iter()
        .map(|entry| entry.name.as_str())
        .collect()
}

#[test]
fn entries_by_name_with_their_types() {
    let sandbox = Sandbox::new();
    sandbox
        .put("b.txt", "12")
        .put("a/x", "")
        .link("link", "b.txt")
        .link("away", "/etc");
    let listing = sandbox.files.list(&request()).unwrap();
    let seen: Vec<_> = listing
        .entries
        .iter()
        .map(|entry| (entry.name.as_str(), entry.kind))
        .collect();
    let expected = [
        ("a", EntryType::Directory),
        ("away", EntryType::Symlink),
        ("b.txt", EntryType::File),
        ("link", EntryType::Symlink),
    ];
    assert_eq!(seen, expected);
    assert!(
        listing
            .entries
            .iter()
            .all(|entry| entry.size.is_none() && entry.mtime.is_none())
    );
    assert_eq!(
        (listing.path.as_str(), listing.total, listing.truncated),
        (".", 4, false)
    );
    let sized = sandbox
        .files
        .list(&ListRequest {
            sizes: true,
            ..request()
        })
        .unwrap();
    assert_eq!(sized.entries[2].size, Some(2));
    assert!(sized.entries[2].mtime.is_some());
}

#[test]
fn other_orders() {
    let sandbox = Sandbox::new();
    for (name, size, age) in [("small", 1, 30), ("large", 300, 20), ("middle", 20, 10)] {
        sandbox.put(name, vec![b'x'; size]);
        let file = File::options()
            .write(true)
            .open(sandbox.path(name))
            .unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(age))
            .unwrap();
    }
    let listing = sandbox
        .files
        .list(&ListRequest {
            sort: SortBy::Size,
            ..request()
        })
        .unwrap();
    assert_eq!(names(&listing), ["large", "middle", "small"]);
    assert_eq!(listing.entries[0].size, Some(300));
    let listing = sandbox
        .files
        .list(&ListRequest {
            sort: SortBy::Mtime,
            ..request()
        })
        .unwrap();
    assert_eq!(names(&listing), ["middle", "large", "small"]);
}

#[test]
fn pages_hold_every_entry_once_though_entries_come_and_go() {
    for sort in [SortBy::Name, SortBy::Size, SortBy::Mtime] {
        let sandbox = Sandbox::new();
        for at in 0..25 {
            sandbox.put(&format!("f{at:02}"), vec![b'x'; at % 4]);
        }
        let mut seen = Vec::new();
        let mut cursor = None;
        loop {
            let page = sandbox
                .files
                .list(&ListRequest {
                    sort,
                    limit: 7,
                    cursor,
                    ..request()
                })
                .unwrap();
            assert!(page.entries.len() <= 7);
            assert_eq!(page.truncated, page.next_cursor.is_some());
            seen.extend(page.entries.iter().map(|entry| entry.name.clone()));
            // An entry that was shown goes away: the next page must not skip one for it.
            fs::remove_file(sandbox.path(seen.last().unwrap())).unwrap();
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen.len(), 25, "{sort:?}");
        assert_eq!(
            seen.into_iter().collect::<BTreeSet<_>>().len(),
            25,
            "{sort:?}"
        );
    }
}

#[test]
fn a_cursor_of_another_call_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.put("a", "").put("b", "").put("d/x", "");
    let cursor = sandbox
        .files
        .list(&ListRequest {
            limit: 1,
            ..request()
        })
        .unwrap()
        .next_cursor;
    assert!(cursor.is_some());
    let other = ListRequest {
        sort: SortBy::Size,
        cursor: cursor.clone(),
        ..request()
    };
    refused(sandbox.files.list(&other), &["cursor does not belong"]);
    refused(
        sandbox.files.list(&ListRequest {
            path: "d".into(),
            cursor,
            ..request()
        }),
        &["cursor"],
    );
    refused(
        sandbox.files.list(&ListRequest {
            cursor: Some("xx".into()),
            ..request()
        }),
        &["cursor"],
    );
}

#[test]
fn limits_and_wrong_paths() {
    let sandbox = Sandbox::new();
    sandbox.put("f", "");
    refused(
        sandbox.files.list(&ListRequest {
            limit: 0,
            ..request()
        }),
        &["limit is 0"],
    );
    refused(
        sandbox.files.list(&ListRequest {
            limit: 1001,
            ..request()
        }),
        &["1 to 1000"],
    );
    refused(
        sandbox.files.list(&ListRequest {
            path: "f".into(),
            ..request()
        }),
        &["not a directory"],
    );
    refused(
        sandbox.files.list(&ListRequest {
            path: "none".into(),
            ..request()
        }),
        &["does not exist"],
    );
}

#[test]
fn a_directory_with_more_entries_than_allowed_is_said_to_be_cut() {
    let sandbox = Sandbox::with(|config, _| config.max_entries = 3);
    for at in 0..5 {
        sandbox.put(&format!("{at}"), "");
    }
    let listing = sandbox.files.list(&request()).unwrap();
    assert_eq!((listing.entries.len(), listing.truncated), (3, true));
}

#[test]
fn names_that_are_not_utf8_are_shown_and_harm_nothing() {
    let sandbox = Sandbox::new();
    fs::write(sandbox.path("").join(OsStr::from_bytes(b"bad\xFFname")), "").unwrap();
    sandbox.put("line\nbreak", "");
    let listing = sandbox
        .files
        .list(&ListRequest {
            sizes: true,
            ..request()
        })
        .unwrap();
    assert_eq!(names(&listing), ["bad\u{FFFD}name", "line\nbreak"]);
    refused(sandbox.read("bad\u{FFFD}name"), &["does not exist"]);
    // Pages go on past them.
    let page = sandbox
        .files
        .list(&ListRequest {
            limit: 1,
            ..request()
        })
        .unwrap();
    let rest = sandbox
        .files
        .list(&ListRequest {
            cursor: page.next_cursor,
            ..request()
        })
        .unwrap();
    assert_eq!(names(&rest), ["line\nbreak"]);
}
