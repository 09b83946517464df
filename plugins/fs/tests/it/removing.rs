//! `delete_file`.

use std::fs;

use crate::sandbox::{SECRET, Sandbox, refused};

#[test]
fn files_links_and_directories() {
    let sandbox = Sandbox::new();
    sandbox
        .put("f", "")
        .put("real", "kept")
        .link("link", "real")
        .link("dangling", "nowhere")
        .link("out", "/etc/passwd");
    sandbox
        .put("d/a/b", "")
        .put("d/c", "")
        .link("d/out", "../../outside");
    for name in ["f", "link", "dangling", "out"] {
        assert_eq!(
            sandbox.files.delete(name, false).unwrap().deleted,
            1,
            "{name}"
        );
    }
    refused(
        sandbox.files.delete("d", false),
        &["not empty", "recursive = true"],
    );
    let deleted = sandbox.files.delete("d", true).unwrap();
    assert_eq!((deleted.path.as_str(), deleted.deleted), ("d", 5));
    assert_eq!(sandbox.names(), ["real"]);
    assert_eq!(
        fs::read_to_string(sandbox.beside("outside/secret.txt")).unwrap(),
        SECRET
    );
    fs::create_dir(sandbox.path("empty")).unwrap();
    assert_eq!(sandbox.files.delete("empty", false).unwrap().deleted, 1);
}

#[test]
fn what_cannot_be_deleted() {
    let sandbox = Sandbox::new();
    sandbox.put("f", "");
    refused(
        sandbox.files.delete(".", true),
        &["top of a root", "cannot be deleted"],
    );
    refused(sandbox.files.delete("none", false), &["does not exist"]);
    refused(sandbox.files.delete("f/", false), &["not a directory"]);
    assert_eq!(sandbox.names(), ["f"]);
}

#[test]
fn too_much_or_too_deep_is_refused_before_anything_is_gone() {
    let sandbox = Sandbox::with(|config, _| config.max_entries = 10);
    for at in 0..11 {
        sandbox
            .put(&format!("wide/{at}"), "")
            .put(&format!("spread/{at}/x"), "");
    }
    sandbox.put(&format!("deep/{}f", "d/".repeat(8)), "");
    for name in ["wide", "spread"] {
        refused(
            sandbox.files.delete(name, true),
            &["more than 10 entries", "deleted"],
        );
    }
    sandbox.files.delete("deep", true).unwrap();
    assert_eq!(sandbox.names().len(), 2 + 11 + 22);

    let sandbox = Sandbox::new();
    sandbox.put(&format!("deep/{}f", "d/".repeat(70)), "");
    refused(sandbox.files.delete("deep", true), &["64 directories deep"]);
    assert!(
        sandbox
            .path("deep")
            .join("d/".repeat(70))
            .join("f")
            .exists()
    );
}
