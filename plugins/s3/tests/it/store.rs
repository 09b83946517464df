//! A store in this process: files in a throw-away directory, behind signatures that are really checked.

use std::path::PathBuf;

use hyper_util::rt::TokioIo;
use mcp_factory_sdk::testing::TestPlugin;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub(crate) const ACCESS: &str = "AKIDTEST";
pub(crate) const SECRET: &str = "canary-of-a-secret-key";

pub(crate) struct Store {
    pub(crate) root: tempfile::TempDir,
    pub(crate) port: u16,
}

impl Store {
    /// A store with the buckets `team-data` and `archive`.
    pub(crate) async fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for bucket in ["team-data", "archive", "other"] {
            std::fs::create_dir_all(root.path().join("store").join(bucket)).unwrap();
        }
        let files = FileSystem::new(root.path().join("store")).unwrap();
        let mut builder = S3ServiceBuilder::new(files);
        builder.set_auth(SimpleAuth::from_single(ACCESS, SECRET));
        let service = builder.build();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service.clone());
                tokio::spawn(async move { connection.await.ok() });
            }
        });
        Self { root, port }
    }

    /// Puts a file where the store keeps its objects.
    pub(crate) fn file(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.path().join("store").join(path)
    }

    /// Settings for this store, with others on top.
    pub(crate) fn settings(&self, more: Value) -> Value {
        settings(
            &format!("http://127.0.0.1:{}", self.port),
            self.root.path(),
            more,
        )
    }

    pub(crate) async fn plugin(&self) -> TestPlugin {
        self.plugin_with(json!({})).await
    }

    pub(crate) async fn plugin_with(&self, more: Value) -> TestPlugin {
        TestPlugin::start(&mcp_plugin_s3::PLUGIN, self.settings(more))
            .await
            .expect("it starts")
    }
}

/// Settings for an endpoint, with its secrets in files below `directory`.
pub(crate) fn settings(endpoint: &str, directory: &std::path::Path, more: Value) -> Value {
    let secret = |name: &str, value: &str| {
        use std::os::unix::fs::PermissionsExt as _;
        let path = directory.join(name);
        std::fs::write(&path, value).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        format!("file:{}", path.display())
    };
    let mut settings = json!({
        "endpoint": endpoint,
        "access_key": secret("access", ACCESS),
        "secret_key": secret("secret", SECRET),
        "buckets": [
            { "name": "team-data", "mode": "rw" },
            { "name": "archive", "prefix": "team-a/" },
        ],
    });
    settings
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    settings
}

/// The sentence with which a call fails.
pub(crate) async fn failure(plugin: &TestPlugin, tool: &str, arguments: Value) -> String {
    match plugin.call(tool, arguments.clone()).await {
        Ok(_) => panic!("{tool} {arguments} should fail"),
        Err(error) => error.to_string(),
    }
}
