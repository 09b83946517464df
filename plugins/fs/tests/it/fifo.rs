//! FIFOs, sockets and devices are seen and never opened, so nothing ever waits for one.

use std::os::unix::net::UnixListener;
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use mcp_plugin_fs::{
    Case, Edit, EditRequest, EntryType, GrepRequest, ListRequest, SearchRequest, SortBy,
    TreeRequest, WriteMode, WriteRequest,
};

use crate::sandbox::{Sandbox, refused};

/// Runs the calls in a thread and fails when they do not end.
fn in_time(calls: impl FnOnce() + Send + 'static) {
    let (done, wait) = mpsc::channel();
    let thread = thread::spawn(move || {
        calls();
        done.send(()).unwrap();
    });
    match wait.recv_timeout(Duration::from_secs(10)) {
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("a call waits for a FIFO"),
        _ => thread.join().unwrap(),
    }
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.put("plain", "needle").put("d/x", "");
    for name in ["fifo", "d/fifo", ".gitignore"] {
        assert!(
            Command::new("mkfifo")
                .arg(sandbox.path(name))
                .status()
                .unwrap()
                .success()
        );
    }
    drop(UnixListener::bind(sandbox.path("socket")).unwrap());
    sandbox.link("link", "fifo");
    sandbox
}

#[test]
fn listing_and_searching_pass_them_by() {
    in_time(|| {
        let sandbox = sandbox();
        let list = ListRequest {
            path: ".".into(),
            sort: SortBy::Mtime,
            sizes: true,
            limit: 99,
            cursor: None,
        };
        let listing = sandbox.files.list(&list).unwrap();
        let kind = |name: &str| {
            listing
                .entries
                .iter()
                .find(|entry| entry.name == name)
                .unwrap()
                .kind
        };
        assert_eq!(
            (kind("fifo"), kind("socket")),
            (EntryType::Fifo, EntryType::Socket)
        );
        let tree = TreeRequest {
            path: ".".into(),
            depth: 5,
            max_entries: 99,
            exclude: vec![],
            gitignore: true,
        };
        assert_eq!(sandbox.files.tree(&tree).unwrap().entries, 8);
        let search = SearchRequest {
            path: ".".into(),
            pattern: "fifo".into(),
            exclude: vec![],
            gitignore: true,
            limit: 9,
            cursor: None,
        };
        assert_eq!(
            sandbox.files.search(&search).unwrap().paths,
            ["d/fifo", "fifo"]
        );
        let grep = GrepRequest {
            path: ".".into(),
            query: "needle".into(),
            regex: false,
            case: Case::Smart,
            glob: None,
            exclude: vec![],
            gitignore: true,
            context: 0,
            limit: 9,
            cursor: None,
        };
        let found = sandbox.files.grep(&grep).unwrap();
        assert_eq!((found.matches.len(), found.files), (1, 2));
        refused(
            sandbox.files.grep(&GrepRequest {
                path: "fifo".into(),
                ..grep
            }),
            &["FIFO"],
        );
        let info = sandbox.files.info("fifo").unwrap();
        assert_eq!((info.kind, info.mime_type), (EntryType::Fifo, None));
    });
}

#[test]
fn reading_and_writing_refuse_them() {
    in_time(|| {
        let sandbox = sandbox();
        for (name, kind) in [("fifo", "FIFO"), ("link", "FIFO"), ("socket", "socket")] {
            let words = [kind, "not a regular file"];
            refused(sandbox.read(name), &words);
            refused(sandbox.files.read_media(name), &words);
            for mode in [WriteMode::Overwrite, WriteMode::Append] {
                let write = WriteRequest {
                    path: name.into(),
                    content: "x".into(),
                    mode,
                    if_sha256: None,
                };
                refused(sandbox.files.write(&write), &words);
            }
            let create = WriteRequest {
                path: name.into(),
                content: "x".into(),
                mode: WriteMode::Create,
                if_sha256: None,
            };
            refused(sandbox.files.write(&create), &["exists already"]);
            let edit = Edit {
                old_text: "a".into(),
                new_text: "b".into(),
                replace_all: false,
            };
            let edit = EditRequest {
                path: name.into(),
                edits: vec![edit],
                dry_run: false,
                if_sha256: None,
            };
            refused(sandbox.files.edit(&edit), &words);
            refused(sandbox.files.copy(name, "copy", false), &words);
            refused(sandbox.files.copy("plain", name, true), &words);
        }
        refused(sandbox.files.create_directory("fifo"), &["not a directory"]);
        refused(sandbox.read("fifo/x"), &["not a directory"]);
    });
}

#[test]
fn moving_and_deleting_them_works() {
    in_time(|| {
        let sandbox = sandbox();
        assert_eq!(
            sandbox
                .files
                .relocate("fifo", "d/moved", false)
                .unwrap()
                .kind,
            EntryType::Fifo
        );
        assert_eq!(sandbox.files.delete("d/moved", false).unwrap().deleted, 1);
        assert_eq!(sandbox.files.delete("d", true).unwrap().deleted, 3);
        assert_eq!(sandbox.names(), [".gitignore", "link", "plain", "socket"]);
    });
}

#[test]
fn devices_are_refused() {
    let sandbox = Sandbox::with(|config, _| {
        config.roots.push(mcp_plugin_fs::RootConfig {
            name: Some("dev".into()),
            path: "/dev".into(),
            mode: mcp_plugin_fs::Mode::Ro,
        });
    });
    in_time(move || {
        for name in ["dev:zero", "dev:null", "dev:tty"] {
            refused(sandbox.read(name), &["is a device"]);
        }
    });
}
