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

/// Both have a tool `query`; `echo` shares no name with anybody.
#[test]
fn plugins_of_a_list_are_kept_apart_by_their_names() {
    let factory = Factory::new();
    let ran = factory.run(&["plan", "--plugins", "sqlite,echo,postgres"]);
    ran.succeeds();
    let note =
        "sqlite and postgres have names in common, so their tools begin with the plugin's name";
    assert!(ran.stderr.contains(note), "{}", ran.stderr);
    for name in ["  sqlite_query ", "  postgres_query ", "  echo "] {
        assert!(ran.stdout.contains(name), "{name}: {}", ran.stdout);
    }
    let ran = factory.run(&["plan", "--plugins", "sqlite,echo"]);
    ran.succeeds();
    assert!(!ran.stderr.contains("in common"), "{}", ran.stderr);
    assert!(ran.stdout.contains("  query "), "{}", ran.stdout);
    // In a manifest, names are somebody's choice.
    let manifest = "[server]\nname = \"x\"\n[plugins.sqlite]\n[plugins.postgres]\n";
    Factory::with_manifest(manifest).run(&["plan"]).fails(
        4,
        &["error[MF0304]: plugins `sqlite` and `postgres` both have a tool `query`"],
    );
}
