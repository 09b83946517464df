//! `read_text_file`, `read_multiple_files`, `read_media_file` and `get_file_info`.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;

use mcp_plugin_fs::{Encoding, EntryType, TextFile, TextRequest};

use crate::sandbox::{Sandbox, refused};

const ABC_SHA: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

fn read(
    sandbox: &Sandbox,
    change: impl FnOnce(&mut TextRequest),
) -> Result<TextFile, mcp_plugin_fs::FsError> {
    let mut request = TextRequest::whole("f");
    change(&mut request);
    sandbox.files.read_text(&request)
}

#[test]
fn a_whole_file_comes_with_what_identifies_it() {
    let sandbox = Sandbox::new();
    sandbox.put("f", "abc");
    let text = read(&sandbox, |_| {}).unwrap();
    assert_eq!(
        (text.content.as_str(), text.encoding, text.size),
        ("abc", "utf-8", 3)
    );
    assert_eq!(text.sha256.as_deref(), Some(ABC_SHA));
    assert_eq!(
        (
            text.total_lines,
            text.first_line,
            text.truncated,
            text.next_offset
        ),
        (Some(1), Some(1), false, None)
    );
    assert!(text.mtime.ends_with('Z') && text.mtime.starts_with("20"));
}

#[test]
fn lines_by_head_tail_offset_and_limit() {
    let sandbox = Sandbox::new();
    sandbox.put("f", "1\n2\n3\n4\n5\n");
    let content = |change: &dyn Fn(&mut TextRequest)| read(&sandbox, change).unwrap().content;
    assert_eq!(content(&|request| request.head = Some(2)), "1\n2\n");
    assert_eq!(content(&|request| request.tail = Some(2)), "4\n5\n");
    assert_eq!(content(&|request| request.offset = Some(4)), "4\n5\n");
    assert_eq!(
        content(&|request| (request.offset, request.limit) = (Some(2), Some(2))),
        "2\n3\n"
    );
    let part = read(&sandbox, |request| request.limit = Some(2)).unwrap();
    assert_eq!(
        (part.next_offset, part.total_lines, part.truncated),
        (Some(3), Some(5), true)
    );
    refused(
        read(&sandbox, |request| request.offset = Some(9)),
        &["has 5 lines", "no line 9"],
    );
    refused(
        read(&sandbox, |request| request.offset = Some(0)),
        &["counted from 1"],
    );
    refused(
        read(&sandbox, |request| {
            (request.head, request.tail) = (Some(1), Some(1));
        }),
        &["exclude each other"],
    );
    refused(
        read(&sandbox, |request| {
            (request.head, request.limit) = (Some(1), Some(1));
        }),
        &["head means"],
    );
    refused(
        read(&sandbox, |request| {
            (request.tail, request.offset) = (Some(1), Some(2));
        }),
        &["tail counts"],
    );
}

#[test]
fn the_answer_stays_within_max_read_bytes_and_pages_lose_nothing() {
    let sandbox = Sandbox::with(|config, _| config.max_read_bytes = 100);
    let whole: String = (0..200)
        .flat_map(|line| [format!("line {line}"), "\n".to_owned()])
        .collect();
    sandbox.put("f", &whole);
    let mut offset = Some(1);
    let mut seen = String::new();
    while offset.is_some() {
        let page = read(&sandbox, |request| request.offset = offset).unwrap();
        assert!(page.content.len() <= 100);
        seen += &page.content;
        offset = page.next_offset;
    }
    assert_eq!(seen, whole);
}

#[test]
fn a_file_too_large_to_be_read_whole_is_read_in_part() {
    let sandbox = Sandbox::with(|config, _| config.max_read_bytes = 1000);
    let mut content = "a line of text\n".repeat(1_200_000);
    content.push_str("the end\n");
    sandbox.put("f", &content);
    let start = read(&sandbox, |_| {}).unwrap();
    assert!(start.content.len() <= 1000 && start.content.starts_with("a line"));
    assert_eq!(
        (start.sha256, start.total_lines, start.truncated),
        (None, None, true)
    );
    assert_eq!(start.size, content.len() as u64);
    let end = read(&sandbox, |request| request.tail = Some(2)).unwrap();
    assert_eq!(
        (end.content.as_str(), end.first_line),
        ("a line of text\nthe end\n", None)
    );
    refused(
        read(&sandbox, |request| request.offset = Some(1_199_999)),
        &["further in", "grep_files"],
    );
}

#[test]
fn the_limit_is_kept_while_reading_not_taken_from_the_size() {
    // A sparse file is large by its size and cheap on disk; nothing near its size is allocated.
    let sandbox = Sandbox::with(|config, _| config.max_read_bytes = 1000);
    File::create(sandbox.path("f"))
        .unwrap()
        .set_len(1 << 40)
        .unwrap();
    refused(read(&sandbox, |_| {}), &["not text"]);
    refused(
        sandbox.files.read_media("f"),
        &["limit here is 4194304", "max_media_bytes"],
    );
}

#[test]
fn encodings() {
    let sandbox = Sandbox::new();
    sandbox.put("f", b"caf\xE9\n");
    refused(read(&sandbox, |_| {}), &["not valid UTF-8", "latin1"]);
    let text = read(&sandbox, |request| request.encoding = Encoding::Latin1).unwrap();
    assert_eq!((text.content.as_str(), text.encoding), ("café\n", "latin1"));
    sandbox.put("f", b"\xFF\xFEh\0i\0\n\0");
    let text = read(&sandbox, |_| {}).unwrap();
    assert_eq!((text.content.as_str(), text.encoding), ("hi\n", "utf-16le"));
    sandbox.put("f", b"\0h\0i");
    let text = read(&sandbox, |request| request.encoding = Encoding::Utf16be).unwrap();
    assert_eq!(text.content, "hi");
    sandbox.put("f", b"\x89PNG\r\n\x1a\n\0\0\0");
    refused(
        read(&sandbox, |_| {}),
        &["not text (image/png)", "read_media_file"],
    );
}

#[test]
fn one_bad_file_does_not_spoil_the_others() {
    let sandbox = Sandbox::new();
    sandbox.put("a", "abc").put(".env", "KEY=1");
    let many = sandbox
        .files
        .read_many(&[
            "a".into(),
            "missing".into(),
            ".env".into(),
            "../outside/secret.txt".into(),
        ])
        .unwrap();
    assert_eq!(many.files[0].content.as_deref(), Some("abc"));
    assert_eq!(many.files[0].sha256.as_deref(), Some(ABC_SHA));
    for (file, word) in many.files[1..]
        .iter()
        .zip(["does not exist", "deny rule", "leads out"])
    {
        assert!(file.content.is_none());
        assert!(file.error.as_ref().unwrap().contains(word), "{file:?}");
    }
    assert!(!many.truncated);
    refused(sandbox.files.read_many(&[]), &["0 paths", "1 to 50"]);
    refused(
        sandbox.files.read_many(&vec!["a".to_owned(); 51]),
        &["51 paths"],
    );
}

#[test]
fn several_files_share_one_limit() {
    let sandbox = Sandbox::with(|config, _| config.max_read_bytes = 10);
    sandbox
        .put("a", "12345\n")
        .put("b", "12345678\n")
        .put("c", "1\n");
    let many = sandbox
        .files
        .read_many(&["a".into(), "b".into(), "c".into()])
        .unwrap();
    assert_eq!(many.files[0].content.as_deref(), Some("12345\n"));
    assert_eq!(many.files[1].content.as_deref(), Some("1234"));
    assert!(many.files[2].error.as_ref().unwrap().contains("left out"));
    assert!(many.truncated);
}

#[test]
fn media_is_known_by_content_and_text_is_sent_back() {
    let sandbox = Sandbox::with(|config, _| config.max_media_bytes = 100);
    let png = b"\x89PNG\r\n\x1a\n rest";
    sandbox
        .put("picture.txt", png)
        .put("note", "plain text")
        .put("large", vec![0xFF; 101])
        .put("raw", [0, 1, 2]);
    let media = sandbox.files.read_media("picture.txt").unwrap();
    assert_eq!(
        (media.mime_type, media.bytes.as_slice()),
        ("image/png", &png[..])
    );
    assert_eq!(
        sandbox.files.read_media("raw").unwrap().mime_type,
        "application/octet-stream"
    );
    refused(
        sandbox.files.read_media("note"),
        &["is text", "read_text_file"],
    );
    refused(
        sandbox.files.read_media("large"),
        &["has 101 bytes", "limit here is 100"],
    );
    refused(sandbox.files.read_media("none"), &["does not exist"]);
    refused(sandbox.files.read_media("."), &["is a directory"]);
}

#[test]
fn information_about_files_directories_and_links() {
    let sandbox = Sandbox::new();
    sandbox.put("d/f", "abc").link("l", "d/f");
    fs::set_permissions(sandbox.path("d/f"), fs::Permissions::from_mode(0o640)).unwrap();
    let info = sandbox.files.info("d/f").unwrap();
    assert_eq!(
        (info.kind, info.size, info.permissions.as_str(), info.links),
        (EntryType::File, 3, "640", 1)
    );
    assert_eq!(info.mime_type.as_deref(), Some("text/plain"));
    assert!(info.writable);
    assert_eq!(sandbox.files.info("d").unwrap().kind, EntryType::Directory);
    let through = sandbox.files.info("l").unwrap();
    assert_eq!(
        (through.path.as_str(), through.kind),
        ("d/f", EntryType::File)
    );
    refused(sandbox.files.info("none"), &["does not exist"]);
}
