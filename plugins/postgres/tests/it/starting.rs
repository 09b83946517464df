//! What a start refuses, who it connects as, and over what.

use std::{fs, net::TcpListener};

use serde_json::{Value, json};

use crate::bed::{Bed, rows, start};

async fn refused(bed: &Bed, role: &str, config: Value) -> String {
    match bed.try_plugin(role, config, &[]).await {
        Ok(_) => panic!("it starts as {role}"),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn a_role_that_no_transaction_keeps_in_is_refused() {
    let bed = Bed::new().await;
    for (role, words) in [
        ("boss", "the role `boss` of `url` is a superuser"),
        ("replicator", "may replicate the server"),
        ("bypasser", "bypasses row security"),
        (
            "filer",
            "the role `filer` of `url` may become `pg_read_server_files`, which may use files or programs",
        ),
        (
            "climber",
            "the role `climber` of `url` may become `boss`, which is a superuser",
        ),
    ] {
        let message = refused(&bed, role, json!({})).await;
        assert!(
            message.contains(words) && message.contains("allow_superuser"),
            "{role}: {message}"
        );
        let plugin = bed
            .try_plugin(role, json!({ "allow_superuser": true }), &[])
            .await
            .unwrap();
        plugin.stop().await;
    }
    let plugin = bed.try_plugin("guest", json!({}), &[]).await.unwrap();
    assert_eq!(
        rows(&plugin, "SELECT current_user").await,
        json!([["guest"]])
    );
    plugin.stop().await;
}

#[tokio::test]
async fn a_role_that_rises_later_is_refused_then() {
    let bed = Bed::new().await;
    let admin = bed.connect("postgres").await;
    let role = format!("riser_{}", bed.name);
    admin
        .batch_execute(&format!("CREATE ROLE {role} LOGIN"))
        .await
        .unwrap();
    let plugin = bed
        .try_plugin(&role, json!({ "pool_max": 1 }), &[])
        .await
        .unwrap();
    admin
        .batch_execute(&format!("ALTER ROLE {role} SUPERUSER"))
        .await
        .unwrap();
    let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1";
    admin.query(sql, &[&role]).await.unwrap();
    let begun = std::time::Instant::now();
    loop {
        let called = plugin.call("query", json!({ "sql": "SELECT 1" })).await;
        match called {
            Err(error) if error.to_string().contains("cannot be reached") => break,
            _ => assert!(begun.elapsed().as_secs() < 5, "it goes on as a superuser"),
        }
    }
    let health = plugin.health().await;
    assert!(
        health.trouble().unwrap().contains("is a superuser"),
        "{health:?}"
    );
    plugin.stop().await;
    admin
        .batch_execute(&format!("DROP ROLE {role}"))
        .await
        .unwrap();
}

#[tokio::test]
async fn settings_are_checked_by_name() {
    let bed = Bed::new().await;
    for (config, words) in [
        (
            json!({ "max_rows": 0 }),
            "`max_rows` is 0; it must be from 1 to 100000",
        ),
        (json!({ "max_bytes": 10 }), "`max_bytes`"),
        (json!({ "pool_max": 0 }), "`pool_max`"),
        (
            json!({ "statement_timeout": "0s" }),
            "`statement_timeout` is \"0s\"; it must be from \"1ms\" to \"1h\"",
        ),
        (json!({ "lock_timeout": "2 weeks" }), "`lock_timeout`"),
        (json!({ "connect_timeout": "2h" }), "`connect_timeout`"),
        (json!({ "mode": "write" }), "`mode`"),
        (json!({ "guards": "strict" }), "guard"),
        (
            json!({ "tls_roots": "/no/such/file" }),
            "`tls_roots` cannot be used",
        ),
    ] {
        let message = refused(&bed, "app", config.clone()).await;
        assert!(message.contains(words), "{config}: {message}");
    }
    let error = start("env:MCP_FACTORY_NO_SUCH_VARIABLE", json!({}), &[])
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("MCP_FACTORY_NO_SUCH_VARIABLE is not set"),
        "{error}"
    );
    let error = start("postgres://u:canary@h/d", json!({}), &[])
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("`url`") && !error.contains("canary"),
        "{error}"
    );
    let error =
        mcp_factory_sdk::testing::TestPlugin::start(&mcp_plugin_postgres::PLUGIN, json!({})).await;
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("--set 'plugins.postgres.url=\"env:DATABASE_URL\"'"),
        "{error}"
    );
}

#[tokio::test]
async fn what_keeps_a_connection_from_being_made_is_said_without_the_url() {
    let bed = Bed::new().await;
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let port = bed.cluster.port();
    for (url, words) in [
        (
            format!("postgres://app:canary@127.0.0.1:{port}/{}", bed.name),
            "password authentication failed",
        ),
        (
            format!("postgres://app:correct%20horse@127.0.0.1:{port}/canary"),
            "does not exist (SQLSTATE 3D000)",
        ),
        (
            format!("postgres://app:canary@127.0.0.1:{closed}/d"),
            "does not answer: connection refused",
        ),
        (
            format!(
                "postgres://app:canary@127.0.0.1:{}/d",
                silent.local_addr().unwrap().port()
            ),
            "within `connect_timeout`",
        ),
        (
            "postgres://app:canary@%2Fno%2Fsuch/d".to_owned(),
            "does not answer: entity not found",
        ),
        (
            "postgres://app:canary@no-such-host.invalid/d".to_owned(),
            "could not be resolved",
        ),
        ("canary".to_owned(), "the connection URL cannot be used"),
    ] {
        let secret = bed.secret(&url);
        let error = start(&secret, json!({ "connect_timeout": "2s" }), &[])
            .await
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("`url`") && error.contains(words),
            "{url}: {error}"
        );
        assert!(
            !error.contains("canary") || error.contains("database \"canary\""),
            "{error}"
        );
    }
}

#[tokio::test]
async fn tls_is_spoken_with_whom_the_certificate_names() {
    let bed = Bed::new().await;
    let port = bed.cluster.port();
    let roots = bed.cluster.authority().display().to_string();
    let encrypted = "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let url = |host: &str, more: &str| {
        format!(
            "postgres://app:correct%20horse@{host}:{port}/{}{more}",
            bed.name
        )
    };
    for (url, config, expected) in [
        (
            url("localhost", ""),
            json!({ "tls": "require", "tls_roots": roots }),
            json!([[true, "TLSv1.3"]]),
        ),
        (
            url("localhost", "?sslmode=verify-full"),
            json!({ "tls_roots": roots }),
            json!([[true, "TLSv1.3"]]),
        ),
        (
            url("localhost", "?channel_binding=require&sslmode=require"),
            json!({ "tls_roots": roots }),
            json!([[true, "TLSv1.3"]]),
        ),
        // To this machine nothing is encrypted unless somebody says so; a name is resolved without libc.
        (url("localhost", ""), json!({}), json!([[false, null]])),
        (url("127.0.0.1", ""), json!({}), json!([[false, null]])),
        (
            url("localhost", "?sslmode=require"),
            json!({ "tls": "disable" }),
            json!([[false, null]]),
        ),
    ] {
        let plugin = start(&bed.secret(&url), config.clone(), &[]).await;
        let plugin = plugin.unwrap_or_else(|error| panic!("{config}: {error}"));
        assert_eq!(rows(&plugin, encrypted).await, expected, "{config}");
        plugin.stop().await;
    }
    for (url, config, words) in [
        // Nobody vouches for the authority.
        (
            url("localhost", ""),
            json!({ "tls": "require" }),
            "no trusted TLS connection",
        ),
        // The certificate is somebody else's.
        (
            url("127.0.0.1", ""),
            json!({ "tls": "require", "tls_roots": roots }),
            "no trusted TLS connection",
        ),
        (
            url("localhost", "?sslmode=verify-full"),
            json!({}),
            "`tls_roots`",
        ),
    ] {
        let error = start(&bed.secret(&url), config.clone(), &[])
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains(words), "{config}: {error}");
        assert!(!error.contains("horse"), "{error}");
    }
    // Cancelling, too, goes over TLS, and what is too large is seen within it.
    let config = json!({ "tls": "require", "tls_roots": roots, "guard": "database", "statement_timeout": "60s", "max_bytes": 4096 });
    let plugin = start(&bed.secret(&url("localhost", "")), config, &[])
        .await
        .unwrap();
    let large = plugin
        .call("query", json!({ "sql": "SELECT repeat('x', 50000000)" }))
        .await
        .unwrap_err();
    assert!(
        large.to_string().contains("more than the 4096 bytes"),
        "{large}"
    );
    let admin = bed.connect("postgres").await;
    let count = "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(31)' AND state = 'active'";
    let at_work = async |wanted: i64| {
        let begun = std::time::Instant::now();
        while admin.query_one(count, &[]).await.unwrap().get::<_, i64>(0) != wanted {
            assert!(begun.elapsed().as_secs() < 5, "never {wanted}");
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    {
        let call = plugin.call("query", json!({ "sql": "SELECT pg_sleep(31)" }));
        tokio::select! { done = call => panic!("{done:?}"), () = at_work(1) => {} }
    }
    at_work(0).await;
    plugin.stop().await;
}

#[tokio::test]
async fn a_password_may_change_while_the_server_runs() {
    let bed = Bed::new().await;
    let admin = bed.connect("postgres").await;
    let role = format!("changer_{}", bed.name);
    admin
        .batch_execute(&format!("CREATE ROLE {role} LOGIN PASSWORD 'one'"))
        .await
        .unwrap();
    let url = |password: &str| {
        format!(
            "postgres://{role}:{password}@127.0.0.1:{}/{}",
            bed.cluster.port(),
            bed.name
        )
    };
    let place = bed.secret(&url("one"));
    let plugin = start(&place, json!({ "pool_max": 1 }), &[]).await.unwrap();
    admin
        .batch_execute(&format!("ALTER ROLE {role} PASSWORD 'two'"))
        .await
        .unwrap();
    fs::write(place.strip_prefix("file:").unwrap(), url("two")).unwrap();
    let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1";
    admin.query(sql, &[&role]).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(rows(&plugin, "SELECT 1").await, json!([[1]]));
    plugin.stop().await;
    admin
        .batch_execute(&format!("DROP ROLE {role}"))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_full_pool_says_so_and_a_probe_does_not_wait() {
    let bed = Bed::new().await;
    let plugin = bed
        .plugin(json!({ "pool_max": 1, "guard": "database", "statement_timeout": "60s" }))
        .await;
    let health = plugin.health().await;
    assert_eq!(health.trouble(), None);
    assert!(health.gauges().contains(&("pool_max", 1.0)), "{health:?}");
    let long = plugin.call("query", json!({ "sql": "SELECT pg_sleep(20)" }));
    let others = async {
        let in_use = async || {
            plugin
                .health()
                .await
                .gauges()
                .contains(&("pool_in_use", 1.0))
        };
        while !in_use().await {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        let begun = std::time::Instant::now();
        let health = plugin.health().await;
        assert!(begun.elapsed().as_secs() < 5 && health.trouble().is_none());
        assert!(
            health.gauges().contains(&("pool_in_use", 1.0)),
            "{health:?}"
        );
        plugin
            .call("query", json!({ "sql": "SELECT 1" }))
            .await
            .unwrap_err()
            .to_string()
    };
    tokio::select! {
        done = long => panic!("{done:?}"),
        message = others => assert!(message.contains("all 1 connections"), "{message}"),
    }
    plugin.stop().await;
}
