//! The corpus of bypasses, run as the role that owns everything, in both modes of the guard, by every tool
//! that reads: nothing changes, nothing is left, nothing takes long.

use std::{
    fmt::Write as _,
    path::PathBuf,
    time::{Duration, Instant},
};

use mcp_factory_sdk::testing::TestPlugin;
use mcp_factory_tests::Cluster;
use serde_json::{Value, json};
use tokio_postgres::Client;

use crate::{bed::Bed, bypass_corpus::CORPUS, declaring::reading};

/// Everything that a database holds, as one hash: rows, sequences, large objects, and the catalogue.
async fn state(admin: &Client) -> String {
    let mut parts = String::new();
    for table in [
        "customers",
        "products",
        "orders",
        "order_items",
        "employees",
        "documents",
        "measurements",
        "revenue",
        "secret_place.plans",
    ] {
        write!(
            parts,
            "UNION ALL SELECT CASE WHEN to_regclass('{table}') IS NULL THEN 'gone' ELSE query_to_xml('SELECT md5(string_agg(t::text, '','' ORDER BY t::text)) FROM {table} t', true, true, '')::text END "
        )
        .unwrap();
    }
    for (what, of) in [
        (
            "c.oid, c.relname, c.relkind, c.relowner, c.relacl, c.relpersistence, c.relhasrules, c.relhastriggers, c.relfilenode",
            "pg_class c WHERE c.relnamespace <> 'pg_toast'::regnamespace",
        ),
        (
            "p.oid, p.proname, p.prosrc, p.proowner, p.proacl",
            "pg_proc p WHERE true",
        ),
        (
            "a.attrelid, a.attname, a.attisdropped, a.atttypid",
            "pg_attribute a WHERE a.attnum > 0",
        ),
        ("t.oid, t.typname", "pg_type t WHERE true"),
        (
            "n.oid, n.nspname, n.nspacl",
            "pg_namespace n WHERE n.nspname !~ '^pg_'",
        ),
        (
            "r.rolname, r.rolsuper, r.rolpassword",
            "pg_authid r WHERE r.rolname !~ '_t_'",
        ),
        (
            "s.setdatabase, s.setrole, s.setconfig",
            "pg_db_role_setting s WHERE true",
        ),
        ("e.extname, e.extversion", "pg_extension e WHERE true"),
        ("l.oid, l.lomowner", "pg_largeobject_metadata l WHERE true"),
        (
            "l.loid, l.pageno, md5(l.data)",
            "pg_largeobject l WHERE true",
        ),
        (
            "q.schemaname, q.sequencename, q.last_value",
            "pg_sequences q WHERE true",
        ),
        ("t.tgname, t.tgenabled", "pg_trigger t WHERE true"),
        (
            "d.objoid, d.description",
            "pg_description d WHERE d.classoid = 'pg_class'::regclass",
        ),
        ("p.pubname", "pg_publication p WHERE true"),
        ("f.srvname", "pg_foreign_server f WHERE true"),
        ("r.slot_name", "pg_replication_slots r WHERE true"),
        ("o.roname", "pg_replication_origin o WHERE true"),
        ("x.gid", "pg_prepared_xacts x WHERE true"),
        (
            "s.sourcefile, s.name, s.setting",
            "pg_file_settings s WHERE true",
        ),
        (
            "d.datname, d.datacl",
            "pg_database d WHERE d.datname IN ('postgres', 'owned', current_database())",
        ),
        ("f", "pg_ls_dir('.') f WHERE f <> 'postmaster.pid'"),
    ] {
        write!(
            parts,
            "UNION ALL SELECT md5(string_agg(x::text, ',' ORDER BY x::text)) FROM (SELECT ROW({what}) AS x FROM {of}) s "
        )
        .unwrap();
    }
    let sql = format!("SELECT md5(string_agg(part, ',')) FROM (SELECT '' AS part {parts}) p");
    // As a superuser, who may look at everything.
    admin.query_one(&sql, &[]).await.unwrap().get(0)
}

/// What a session keeps: advisory locks of everybody, and its own settings, cursors, statements, channels.
async fn left(plugin: &TestPlugin) -> Value {
    let sql = "SELECT (SELECT count(*) FROM pg_locks WHERE locktype IN ('advisory') \
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())), \
           (SELECT md5(string_agg(name || coalesce(setting, ''), ',' ORDER BY name)) FROM pg_settings WHERE name !~ '^plpgsql[.]'), \
           current_user, session_user, nullif(current_setting('my.own', true), ''), \
           (SELECT count(*) FROM pg_cursors WHERE name = 'evil'), \
           (SELECT count(*) FROM pg_prepared_statements WHERE name = 'evil'), \
           (SELECT count(*) FROM pg_listening_channels())";
    // The session's own short time may be over on a busy machine.
    for _ in 0..5 {
        match plugin.call_json("query", json!({ "sql": sql })).await {
            Ok(result) => return result["rows"].clone(),
            Err(error) => {
                let error = error.to_string();
                let is_late = error.contains("57014") || error.contains("cancelled after");
                assert!(is_late, "{error}");
            }
        }
    }
    panic!("it never ends in time")
}

fn marker() -> PathBuf {
    std::env::temp_dir().join(format!("mcpf-pg-marker-{}", std::process::id()))
}

fn filled(bed: &Bed, sql: &str) -> String {
    sql.replace("{marker}", &marker().display().to_string())
        .replace("{socket}", &bed.cluster.socket().display().to_string())
        .replace("{port}", &bed.cluster.port().to_string())
        .replace("{database}", &bed.name)
}

fn config(guard: &str) -> Value {
    json!({ "guard": guard, "pool_max": 1, "statement_timeout": "250ms", "lock_timeout": "200ms" })
}

/// What the server's own rules let out: `dblink` to another server as another session. A password is asked of
/// everybody but superusers, and a socket that trusts is refused for that.
async fn run(guard: &'static str) {
    let bed = Bed::new().await;
    let admin = bed.connect("postgres").await;
    let plugin = bed.plugin(config(guard)).await;
    let before = state(&admin).await;
    let clean = left(&plugin).await;
    let mut answered = Vec::new();
    for raw in CORPUS {
        let sql = filled(&bed, raw);
        let begun = Instant::now();
        for (tool, arguments) in [
            ("query", json!({ "sql": sql })),
            ("explain_query", json!({ "sql": sql })),
            ("explain_query", json!({ "sql": sql, "analyze": true })),
        ] {
            if plugin.call(tool, arguments).await.is_ok() && tool == "query" {
                answered.push(*raw);
            }
        }
        if let Ok(declared) = bed.try_plugin("app", config(guard), reading(&sql)).await {
            drop(declared.call("declared", json!({})).await);
            declared.stop().await;
        }
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(10), "{raw}: {took:?}");
        assert_eq!(
            left(&plugin).await,
            clean,
            "{guard}: something is left by {raw}"
        );
        assert_eq!(
            state(&admin).await,
            before,
            "{guard}: something is changed by {raw}"
        );
    }
    assert!(!marker().exists(), "a file was written");
    plugin.stop().await;
    println!(
        "{guard}: {} attempts, {} of them answered: {answered:#?}",
        CORPUS.len(),
        answered.len()
    );
    if guard == "strict" {
        // Two only look like an attempt: all of it is inside a string, or behind a comment.
        assert_eq!(answered.len(), 2, "{answered:#?}");
    }
}

#[tokio::test]
async fn nothing_gets_past_the_strict_guard() {
    run("strict").await;
}

#[tokio::test]
async fn nothing_gets_past_the_database_alone() {
    run("database").await;
}

#[tokio::test]
async fn the_corpus_has_teeth() {
    assert!(CORPUS.len() >= 150, "{}", CORPUS.len());
    let mut sorted = CORPUS.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), CORPUS.len(), "an attempt is in it twice");
    // The same role without the plugin: what it runs does change the state that is watched. Some of it changes
    // what all databases share, so this is not done where other tests are.
    let own = tokio::task::spawn_blocking(Cluster::own).await.unwrap();
    let bed = Bed::on(Box::leak(Box::new(own))).await;
    let admin = bed.connect("postgres").await;
    let mut before = state(&admin).await;
    let mut effective = 0;
    for raw in CORPUS {
        let client = bed.connect("app").await;
        client
            .batch_execute("SET statement_timeout = '200ms'")
            .await
            .unwrap();
        client.batch_execute(&filled(&bed, raw)).await.ok();
        let after = state(&admin).await;
        effective += usize::from(after != before);
        before = after;
    }
    println!(
        "{effective} of {} change something without the plugin",
        CORPUS.len()
    );
    assert!(effective >= 30, "{effective}");
}
