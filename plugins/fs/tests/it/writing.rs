//! `write_file` and `create_directory`.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::sync::Barrier;
use std::thread;

use mcp_plugin_fs::{FsError, Mode, WriteMode, WriteRequest, Written};

use crate::sandbox::{Sandbox, refused, root};

fn request(path: &str, content: &str, mode: WriteMode) -> WriteRequest {
    WriteRequest {
        path: path.into(),
        content: content.into(),
        mode,
        if_sha256: None,
    }
}

fn write(
    sandbox: &Sandbox,
    path: &str,
    content: &str,
    mode: WriteMode,
) -> Result<Written, FsError> {
    sandbox.files.write(&request(path, content, mode))
}

#[test]
fn create_makes_new_files_only() {
    let sandbox = Sandbox::new();
    let written = write(&sandbox, "f", "abc", WriteMode::Create).unwrap();
    assert_eq!(
        (written.path.as_str(), written.bytes, written.created),
        ("f", 3, true)
    );
    assert_eq!(
        written.sha256,
        sandbox
            .files
            .read_text(&mcp_plugin_fs::TextRequest::whole("f"))
            .unwrap()
            .sha256
    );
    refused(
        write(&sandbox, "f", "new", WriteMode::Create),
        &["\"f\" exists already", "overwrite", "edit_file"],
    );
    assert_eq!(sandbox.get("f"), "abc");
    assert_eq!(sandbox.names(), ["f"]);
}

#[test]
fn of_many_creators_one_wins_and_nothing_is_lost() {
    let sandbox = Sandbox::new();
    for round in 0..20 {
        let path = format!("f{round}");
        let barrier = Barrier::new(4);
        let winners: Vec<String> = thread::scope(|scope| {
            let tries: Vec<_> = (0..4)
                .map(|id| {
                    let (sandbox, path, barrier) = (&sandbox, &path, &barrier);
                    scope.spawn(move || {
                        barrier.wait();
                        let content = format!("by {id}");
                        write(sandbox, path, &content, WriteMode::Create)
                            .ok()
                            .map(|_| content)
                    })
                })
                .collect();
            tries
                .into_iter()
                .filter_map(|one| one.join().unwrap())
                .collect()
        });
        assert_eq!(winners, [sandbox.get(&path)]);
    }
}

#[test]
fn overwrite_replaces_at_once_and_keeps_permissions() {
    let sandbox = Sandbox::new();
    sandbox.put("f", "old");
    fs::set_permissions(sandbox.path("f"), fs::Permissions::from_mode(0o4750)).unwrap();
    let before = fs::metadata(sandbox.path("f")).unwrap();
    let written = write(&sandbox, "f", "new", WriteMode::Overwrite).unwrap();
    assert!(!written.created);
    let after = fs::metadata(sandbox.path("f")).unwrap();
    assert_eq!(sandbox.get("f"), "new");
    // The set-user-id bit belongs to the old content.
    assert_eq!(after.mode() & 0o7777, 0o750);
    assert_ne!(after.ino(), before.ino());
    assert!(
        write(&sandbox, "g", "made", WriteMode::Overwrite)
            .unwrap()
            .created
    );
    assert_eq!(sandbox.names(), ["f", "g"]);
}

#[test]
fn append_adds_and_tells_the_whole() {
    let sandbox = Sandbox::new();
    assert!(
        write(&sandbox, "f", "ab", WriteMode::Append)
            .unwrap()
            .created
    );
    let written = write(&sandbox, "f", "c", WriteMode::Append).unwrap();
    assert_eq!(
        (sandbox.get("f").as_str(), written.bytes, written.created),
        ("abc", 3, false)
    );
    assert_eq!(
        written.sha256.as_deref(),
        Some("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    );
}

#[test]
fn if_sha256_guards_against_lost_changes() {
    let sandbox = Sandbox::new();
    let first = write(&sandbox, "f", "one", WriteMode::Create)
        .unwrap()
        .sha256;
    for mode in [WriteMode::Overwrite, WriteMode::Append] {
        sandbox.put("f", "changed by another");
        let guarded = WriteRequest {
            if_sha256: first.clone(),
            ..request("f", "two", mode)
        };
        refused(
            sandbox.files.write(&guarded),
            &["not the file you read", "SHA-256 is now", "read it again"],
        );
        assert_eq!(sandbox.get("f"), "changed by another");
        sandbox.put("f", "one");
        sandbox.files.write(&guarded).unwrap();
    }
    assert_eq!(sandbox.get("f"), "onetwo");
    let guarded = |path, mode| WriteRequest {
        if_sha256: first.clone(),
        ..request(path, "x", mode)
    };
    refused(
        sandbox.files.write(&guarded("none", WriteMode::Overwrite)),
        &["does not exist", "leave if_sha256 out"],
    );
    refused(
        sandbox.files.write(&guarded("f", WriteMode::Create)),
        &["mode = \"create\""],
    );
}

#[test]
fn of_many_guarded_changes_one_wins() {
    let sandbox = Sandbox::new();
    for _ in 0..20 {
        let sha = write(&sandbox, "f", "base", WriteMode::Overwrite)
            .unwrap()
            .sha256;
        let barrier = Barrier::new(4);
        let wins: usize = thread::scope(|scope| {
            let tries: Vec<_> = (0..4)
                .map(|id| {
                    let (sandbox, sha, barrier) = (&sandbox, &sha, &barrier);
                    scope.spawn(move || {
                        barrier.wait();
                        let change = request("f", &format!("by {id}"), WriteMode::Overwrite);
                        sandbox
                            .files
                            .write(&WriteRequest {
                                if_sha256: sha.clone(),
                                ..change
                            })
                            .is_ok()
                    })
                })
                .collect();
            tries
                .into_iter()
                .map(|one| usize::from(one.join().unwrap()))
                .sum()
        });
        assert_eq!(wins, 1);
    }
}

#[test]
fn what_cannot_be_written() {
    let sandbox = Sandbox::with(|config, _| config.max_write_bytes = 10);
    sandbox.put("d/f", "");
    refused(
        write(&sandbox, "big", "12345678901", WriteMode::Create),
        &["has 11 bytes", "limit is 10", "append"],
    );
    refused(
        write(&sandbox, "none/f", "", WriteMode::Create),
        &["directory \"none\" does not exist", "create_directory"],
    );
    refused(
        write(&sandbox, "d", "", WriteMode::Overwrite),
        &["is a directory"],
    );
    refused(
        write(&sandbox, "new/", "", WriteMode::Create),
        &["is a directory"],
    );
    refused(
        write(&sandbox, ".", "", WriteMode::Overwrite),
        &["is a directory"],
    );
    refused(
        write(&sandbox, ".env", "", WriteMode::Create),
        &["deny rule"],
    );
    refused(
        write(&sandbox, "d/f/g", "", WriteMode::Create),
        &["not a directory"],
    );
    assert_eq!(sandbox.names(), ["d", "d/f"]);
}

#[test]
fn a_read_only_root_refuses_every_change() {
    let sandbox = Sandbox::with(|config, base| {
        fs::create_dir(base.join("ro")).unwrap();
        fs::write(base.join("ro/f"), "kept").unwrap();
        config.roots.push(root(&base.join("ro"), Mode::Ro));
    });
    sandbox.put("mine", "x");
    let words = ["root `ro` is read-only", "mode rw"];
    for mode in [WriteMode::Create, WriteMode::Overwrite, WriteMode::Append] {
        refused(write(&sandbox, "ro:f", "x", mode), &words);
    }
    let edit = mcp_plugin_fs::Edit {
        old_text: "kept".into(),
        new_text: "x".into(),
        replace_all: false,
    };
    let edit = mcp_plugin_fs::EditRequest {
        path: "ro:f".into(),
        edits: vec![edit],
        dry_run: true,
        if_sha256: None,
    };
    refused(sandbox.files.edit(&edit), &words);
    refused(sandbox.files.create_directory("ro:d"), &words);
    refused(sandbox.files.copy("mine", "ro:g", false), &words);
    refused(sandbox.files.relocate("mine", "ro:g", false), &words);
    refused(sandbox.files.relocate("ro:f", "g", false), &words);
    refused(sandbox.files.delete("ro:f", false), &words);
    assert_eq!(fs::read_dir(sandbox.beside("ro")).unwrap().count(), 1);
    // Reading and copying out of it are fine.
    sandbox.files.copy("ro:f", "copy", false).unwrap();
    assert_eq!(sandbox.get("copy"), "kept");
}

#[test]
fn directories_with_those_above_them() {
    let sandbox = Sandbox::new();
    let made = sandbox.files.create_directory("a/b/c").unwrap();
    assert_eq!((made.path.as_str(), made.created), ("a/b/c", 3));
    assert_eq!(sandbox.files.create_directory("a/b/c/").unwrap().created, 0);
    assert_eq!(sandbox.files.create_directory("a/../x").unwrap().path, "x");
    assert_eq!(sandbox.files.create_directory(".").unwrap().created, 0);
    sandbox.put("f", "");
    refused(sandbox.files.create_directory("f"), &["not a directory"]);
    refused(sandbox.files.create_directory("f/g"), &["not a directory"]);
    refused(
        sandbox.files.create_directory("new/.git/hooks"),
        &["deny rule"],
    );
    refused(
        sandbox.files.create_directory(&"d/".repeat(65)),
        &["64 directories deep"],
    );
    assert_eq!(sandbox.names(), ["a", "a/b", "a/b/c", "f", "x"]);
}

#[test]
fn writing_through_a_link_inside_the_root_changes_its_target() {
    let sandbox = Sandbox::new();
    sandbox.put("real", "old").link("link", "real");
    assert_eq!(
        write(&sandbox, "link", "new", WriteMode::Overwrite)
            .unwrap()
            .path,
        "real"
    );
    assert_eq!(sandbox.get("real"), "new");
    assert!(
        fs::symlink_metadata(sandbox.path("link"))
            .unwrap()
            .is_symlink()
    );
}

#[test]
fn hard_links_are_refused_when_told_so() {
    let strict = Sandbox::with(|config, _| config.deny_hardlinks = true);
    let lax = Sandbox::new();
    for sandbox in [&strict, &lax] {
        sandbox.put("f", "old");
        fs::hard_link(sandbox.path("f"), sandbox.path("g")).unwrap();
    }
    refused(strict.read("f"), &["more than one name"]);
    refused(
        write(&strict, "f", "new", WriteMode::Overwrite),
        &["more than one name"],
    );
    refused(
        write(&strict, "f", "new", WriteMode::Append),
        &["more than one name"],
    );
    refused(strict.files.copy("f", "h", false), &["more than one name"]);
    assert_eq!(strict.get("g"), "old");
    // Otherwise a replaced file is a file of its own: the other name keeps the old content.
    write(&lax, "f", "new", WriteMode::Overwrite).unwrap();
    assert_eq!(
        (lax.get("f").as_str(), lax.get("g").as_str()),
        ("new", "old")
    );
}
