//! Files as resources, and the completion of their paths.

use std::fs;

use mcp_factory_sdk::testing::TestPlugin;
use mcp_factory_sdk::{CompletionTarget, ResourceBody, ToolErrorKind};
use mcp_plugin_fs::PLUGIN;
use serde_json::json;
use tempfile::TempDir;

use crate::server::Server;

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
