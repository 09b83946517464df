//! The generated crate on disk.

use std::{fs, time::SystemTime};

use crate::driver::Factory;

const ECHO: &str = "[server]\nname = \"x\"\n\n[plugins.echo]\nprefix = \"e\"\n";

fn times(factory: &Factory) -> Vec<(String, SystemTime)> {
    let files = factory
        .listing()
        .into_iter()
        .filter(|name| factory.path(name).is_file());
    files
        .map(|name| {
            let time = fs::metadata(factory.path(&name))
                .unwrap()
                .modified()
                .unwrap();
            (name, time)
        })
        .collect()
}

#[test]
fn the_crate_is_written_once_and_then_left_alone() {
    let factory = Factory::with_manifest(ECHO);
    factory.run(&["generate"]).succeeds();
    for name in [
        "Cargo.toml",
        "Cargo.lock",
        "defaults.toml",
        "recipe.json",
        "sbom.bin",
        "src/main.rs",
    ] {
        assert!(
            factory.path(".mcp-factory/x").join(name).is_file(),
            "{name}"
        );
    }
    let before = times(&factory);
    factory.run(&["generate"]).succeeds();
    assert_eq!(times(&factory), before);
    factory.run(&["generate", "--check"]).succeeds();
}

#[test]
fn nothing_that_is_meant_to_be_committed_names_this_machine() {
    let factory = Factory::with_manifest(ECHO);
    factory.write_plugin("own", "acme-own", &["search"]);
    factory.write(
        "mcp-factory.toml",
        &format!("{ECHO}\n[plugins.own]\npath = \"own\"\n"),
    );
    factory.run(&["generate", "--out", "server"]).succeeds();
    let here = factory
        .path("")
        .canonicalize()
        .unwrap()
        .display()
        .to_string();
    for name in [
        "server/Cargo.toml",
        "server/Cargo.lock",
        "server/recipe.json",
        "server/src/main.rs",
        "mcp-factory.lock",
    ] {
        let text = factory.read(name);
        assert!(
            !text.contains(&here) && !text.contains("mcp-factory-home"),
            "{name}:\n{text}"
        );
    }
    assert!(
        factory
            .read("server/Cargo.toml")
            .contains("acme-own = { path = \"../own\" }")
    );
    assert!(factory.read("server/.gitignore").contains("/.cargo/"));
}

#[test]
fn drift_is_told_and_nothing_is_repaired() {
    let factory = Factory::with_manifest(ECHO);
    factory
        .run(&["generate", "--check"])
        .fails(7, &["error[MF0601]", "fix: run `mcp-factory generate`"]);
    assert!(!factory.path(".mcp-factory").exists());
    factory.run(&["generate"]).succeeds();
    factory.write(".mcp-factory/x/src/main.rs", "fn main() {}");
    factory
        .run(&["generate", "--check"])
        .fails(7, &["different: src/main.rs"]);
    assert_eq!(factory.read(".mcp-factory/x/src/main.rs"), "fn main() {}");
    factory.run(&["generate"]).succeeds();
    factory.write("mcp-factory.toml", &ECHO.replace("\"e\"", "\"f\""));
    factory
        .run(&["generate", "--check"])
        .fails(7, &["src/main.rs"]);
}

#[test]
fn a_directory_of_somebody_else_is_not_touched() {
    let factory = Factory::with_manifest(ECHO);
    factory.write("mine/src/main.rs", "fn main() {}");
    factory.run(&["generate", "--out", "mine"]).fails(
        2,
        &["error[MF0104]", "files that mcp-factory did not write"],
    );
    assert_eq!(factory.read("mine/src/main.rs"), "fn main() {}");
}

#[test]
fn a_locked_run_writes_no_lockfile_and_accepts_no_other() {
    let factory = Factory::with_manifest(ECHO);
    factory.run(&["generate", "--locked"]).fails(
        7,
        &[
            "error[MF0602]: mcp-factory.lock does not exist",
            "without --locked",
        ],
    );
    assert!(!factory.path("mcp-factory.lock").exists());
    factory.run(&["generate"]).succeeds();
    factory.run(&["generate", "--locked"]).succeeds();
    let lock = factory.read("mcp-factory.lock");
    factory.write("mcp-factory.toml", &format!("{ECHO}\n[plugins.greet]\n"));
    factory
        .run(&["generate", "--locked"])
        .fails(7, &["mcp-factory.lock does not match the manifest"]);
    assert_eq!(factory.read("mcp-factory.lock"), lock);
}

#[test]
fn the_lockfile_pins_what_was_tested() {
    let factory = Factory::with_manifest(ECHO);
    factory.run(&["generate"]).succeeds();
    let lock: toml::Table = factory.read("mcp-factory.lock").parse().unwrap();
    let tested: toml::Table =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock"))
            .unwrap()
            .parse()
            .unwrap();
    let tested = tested["package"].as_array().unwrap();
    let packages = lock["package"].as_array().unwrap();
    assert!(packages.len() > 20 && packages.len() < tested.len());
    for package in packages
        .iter()
        .filter(|package| package["name"].as_str() != Some("x"))
    {
        let same = |other: &&toml::Value| {
            other["name"] == package["name"] && other["version"] == package["version"]
        };
        assert!(tested.iter().find(same).is_some(), "{package}");
    }
}

#[test]
fn a_server_without_a_manifest_leaves_the_folder_empty() {
    let factory = Factory::new();
    factory.run(&["generate", "--plugins", "echo"]).succeeds();
    assert_eq!(factory.listing(), Vec::<String>::new());
    factory
        .run(&["generate", "--plugins", "echo", "--out", "here"])
        .succeeds();
    assert!(factory.path("here/src/main.rs").is_file());
}
