//! What a call of `query` costs beside the bare query: `cargo bench -p mcp-plugin-postgres`.
//!
//! Three things on one server, taken in turns so that whatever else the machine does falls on all of them: the
//! statement by the client library alone; by the client library with the same commands around it that the
//! plugin sends (transaction, pin, prepare, bind, fetch, clean); and the plugin's tool, from JSON to JSON. The
//! first difference is the database's price of reading only; the second is ours. Prints medians in microseconds.

#![expect(
    clippy::disallowed_methods,
    reason = "it compares with the client library"
)]

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::PermissionsExt as _,
    time::{Duration, Instant},
};

use mcp_factory_sdk::testing::TestPlugin;
use mcp_factory_tests::Cluster;
use serde_json::json;
use tokio_postgres::{Client, NoTls};

const ROUNDS: usize = 2000;
const STATEMENTS: [(&str, &str); 3] = [
    ("SELECT 1", "SELECT 1"),
    (
        "one row by key",
        "SELECT id, name, email, created_at FROM customers WHERE id = 42",
    ),
    (
        "100 rows of 6 columns",
        "SELECT id, name, country, born, tags, profile FROM customers ORDER BY id LIMIT 100",
    ),
];

fn main() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(compare())
}

async fn compare() -> io::Result<()> {
    // The tests copy the shared one's database, which nobody may be connected to meanwhile.
    let cluster = Cluster::own();
    let url = cluster.url("app", "fixture");
    let secrets = tempfile::tempdir()?;
    let secret = secrets.path().join("url");
    fs::write(&secret, &url)?;
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600))?;
    let settings = json!({ "url": format!("file:{}", secret.display()) });
    let plugin = TestPlugin::start(&mcp_plugin_postgres::PLUGIN, settings)
        .await
        .map_err(|error| io::Error::other(error.to_string()))?;
    let (mut client, connection) = tokio_postgres::connect(&url, NoTls)
        .await
        .map_err(io::Error::other)?;
    let driver = tokio::spawn(connection);
    let mut out = io::stdout();
    for (name, sql) in STATEMENTS {
        let arguments = json!({ "sql": sql });
        let mut times: [Vec<Duration>; 3] = Default::default();
        for round in 0..ROUNDS + 100 {
            let begun = Instant::now();
            let rows = client.query(sql, &[]).await.map_err(io::Error::other)?;
            let bare = begun.elapsed();
            drop(rows);
            let begun = Instant::now();
            same_commands(&mut client, sql)
                .await
                .map_err(io::Error::other)?;
            let same = begun.elapsed();
            let begun = Instant::now();
            let output = plugin.call("query", arguments.clone()).await;
            let ours = begun.elapsed();
            output.map_err(|error| io::Error::other(error.to_string()))?;
            // The first hundred warm up.
            if round >= 100 {
                for (times, time) in times.iter_mut().zip([bare, same, ours]) {
                    times.push(time);
                }
            }
        }
        let [bare, same, ours] = times.map(median);
        writeln!(
            out,
            "{name}: bare {bare:.0} µs, the same commands {same:.0} µs, the tool {ours:.0} µs; ours is {:.0} µs",
            ours - same
        )?;
    }
    plugin.stop().await;
    drop(client);
    driver
        .await
        .map_err(io::Error::other)?
        .map_err(io::Error::other)
}

/// What the plugin sends, without the plugin.
async fn same_commands(client: &mut Client, sql: &str) -> Result<(), tokio_postgres::Error> {
    let pin = "SELECT pg_catalog.set_config('statement_timeout', '10000', true), \
               pg_catalog.set_config('lock_timeout', '2000', true), \
               pg_catalog.set_config('idle_in_transaction_session_timeout', '20000', true), \
               pg_catalog.set_config('standard_conforming_strings', 'on', true)";
    let transaction = client.build_transaction().read_only(true).start().await?;
    let (pinned, statement) =
        tokio::join!(biased; transaction.query_typed(pin, &[]), transaction.prepare(sql));
    pinned?;
    let statement = statement?;
    let portal = transaction.bind(&statement, &[]).await?;
    transaction.query_portal(&portal, 100).await?;
    drop(portal);
    drop(transaction);
    client
        .batch_execute(
            "ROLLBACK; CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; UNLISTEN *; \
             SELECT pg_catalog.pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES",
        )
        .await
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e6
}
