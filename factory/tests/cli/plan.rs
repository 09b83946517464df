//! The printed plan, byte for byte. `BLESS=1` writes the goldens anew.

use std::{env, fs, path::Path};

use crate::driver::Factory;

fn assert_golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if env::var_os("BLESS").is_some() {
        fs::write(path, text).unwrap();
    } else {
        assert_eq!(
            text,
            fs::read_to_string(path).unwrap(),
            "BLESS=1 accepts it"
        );
    }
}

fn project() -> Factory {
    let factory = Factory::with_manifest(
        r#"
[server]
name = "myservice"
version = "0.3.0"
description = "Platform team tools"
config.http.listen = "127.0.0.1:9000"

[build]
profile = "small"
static = "require"

[limits]
max_tools = 40
max_tokens = 12000

[plugins.zeta]
path = "zeta"
config = { level = 3 }

[plugins.jira]
path = "jira"
prefix = "j"
deny = ["create"]
features = ["cloud"]
"#,
    );
    factory.write_plugin("zeta", "acme-zeta", &["one"]);
    factory.write_plugin("jira", "acme-jira", &["search", "create"]);
    factory.write(
        "jira/Cargo.toml",
        &format!(
            "{}env = [\"JIRA_TOKEN\"]\nhosts = [\"*.atlassian.net\"]\n",
            factory.read("jira/Cargo.toml")
        ),
    );
    factory
}

#[test]
fn for_people() {
    assert_golden("plan.txt", &project().run(&["plan"]).succeeds().stdout);
}

#[test]
fn for_programs() {
    let value = project()
        .run(&["plan", "--format", "json"])
        .succeeds()
        .json();
    assert_golden(
        "plan.json",
        &format!("{}\n", serde_json::to_string_pretty(&value).unwrap()),
    );
}
