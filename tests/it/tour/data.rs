//! Databases: a file, and a PostgreSQL of the tour's own.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use mcp_factory_tests::{Cluster, Process};
use serde_json::json;

use super::{Stop, quoted};

/// A shop of two orders, in SQL that both databases understand.
const SHOP: &str = "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT, total REAL); \
    INSERT INTO orders VALUES (1, 'ann', 1.5), (2, 'bob', 2.5);";

pub(super) fn sqlite(folder: &Path) -> Stop {
    let path = folder.join("shop.db");
    let script = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(sys.argv[2])";
    let status = Command::new("python3")
        .args(["-c", script])
        .arg(&path)
        .arg(SHOP)
        .status();
    assert!(status.expect("Python is installed").success());
    Stop {
        config: format!(
            "[plugins.sqlite]\npath = {}\nmode = \"readwrite\"\n",
            quoted(&path)
        ),
        calls: vec![
            ("sqlite_list_tables", json!({})),
            ("sqlite_describe_table", json!({ "table_name": "orders" })),
            (
                "sqlite_query",
                json!({ "sql": "SELECT * FROM orders WHERE id = ?", "params": [1] }),
            ),
            (
                "sqlite_explain_query",
                json!({ "sql": "SELECT * FROM orders" }),
            ),
            ("sqlite_orders_of", json!({ "customer": "ann" })),
            (
                "sqlite_execute",
                json!({ "sql": "DELETE FROM orders WHERE id = 2" }),
            ),
            (
                "sqlite_create_table",
                json!({ "query": "CREATE TABLE notes (text TEXT)" }),
            ),
            ("sqlite_append_insight", json!({ "insight": "Ann orders." })),
        ],
        ..Stop::default()
    }
}

pub(super) fn postgres(_: &Path) -> Stop {
    let cluster = Cluster::own();
    let sql = format!(
        "CREATE ROLE tourist LOGIN; CREATE SCHEMA shop AUTHORIZATION tourist; \
        GRANT pg_signal_backend TO tourist; SET ROLE tourist; SET search_path = shop; {SHOP} \
        RESET ROLE; ALTER ROLE tourist SET search_path = shop, public; \
        CREATE EXTENSION IF NOT EXISTS pg_stat_statements;"
    );
    let mut psql = Command::new("psql");
    psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", &sql]);
    let status = psql.arg(cluster.url("postgres", "postgres")).status();
    assert!(status.expect("psql is part of PostgreSQL").success());
    let sleeper = sleeper(&cluster);
    Stop {
        config: "[plugins.postgres]\nurl = \"env:TOUR_DATABASE\"\nmode = \"readwrite\"\n"
            .to_owned(),
        environment: vec![(
            "TOUR_DATABASE".to_owned(),
            cluster.url("tourist", "postgres"),
        )],
        calls: vec![
            ("pg_list_schemas", json!({})),
            ("pg_search_objects", json!({ "pattern": "%order%" })),
            (
                "pg_get_object_details",
                json!({ "name": "orders", "schema": "shop" }),
            ),
            (
                "pg_query",
                json!({ "sql": "SELECT * FROM orders WHERE id = $1", "params": [1] }),
            ),
            ("pg_explain_query", json!({ "sql": "SELECT * FROM orders" })),
            ("pg_orders_of", json!({ "customer": "ann" })),
            (
                "pg_execute",
                json!({ "sql": "DELETE FROM orders WHERE id = 2" }),
            ),
            (
                "pg_execute_ddl",
                json!({ "sql": "CREATE TABLE shop.notes (text text)" }),
            ),
            ("pg_get_top_queries", json!({})),
            ("pg_list_active_queries", json!({})),
            ("pg_analyze_db_health", json!({})),
            ("pg_cancel_backend", json!({ "pid": sleeper.1 })),
        ],
        services: vec![Box::new(sleeper.0), Box::new(cluster)],
    }
}

/// Somebody who sleeps in the database, and the number of the process that sleeps with them.
fn sleeper(cluster: &Cluster) -> (Process, u32) {
    let mut psql = Command::new("psql");
    psql.args([
        "-X",
        "-q",
        "-A",
        "-t",
        "-c",
        "SELECT pg_backend_pid()",
        "-c",
        "SELECT pg_sleep(600)",
    ]);
    psql.arg(cluster.url("tourist", "postgres"))
        .stdout(Stdio::piped());
    let mut process = Process::start(&mut psql);
    let stdout = process.child().stdout.take().expect("stdout is piped");
    let mut line = String::new();
    BufReader::new(stdout)
        .read_line(&mut line)
        .expect("it says its number");
    (process, line.trim().parse().expect("a number"))
}
