//! What the plugin refuses to start with.

use mcp_factory_sdk::testing::TestPlugin;
use mcp_plugin_shell::PLUGIN;
use serde_json::{Value, json};

use crate::support::*;

async fn refused(body: &Value, settings: Value) -> String {
    let started = TestPlugin::start_declared(&PLUGIN, rows(tool(body, &[])), settings).await;
    started.map(|_| ()).unwrap_err().to_string()
}

#[tokio::test]
async fn a_server_without_commands_is_refused() {
    let error = TestPlugin::start(&PLUGIN, json!({}))
        .await
        .map(|_| ())
        .unwrap_err();
    assert!(
        error.to_string().contains("[[plugins.shell.tool]]"),
        "{error}"
    );
}

#[tokio::test]
async fn settings_that_are_unsafe_or_wrong_are_refused() {
    let body = perl("1", &json!({}));
    for (settings, part) in [
        (json!({ "user": "root" }), "write two numbers"),
        (json!({ "user": "0:0" }), "`user` is root"),
        (json!({ "max_concurrent": 0 }), "`max_concurrent` is 0"),
        (json!({ "max_waiting": 5000 }), "`max_waiting` is 5000"),
        (json!({ "sandbox": "on" }), "`sandbox`"),
        (json!({ "sandboxes": "off" }), "sandbox"),
    ] {
        let error = refused(&body, settings).await;
        assert!(error.contains(part), "{error}");
    }
    let error = if is_root() {
        refused(&body, json!({})).await
    } else {
        refused(&body, json!({ "user": "1:1" })).await
    };
    let part = if is_root() {
        "`allow_root = true`"
    } else {
        "remove `user`"
    };
    assert!(error.contains(part), "{error}");
}

#[tokio::test]
async fn a_program_or_a_place_that_will_not_do_is_refused() {
    for (body, part) in [
        (
            json!({ "argv": ["/nowhere/program"] }),
            "the tool `run`: /nowhere/program cannot be opened",
        ),
        (json!({ "argv": ["/etc"] }), "no regular file"),
        (json!({ "argv": ["/etc/passwd"] }), "may not be executed"),
        (
            json!({ "argv": [PERL], "read": ["/nowhere"] }),
            "`read`: /nowhere cannot be opened",
        ),
        (
            json!({ "argv": [PERL], "write": ["/nowhere"] }),
            "`write`: /nowhere cannot be opened",
        ),
        (
            json!({ "argv": [PERL], "execute": ["/nowhere"], "processes": 2 }),
            "`execute`: /nowhere",
        ),
        (
            json!({ "argv": [PERL], "cwd": "/nowhere" }),
            "`cwd`: /nowhere cannot be opened",
        ),
        (
            json!({ "argv": [PERL], "cwd": PERL }),
            "`cwd`: /usr/bin/perl cannot be opened",
        ),
    ] {
        let error = refused(&body, settings()).await;
        assert!(error.contains(part), "{error}");
    }
}
