//! The plugin as a client calls it: names, scopes, hints, arguments, results and errors.

use mcp_factory_sdk::testing::TestPlugin;
use mcp_factory_sdk::{Content, ResourceBody};
use mcp_plugin_fs::PLUGIN;
use serde_json::json;

use crate::server::Server;

/// On workers, of which all but one may read at once, and on a thread that must not: whichever comes first.
#[test]
fn what_is_read_at_once_is_what_is_read() {
    let on = |mut runtime: tokio::runtime::Builder| {
        let runtime = runtime.enable_all().build().unwrap();
        runtime.block_on(async {
            let server = Server::start().await;
            server.put("d/f", "one\n\"two\"\n");
            let text = server
                .json("read_text_file", json!({ "path": "d/f" }))
                .await;
            let info = server.json("get_file_info", json!({ "path": "d/f" })).await;
            let error = server
                .error("read_text_file", json!({ "path": "d/none" }))
                .await;
            let refused = server
                .error("get_file_info", json!({ "path": "../x" }))
                .await;
            assert_eq!(text["content"], "one\n\"two\"\n");
            assert_eq!(info["mime_type"], "text/plain");
            assert!(error.contains("does not exist") && refused.contains("leads out"));
        });
    };
    on(tokio::runtime::Builder::new_multi_thread());
    on(tokio::runtime::Builder::new_current_thread());
}

#[test]
fn the_surface() {
    let surface: Vec<String> = PLUGIN
        .tools()
        .iter()
        .map(|tool| {
            let hints = tool.hints();
            let mut words = vec![tool.name().to_owned(), tool.scope().to_string()];
            for (set, word) in [
                (hints.read_only, "read-only"),
                (hints.destructive, "destructive"),
                (hints.idempotent, "idempotent"),
                (hints.open_world, "open-world"),
            ] {
                words.extend(set.then(|| word.to_owned()));
            }
            words.join(" ")
        })
        .collect();
    let expected = [
        "read_text_file read read-only idempotent",
        "read_media_file read read-only idempotent",
        "read_multiple_files read read-only idempotent",
        "list_directory read read-only idempotent",
        "directory_tree read read-only idempotent",
        "search_files read read-only idempotent",
        "grep_files read read-only idempotent",
        "get_file_info read read-only idempotent",
        "list_allowed_directories read read-only idempotent",
        "write_file write destructive idempotent",
        "edit_file write destructive",
        "create_directory write idempotent",
        "copy_file write destructive",
        "move_file write destructive",
        "delete_file admin destructive",
    ];
    assert_eq!(surface, expected);
    let typed = PLUGIN
        .tools()
        .iter()
        .filter(|tool| tool.output_schema().is_some())
        .count();
    assert_eq!(
        typed, 14,
        "all but read_media_file, whose answer is a block"
    );
}

#[test]
fn the_schemas_stay_small() {
    let size: usize = PLUGIN
        .tools()
        .iter()
        .map(|tool| {
            tool.name().len()
                + tool.description().len()
                + tool.input_schema().to_string().len()
                + tool
                    .output_schema()
                    .map_or(0, |schema| schema.to_string().len())
        })
        .sum();
    assert!(size < 19_500, "{size} bytes of schemas");
}

#[tokio::test]
async fn nothing_starts_without_roots_and_the_command_is_named() {
    let error = TestPlugin::start(&PLUGIN, json!({}))
        .await
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "`roots` names no directory, so there is nothing to serve; set it, for example with --set 'plugins.fs.roots=[\"/path\"]'"
    );
    let error = TestPlugin::start(&PLUGIN, json!({ "roots": ["/no/such/place"] }))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("\"/no/such/place\"") && error.contains("does not exist"),
        "{error}"
    );
    let error = TestPlugin::start(&PLUGIN, json!({ "roots": [{ "path": "/", "mode": "wr" }] }))
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("unknown variant `wr`"),
        "{error}"
    );
}

#[tokio::test]
async fn a_day_of_an_agent() {
    let server = Server::start().await;
    let roots = server.json("list_allowed_directories", json!({})).await;
    assert_eq!(
        roots["roots"],
        json!([{ "name": "root", "mode": "rw", "path": "." }])
    );
    server
        .json("create_directory", json!({ "path": "notes" }))
        .await;
    let written = server
        .json(
            "write_file",
            json!({ "path": "notes/a.md", "content": "one\ntwo\n" }),
        )
        .await;
    assert_eq!(
        (&written["bytes"], &written["created"]),
        (&json!(8), &json!(true))
    );
    let read = server
        .json(
            "read_text_file",
            json!({ "path": "notes/a.md", "offset": 2 }),
        )
        .await;
    assert_eq!(
        (&read["content"], &read["sha256"]),
        (&json!("two\n"), &written["sha256"])
    );
    let edits = json!([{ "oldText": "two", "newText": "2" }]);
    let edit = json!({ "path": "notes/a.md", "edits": edits, "dryRun": true, "if_sha256": read["sha256"] });
    let shown = server.json("edit_file", edit.clone()).await;
    assert_eq!(shown["written"], false);
    let mut edit = edit;
    edit["dryRun"] = json!(false);
    let edited = server.json("edit_file", edit).await;
    assert_eq!(
        (&edited["diff"], &edited["written"]),
        (&shown["diff"], &json!(true))
    );
    let found = server.json("grep_files", json!({ "query": "2" })).await;
    assert_eq!(
        found["matches"],
        json!([{ "path": "notes/a.md", "line": 2, "col": 1, "text": "2" }])
    );
    server
        .json(
            "copy_file",
            json!({ "source": "notes/a.md", "destination": "notes/b.md" }),
        )
        .await;
    server
        .json(
            "move_file",
            json!({ "source": "notes/b.md", "destination": "c.md" }),
        )
        .await;
    let found = server
        .json("search_files", json!({ "pattern": "*.md" }))
        .await;
    assert_eq!(
        found,
        json!({ "paths": ["c.md", "notes/a.md"], "visited": 3, "truncated": false })
    );
    let listing = server.json("list_directory", json!({})).await;
    assert_eq!(
        listing["entries"],
        json!([{ "name": "c.md", "type": "file" }, { "name": "notes", "type": "directory" }])
    );
    let tree = server.json("directory_tree", json!({})).await;
    assert_eq!(
        tree["children"][1],
        json!({ "name": "notes", "type": "directory", "children": [{ "name": "a.md", "type": "file" }] })
    );
    let many = server
        .json("read_multiple_files", json!({ "paths": ["c.md", "d.md"] }))
        .await;
    assert_eq!(many["files"][0]["content"], "one\n2\n");
    assert!(
        many["files"][1]["error"]
            .as_str()
            .unwrap()
            .contains("does not exist")
    );
    assert_eq!(
        server
            .json("get_file_info", json!({ "path": "c.md" }))
            .await["mime_type"],
        "text/plain"
    );
    assert_eq!(
        server
            .json("delete_file", json!({ "path": "notes", "recursive": true }))
            .await["deleted"],
        2
    );
}

#[tokio::test]
async fn media_is_sent_as_what_it_is() {
    let server = Server::start().await;
    server.put("a.png", b"\x89PNG\r\n\x1a\nxx");
    server.put("b.wav", b"RIFF\0\0\0\0WAVEfmt ");
    server.put("odd %.zip", b"PK\x03\x04xx");
    let image = server
        .output("read_media_file", json!({ "path": "a.png" }))
        .await;
    assert!(
        matches!(&image.blocks()[1], Content::Image { mime_type, data, .. } if mime_type == "image/png" && data.len() == 10)
    );
    assert_eq!(
        image.blocks()[0].as_text(),
        Some("a.png: image/png, 10 bytes")
    );
    let sound = server
        .output("read_media_file", json!({ "path": "b.wav" }))
        .await;
    assert!(matches!(&sound.blocks()[1], Content::Audio { .. }));
    let other = server
        .output("read_media_file", json!({ "path": "odd %.zip" }))
        .await;
    let Content::Resource(resource) = &other.blocks()[1] else {
        panic!("{other:?}")
    };
    assert_eq!(resource.uri, "fs://root/odd%20%25.zip");
    // The URI is one that can be read.
    let read = server.plugin.read(&resource.uri).await.unwrap();
    assert_eq!(
        read.parts[0].body,
        ResourceBody::Blob(b"PK\x03\x04xx".to_vec())
    );
}

#[tokio::test]
async fn scopes_are_needed() {
    let server = Server::start().await;
    server.put("f", "x");
    let Server { plugin, directory } = server;
    let plugin = plugin.with_scopes(&["read"]);
    assert!(
        plugin
            .call("read_text_file", json!({ "path": "f" }))
            .await
            .is_ok()
    );
    assert!(
        plugin
            .call("write_file", json!({ "path": "g", "content": "" }))
            .await
            .is_err()
    );
    let plugin = plugin.with_scopes(&["write"]);
    assert!(
        plugin
            .call("write_file", json!({ "path": "g", "content": "" }))
            .await
            .is_ok()
    );
    assert!(
        plugin
            .call("delete_file", json!({ "path": "g" }))
            .await
            .is_err()
    );
    assert!(directory.path().join("root/g").exists());
    assert!(
        plugin
            .with_scopes(&["admin"])
            .call("delete_file", json!({ "path": "g" }))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn errors_are_for_the_model_and_name_no_host_paths() {
    let server = Server::start().await;
    for (tool, arguments, words) in [
        (
            "read_text_file",
            json!({ "path": "none" }),
            "does not exist",
        ),
        ("read_text_file", json!({ "path": "../x" }), "leads out"),
        ("read_text_file", json!({ "path": ".env" }), "deny rule"),
        (
            "read_text_file",
            json!({ "path": "f", "offset": 0 }),
            "at least 1",
        ),
        ("list_directory", json!({ "limit": 5000 }), "at most 1000"),
        (
            "list_directory",
            json!({ "sort": "age" }),
            "unknown variant",
        ),
        ("read_multiple_files", json!({ "paths": [] }), "at least 1"),
        (
            "edit_file",
            json!({ "path": "f", "edits": [{ "old": "x" }] }),
            "oldText",
        ),
        (
            "write_file",
            json!({ "path": "none/f", "content": "" }),
            "create_directory",
        ),
    ] {
        let message = server.error(tool, arguments).await;
        assert!(message.contains(words), "{tool}: {message}");
        assert!(
            !message.contains(server.directory.path().to_str().unwrap()),
            "{message}"
        );
    }
}

/// What can speak to its client before it answers costs more, for clients that would hear it.
#[test]
fn nothing_here_speaks_before_it_answers() {
    for tool in PLUGIN.tools() {
        assert!(!tool.takes_context(), "{}", tool.name());
    }
}
