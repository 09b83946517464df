//! A database of its own for each test, and the plugin on it.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    sync::atomic::{AtomicUsize, Ordering},
};

use mcp_factory_sdk::{StartError, ToolDefinition, testing::TestPlugin};
use mcp_factory_tests::Cluster;
use mcp_plugin_postgres::PLUGIN;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

/// A copy of the fixture.
pub(crate) struct Bed {
    pub(crate) cluster: &'static Cluster,
    pub(crate) name: String,
    secrets: TempDir,
}

impl Bed {
    pub(crate) async fn new() -> Self {
        let shared = tokio::task::spawn_blocking(Cluster::shared).await.unwrap();
        Self::on(shared).await
    }

    /// On this server.
    pub(crate) async fn on(cluster: &'static Cluster) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!(
            "t_{}_{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let admin = connect(&cluster.url("postgres", "postgres")).await;
        // Processes are numbered anew when the machine is, the server is not.
        admin
            .batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            .await
            .unwrap();
        // Somebody else may be copying it at this moment.
        for attempt in 0.. {
            let sql = format!("CREATE DATABASE {name} TEMPLATE fixture OWNER app");
            match admin.batch_execute(&sql).await {
                Ok(()) => break,
                Err(error) if attempt > 100 => panic!("{error:?}"),
                Err(_) => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
            }
        }
        Self {
            cluster,
            name,
            secrets: tempfile::tempdir().unwrap(),
        }
    }

    /// A connection as a role of the fixture, `postgres` being the superuser.
    pub(crate) async fn connect(&self, role: &str) -> Client {
        connect(&self.cluster.url(role, &self.name)).await
    }

    /// The setting `url` that leads to this URL.
    pub(crate) fn secret(&self, url: &str) -> String {
        let path = self.secrets.path().join("url");
        fs::write(&path, url).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        format!("file:{}", path.display())
    }

    /// The plugin as the writing role `app`; `config` is added to its settings.
    pub(crate) async fn plugin(&self, config: Value) -> TestPlugin {
        self.try_plugin("app", config, &[]).await.unwrap()
    }

    pub(crate) async fn try_plugin(
        &self,
        role: &str,
        config: Value,
        declared: &'static [ToolDefinition],
    ) -> Result<TestPlugin, StartError> {
        let url = self.secret(&self.cluster.url(role, &self.name));
        start(&url, config, declared).await
    }
}

/// Starts the plugin with a place of a URL.
pub(crate) async fn start(
    url: &str,
    config: Value,
    declared: &'static [ToolDefinition],
) -> Result<TestPlugin, StartError> {
    let mut settings = json!({ "url": url });
    for (key, value) in config.as_object().unwrap() {
        settings[key] = value.clone();
    }
    TestPlugin::start_declared(&PLUGIN, declared, settings).await
}

/// A connection by the client library alone.
pub(crate) async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// The rows of a query.
pub(crate) async fn rows(plugin: &TestPlugin, sql: &str) -> Value {
    rows_with(plugin, sql, json!([])).await
}

/// The rows of a query with parameters.
pub(crate) async fn rows_with(plugin: &TestPlugin, sql: &str, params: Value) -> Value {
    let result = plugin
        .call_json("query", json!({ "sql": sql, "params": params }))
        .await;
    match result {
        Ok(result) => result["rows"].clone(),
        Err(error) => panic!("{sql}: {error:?}"),
    }
}

/// The message of a call that fails.
pub(crate) async fn error(plugin: &TestPlugin, tool: &str, arguments: Value) -> String {
    match plugin.call(tool, arguments.clone()).await {
        Ok(output) => panic!("{tool} {arguments}: {output:?}"),
        Err(error) => error.to_string(),
    }
}
