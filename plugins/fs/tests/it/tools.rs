//! The plugin as a client calls it: names, scopes, hints, arguments, results and errors.

use std::fs;

use mcp_factory_sdk::testing::TestPlugin;
use mcp_factory_sdk::{CompletionTarget, Content, Output, ResourceBody, ToolErrorKind};
use mcp_plugin_fs::PLUGIN;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A started plugin with one writable root called `root`.
struct Server {
    plugin: TestPlugin,
    directory: TempDir,
}

impl Server {
    async fn start() -> Self {
        let directory = TempDir::new().unwrap();
        fs::create_dir(directory.path().join("root")).unwrap();
        let config = json!({ "roots": [{ "path": directory.path().join("root"), "mode": "rw" }] });
        let plugin = TestPlugin::start(&PLUGIN, config).await.unwrap();
        Self { plugin, directory }
    }

    fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.directory.path().join("root").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// The structured content, which must be what the output schema promises.
    async fn json(&self, tool: &str, arguments: Value) -> Value {
        let value = self.plugin.call_json(tool, arguments).await.unwrap();
        let definition = PLUGIN
            .tools()
            .iter()
            .find(|definition| definition.name() == tool)
            .unwrap();
        let schema = definition.output_schema().unwrap();
        conforms(&value, &schema, &schema, tool);
        value
    }

    async fn output(&self, tool: &str, arguments: Value) -> Output {
        self.plugin.call(tool, arguments).await.unwrap()
    }

    /// The message the model reads.
    async fn error(&self, tool: &str, arguments: Value) -> String {
        let error = self.plugin.call(tool, arguments).await.unwrap_err();
        error
            .public_message()
            .expect("errors are for the model")
            .to_owned()
    }
}

/// Checks the part of JSON Schema that the plugin's outputs use, and that nothing comes unannounced.
fn conforms(value: &Value, schema: &Value, whole: &Value, at: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = whole.pointer(reference.strip_prefix('#').unwrap()).unwrap();
        return conforms(value, target, whole, at);
    }
    if let Some(words) = schema["enum"].as_array() {
        assert!(
            words.contains(value),
            "{at}: {value} is not one of {words:?}"
        );
    }
    match schema["type"]
        .as_str()
        .unwrap_or_else(|| panic!("{at}: no type in {schema}"))
    {
        "object" => {
            let object = value.as_object().unwrap_or_else(|| panic!("{at}: {value}"));
            for name in schema["required"].as_array().into_iter().flatten() {
                assert!(
                    object.contains_key(name.as_str().unwrap()),
                    "{at}: {name} is required and not in {value}"
                );
            }
            for (name, value) in object {
                let property = schema["properties"].get(name);
                let property = property.unwrap_or_else(|| panic!("{at}: {name} is not announced"));
                conforms(value, property, whole, &format!("{at}.{name}"));
            }
        }
        "array" => {
            for item in value.as_array().unwrap_or_else(|| panic!("{at}: {value}")) {
                conforms(item, &schema["items"], whole, &format!("{at}[]"));
            }
        }
        "string" => assert!(value.is_string(), "{at}: {value}"),
        "integer" => assert!(value.is_u64(), "{at}: {value}"),
        "boolean" => assert!(value.is_boolean(), "{at}: {value}"),
        other => panic!("{at}: {other} is not used by this plugin"),
    }
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

#[tokio::test]
async fn files_are_resources_by_root_and_path() {
    let server = Server::start().await;
    server.put("d/a b.txt", "text");
    server.put("raw", [0, 1, 2]);
    server.put(".env", "KEY=1");
    let part = |uri: &'static str| {
        let server = &server;
        async move {
            server
                .plugin
                .read(uri)
                .await
                .map(|resource| resource.parts[0].clone())
        }
    };
    let text = part("fs://root/d/a%20b.txt").await.unwrap();
    assert_eq!(
        (text.body, text.mime_type.as_deref()),
        (ResourceBody::Text("text".into()), Some("text/plain"))
    );
    assert_eq!(
        part("fs://root/raw").await.unwrap().body,
        ResourceBody::Blob(vec![0, 1, 2])
    );
    for (uri, words) in [
        ("fs://root/../outside", "leads out"),
        ("fs://root/%2e%2e/outside", "leads out"),
        ("fs://root/.env", "deny rule"),
        ("fs://root/d", "is a directory"),
        ("fs://root//etc/passwd", "does not exist"),
        ("fs://other/raw", "outside the directories"),
        ("fs://root/d/a%00", "no resource"),
    ] {
        let error = part(uri).await.unwrap_err();
        let message = error.public_message().unwrap();
        assert!(message.contains(words), "{uri}: {message}");
    }
    assert_eq!(
        part("fs://root/none").await.unwrap_err().kind(),
        ToolErrorKind::NotFound
    );
}

#[tokio::test]
async fn large_resources_are_refused() {
    let directory = TempDir::new().unwrap();
    let config =
        json!({ "roots": [directory.path()], "max_read_bytes": 10, "max_media_bytes": 20 });
    let plugin = TestPlugin::start(&PLUGIN, config).await.unwrap();
    let name = directory.path().file_name().unwrap().to_str().unwrap();
    for (file, content, ok) in [
        ("text", vec![b'x'; 10], true),
        ("long", vec![b'x'; 11], false),
        ("blob", vec![0; 20], true),
        ("large", vec![0; 21], false),
    ] {
        fs::write(directory.path().join(file), content).unwrap();
        let read = plugin.read(&format!("fs://{name}/{file}")).await;
        assert_eq!(read.is_ok(), ok, "{file}: {read:?}");
        if let Err(error) = read {
            assert!(error.public_message().unwrap().contains("read_text_file"));
        }
    }
}

#[tokio::test]
async fn paths_are_completed() {
    let server = Server::start().await;
    for name in [
        "src/main.rs",
        "src/map.rs",
        "src/lib.rs",
        "some/x",
        ".env",
        ".git/config",
    ] {
        server.put(name, "");
    }
    let template = CompletionTarget::Resource("fs://{root}/{+path}");
    let complete = |argument: &'static str,
                    typed: &'static str,
                    others: &'static [(&'static str, &'static str)]| {
        let plugin = &server.plugin;
        async move {
            plugin
                .complete(template, argument, typed, others)
                .await
                .unwrap()
        }
    };
    let root: &'static [(&str, &str)] = &[("root", "root")];
    assert_eq!(complete("root", "r", &[]).await, ["root"]);
    assert!(complete("root", "x", &[]).await.is_empty());
    assert_eq!(complete("path", "s", root).await, ["some/", "src/"]);
    assert_eq!(
        complete("path", "src/ma", root).await,
        ["src/main.rs", "src/map.rs"]
    );
    assert_eq!(complete("path", "src/", &[]).await.len(), 3);
    assert!(
        complete("path", ".", root).await.is_empty(),
        "denied names are not offered"
    );
    assert!(complete("path", ".git/", root).await.is_empty());
    assert!(complete("path", "../", root).await.is_empty());
    assert!(complete("path", "s", &[("root", "other")]).await.is_empty());
}
