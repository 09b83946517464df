//! Files, in a directory of the tour's.

use std::path::Path;

use serde_json::json;

use super::{Stop, quoted};

pub(super) fn stop(folder: &Path) -> Stop {
    let root = folder.join("files");
    std::fs::create_dir(&root).expect("the directory is ours");
    std::fs::write(root.join("a.txt"), "one\ntwo\n").expect("the directory is ours");
    std::fs::write(root.join("dot.png"), b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
        .expect("the directory is ours");
    Stop {
        config: format!(
            "[plugins.fs]\nroots = [{{ name = \"files\", path = {}, mode = \"rw\" }}]\n",
            quoted(&root)
        ),
        calls: vec![
            ("list_allowed_directories", json!({})),
            ("read_text_file", json!({ "path": "a.txt" })),
            ("read_media_file", json!({ "path": "dot.png" })),
            ("read_multiple_files", json!({ "paths": ["a.txt"] })),
            ("list_directory", json!({})),
            ("directory_tree", json!({})),
            ("search_files", json!({ "pattern": "*.txt" })),
            ("grep_files", json!({ "query": "two" })),
            ("get_file_info", json!({ "path": "a.txt" })),
            (
                "write_file",
                json!({ "path": "b.txt", "content": "three\n" }),
            ),
            (
                "edit_file",
                json!({ "path": "b.txt", "edits": [{ "oldText": "three", "newText": "four" }] }),
            ),
            ("create_directory", json!({ "path": "c" })),
            (
                "copy_file",
                json!({ "source": "b.txt", "destination": "c/b.txt" }),
            ),
            (
                "move_file",
                json!({ "source": "b.txt", "destination": "d.txt" }),
            ),
            ("delete_file", json!({ "path": "d.txt" })),
        ],
        ..Stop::default()
    }
}
