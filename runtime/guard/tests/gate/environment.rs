//! A secret from the environment. It is set for a process of its own, which is this test once more.

use std::process::Command;

use mcp_factory_guard::{Clock, GateConfig, Gates};

use crate::place::{NOW, SHELL, code};

const VARIABLE: &str = "MCP_FACTORY_TEST_GATE";

#[tokio::test]
async fn a_secret_comes_from_the_environment() {
    let json = format!("{{\"groups\":{{\"shell\":{{\"secret\":\"env:{VARIABLE}\"}}}}}}");
    let config: GateConfig = serde_json::from_str(&json).expect("a configuration");
    let gates = Gates::new("notes", &config, &["shell"], None, Clock::following(NOW));
    if std::env::var_os(VARIABLE).is_some() {
        let gates = gates.expect("the variable is set");
        assert!(
            gates
                .unlock("ann", "shell", &code(SHELL, NOW))
                .await
                .is_ok()
        );
        return;
    }
    let problems = gates.expect_err("the variable is not set");
    assert_eq!(problems[0].path, "groups.shell.secret");
    assert!(problems[0].message.contains(VARIABLE), "{problems:?}");
    let again = std::env::current_exe().expect("a test is a program");
    let output = Command::new(again)
        .args([
            "--exact",
            "environment::a_secret_comes_from_the_environment",
        ])
        .env(VARIABLE, SHELL)
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}"
    );
}
