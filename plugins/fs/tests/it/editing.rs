//! `edit_file`.

use mcp_plugin_fs::{Edit, EditRequest, Edited, FsError};

use crate::sandbox::{Sandbox, refused};

fn edit(old: &str, new: &str) -> Edit {
    Edit {
        old_text: old.into(),
        new_text: new.into(),
        replace_all: false,
    }
}

fn request(edits: Vec<Edit>) -> EditRequest {
    EditRequest {
        path: "f".into(),
        edits,
        dry_run: false,
        if_sha256: None,
    }
}

fn apply(sandbox: &Sandbox, edits: Vec<Edit>) -> Result<Edited, FsError> {
    sandbox.files.edit(&request(edits))
}

#[test]
fn replacements_one_after_the_other_with_a_diff() {
    let sandbox = Sandbox::new();
    sandbox.put("f", "one\ntwo\nthree\n");
    let edited = apply(&sandbox, vec![edit("two", "2"), edit("2\nthree", "2\n3")]).unwrap();
    assert_eq!(sandbox.get("f"), "one\n2\n3\n");
    assert_eq!(
        edited.diff,
        "--- a/f\n+++ b/f\n@@ -1,3 +1,3 @@\n one\n-two\n-three\n+2\n+3\n"
    );
    assert_eq!(
        (edited.replacements, edited.written, edited.truncated),
        (2, true, false)
    );
    let read = sandbox
        .files
        .read_text(&mcp_plugin_fs::TextRequest::whole("f"))
        .unwrap();
    assert_eq!(read.sha256, Some(edited.sha256));
    assert_eq!(sandbox.names(), ["f"]);
}

#[test]
fn a_dry_run_changes_nothing() {
    let sandbox = Sandbox::new();
    sandbox.put("f", "one\n");
    let shown = sandbox
        .files
        .edit(&EditRequest {
            dry_run: true,
            ..request(vec![edit("one", "1")])
        })
        .unwrap();
    assert!(shown.diff.contains("-one\n+1\n") && !shown.written);
    assert_eq!(sandbox.get("f"), "one\n");
    assert_eq!(
        apply(&sandbox, vec![edit("one", "1")]).unwrap().sha256,
        shown.sha256
    );
    let nothing = apply(&sandbox, vec![edit("1", "1")]).unwrap();
    assert_eq!((nothing.diff.as_str(), nothing.written), ("", false));
}

#[test]
fn a_text_must_occur_once_or_be_replaced_everywhere() {
    let sandbox = Sandbox::new();
    sandbox.put("f", "a b a\n");
    refused(
        apply(&sandbox, vec![edit("b", "c"), edit("a", "x")]),
        &["edit 2", "occurs 2 times", "replaceAll"],
    );
    assert_eq!(sandbox.get("f"), "a b a\n", "a failed call changes nothing");
    let all = Edit {
        replace_all: true,
        ..edit("a", "x")
    };
    assert_eq!(apply(&sandbox, vec![all]).unwrap().replacements, 2);
    assert_eq!(sandbox.get("f"), "x b x\n");
}

#[test]
fn a_missing_text_is_explained() {
    let sandbox = Sandbox::new();
    sandbox.put("f", "fn main() {\n    body();\n}\n");
    refused(
        apply(&sandbox, vec![edit("  body();\n", "")])
            .map(|_| "matched a part")
            .and(Err::<&str, _>(FsError::BadCursor)),
        &["cursor"],
    );
    sandbox.put("f", "fn main() {\n    body();\n}\n");
    refused(
        apply(&sandbox, vec![edit("\tbody();", "")]),
        &["edit 1", "does not occur in \"f\"", "line 2 is alike"],
    );
    refused(
        apply(&sandbox, vec![edit("nowhere", "")]),
        &["copy the text exactly"],
    );
    refused(
        apply(&sandbox, vec![edit("", "x")]),
        &["edit 1 has an empty oldText"],
    );
}

#[test]
fn windows_line_endings_are_kept() {
    let sandbox = Sandbox::new();
    sandbox.put("f", "one\r\ntwo\r\nthree\r\n");
    apply(&sandbox, vec![edit("one\ntwo\n", "1\n2\nnew\n")]).unwrap();
    assert_eq!(sandbox.get("f"), "1\r\n2\r\nnew\r\nthree\r\n");
}

#[test]
fn limits() {
    let sandbox = Sandbox::with(|config, _| config.max_write_bytes = 100);
    sandbox.put("f", "a".repeat(50));
    let grow = Edit {
        replace_all: true,
        ..edit("a", &"b".repeat(50))
    };
    refused(
        apply(&sandbox, vec![grow]),
        &["has 2500 bytes", "limit is 100"],
    );
    refused(apply(&sandbox, vec![]), &["0 edits", "1 to 100"]);
    refused(apply(&sandbox, vec![edit("a", "b"); 101]), &["101 edits"]);
    sandbox.put("f", "a".repeat(101));
    refused(
        apply(&sandbox, vec![edit("a", "b")]),
        &["has 101 bytes", "max_write_bytes"],
    );
    sandbox.put("f", b"a\xFF");
    refused(
        apply(&sandbox, vec![edit("a", "b")]),
        &["not valid UTF-8", "only UTF-8"],
    );
    refused(
        sandbox.files.edit(&EditRequest {
            path: "none".into(),
            ..request(vec![edit("a", "b")])
        }),
        &["does not exist"],
    );
    refused(
        sandbox.files.edit(&EditRequest {
            path: ".".into(),
            ..request(vec![edit("a", "b")])
        }),
        &["is a directory"],
    );
}

#[test]
fn a_long_diff_is_cut() {
    let sandbox = Sandbox::new();
    sandbox.put("f", "line\n".repeat(30_000));
    let edited = apply(
        &sandbox,
        vec![Edit {
            replace_all: true,
            ..edit("line", "LINE")
        }],
    )
    .unwrap();
    assert!(edited.truncated && edited.diff.len() <= 64 << 10);
    assert!(edited.written);
}

#[test]
fn if_sha256_guards_edits() {
    let sandbox = Sandbox::new();
    sandbox.put("f", "one");
    let guarded = |sha: &str| EditRequest {
        if_sha256: Some(sha.into()),
        ..request(vec![edit("one", "1")])
    };
    refused(
        sandbox.files.edit(&guarded(&"0".repeat(64))),
        &["not the file you read"],
    );
    let sha = sandbox
        .files
        .read_text(&mcp_plugin_fs::TextRequest::whole("f"))
        .unwrap()
        .sha256
        .unwrap();
    assert!(
        sandbox
            .files
            .edit(&guarded(&sha.to_uppercase()))
            .unwrap()
            .written
    );
}
