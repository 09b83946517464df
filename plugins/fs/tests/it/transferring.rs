//! `copy_file` and `move_file`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use mcp_plugin_fs::{EntryType, Mode};

use crate::sandbox::{Sandbox, refused, root};

#[test]
fn copies_keep_permissions_and_replace_only_when_told() {
    let sandbox = Sandbox::new();
    sandbox.put("a", "content").put("b", "other").put("d/x", "");
    fs::set_permissions(sandbox.path("a"), fs::Permissions::from_mode(0o751)).unwrap();
    let copy = sandbox.files.copy("a", "d/c", false).unwrap();
    assert_eq!((copy.path.as_str(), copy.replaced), ("d/c", false));
    assert_eq!(sandbox.get("d/c"), "content");
    assert_eq!(
        fs::metadata(sandbox.path("d/c"))
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o751
    );
    refused(
        sandbox.files.copy("a", "b", false),
        &["\"b\" exists already", "overwrite = true"],
    );
    assert_eq!(sandbox.get("b"), "other");
    assert!(sandbox.files.copy("a", "b", true).unwrap().replaced);
    assert_eq!(sandbox.get("b"), "content");
    assert_eq!(sandbox.names(), ["a", "b", "d", "d/c", "d/x"]);
}

#[test]
fn what_cannot_be_copied() {
    let sandbox = Sandbox::with(|config, _| config.max_copy_bytes = 10);
    sandbox
        .put("a", "x")
        .put("big", "12345678901")
        .put("d/x", "");
    refused(
        sandbox.files.copy("big", "c", false),
        &["has 11 bytes", "max_copy_bytes"],
    );
    refused(sandbox.files.copy("d", "c", false), &["is a directory"]);
    refused(sandbox.files.copy("a", "d", true), &["is a directory"]);
    refused(sandbox.files.copy("a", "a", true), &["one file"]);
    refused(sandbox.files.copy("none", "c", false), &["does not exist"]);
    refused(
        sandbox.files.copy("a", "none/c", false),
        &["directory \"none\" does not exist"],
    );
    assert_eq!(sandbox.names(), ["a", "big", "d", "d/x"]);
}

#[test]
fn moves_files_and_directories_and_replace_only_when_told() {
    let sandbox = Sandbox::new();
    sandbox
        .put("a", "content")
        .put("b", "other")
        .put("d/x", "")
        .put("e/y", "");
    sandbox.files.relocate("a", "d/c", false).unwrap();
    assert_eq!(sandbox.get("d/c"), "content");
    let moved = sandbox.files.relocate("d", "moved", false).unwrap();
    assert_eq!(
        (moved.path.as_str(), moved.kind),
        ("moved", EntryType::Directory)
    );
    refused(
        sandbox.files.relocate("moved/c", "b", false),
        &["exists already", "overwrite = true"],
    );
    assert_eq!(sandbox.get("b"), "other");
    assert!(
        sandbox
            .files
            .relocate("moved/c", "b", true)
            .unwrap()
            .replaced
    );
    assert_eq!(sandbox.get("b"), "content");
    refused(
        sandbox.files.relocate("b", "e", true),
        &["is a directory", "in full"],
    );
    refused(
        sandbox.files.relocate("moved", "e", true),
        &["is a directory"],
    );
    assert_eq!(sandbox.names(), ["b", "e", "e/y", "moved", "moved/x"]);
}

#[test]
fn a_link_is_moved_itself() {
    let sandbox = Sandbox::new();
    sandbox.put("real", "content").link("link", "real");
    assert_eq!(
        sandbox.files.relocate("link", "other", false).unwrap().kind,
        EntryType::Symlink
    );
    assert_eq!(sandbox.names(), ["other", "real"]);
    // A link in the way is replaced itself, not what it points at.
    sandbox.put("new", "new");
    refused(
        sandbox.files.relocate("new", "other", false),
        &["exists already"],
    );
    sandbox.files.relocate("new", "other", true).unwrap();
    assert_eq!(
        (sandbox.get("other").as_str(), sandbox.get("real").as_str()),
        ("new", "content")
    );
}

#[test]
fn what_cannot_be_moved() {
    let sandbox = Sandbox::new();
    sandbox.put("d/e/f", "").put("a", "");
    refused(
        sandbox.files.relocate("d", "d/e/d", false),
        &["into itself"],
    );
    refused(sandbox.files.relocate("d", "d/e/d", true), &["into itself"]);
    refused(
        sandbox.files.relocate(".", "d/x", false),
        &["top of a root"],
    );
    refused(sandbox.files.relocate("a", ".", true), &["top of a root"]);
    refused(
        sandbox.files.relocate("none", "x", false),
        &["does not exist"],
    );
    refused(
        sandbox.files.relocate("a", "none/x", false),
        &["directory \"none\" does not exist"],
    );
    refused(
        sandbox.files.relocate("a", "new/", false),
        &["not a directory"],
    );
    assert_eq!(sandbox.names(), ["a", "d", "d/e", "d/e/f"]);
}

#[test]
fn between_roots() {
    let sandbox = Sandbox::with(|config, base| {
        fs::create_dir(base.join("second")).unwrap();
        config.roots.push(root(&base.join("second"), Mode::Rw));
    });
    sandbox.put("a", "a").put("b", "b").put("root/x", "");
    assert_eq!(
        sandbox.files.copy("a", "second:a", false).unwrap().path,
        "second:a"
    );
    assert_eq!(
        sandbox.files.relocate("b", "second:b", false).unwrap().path,
        "second:b"
    );
    // The same relative path in another root is not inside the source.
    sandbox.files.create_directory("second:root").unwrap();
    sandbox
        .files
        .relocate("root", "second:root/root", false)
        .unwrap();
    assert_eq!(fs::read_to_string(sandbox.beside("second/b")).unwrap(), "b");
    assert_eq!(sandbox.names(), ["a"]);
}
