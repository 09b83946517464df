//! Who may import whom: the rules of ARCHITECTURE.md, held against cargo's own view of the workspace.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// Packages that each package names in its own `Cargo.toml`, for building (not for testing).
fn direct_dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .no_deps()
        .exec()
        .expect("cargo can read the workspace");
    let named = |package: &cargo_metadata::Package| {
        let built_with = package
            .dependencies
            .iter()
            .filter(|dependency| dependency.kind != DependencyKind::Development);
        built_with
            .map(|dependency| dependency.name.clone())
            .collect()
    };
    metadata
        .packages
        .iter()
        .map(|package| (package.name.to_string(), named(package)))
        .collect()
}

fn is_ours(package: &str) -> bool {
    package.starts_with("mcp-")
}

/// The packages of this workspace that `package` names.
fn ours(package: &str, all: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let named = all
        .get(package)
        .unwrap_or_else(|| panic!("there is no package {package}"));
    named.iter().filter(|name| is_ours(name)).cloned().collect()
}

#[test]
fn imports_run_one_way() {
    let all = direct_dependencies();
    assert!(ours("mcp-factory-macros", &all).is_empty());
    assert_eq!(ours("mcp-factory-sdk", &all), ["mcp-factory-macros"]);
    assert_eq!(ours("mcp-factory-server", &all), ["mcp-factory-sdk"]);
    assert!(ours("mcp-factory-templates", &all).is_empty());
    assert_eq!(
        ours("mcp-factory", &all),
        ["mcp-factory-sdk", "mcp-factory-templates"]
    );
    let plugins: Vec<&String> = all
        .keys()
        .filter(|name| name.starts_with("mcp-plugin-"))
        .collect();
    assert!(
        plugins.len() >= 5,
        "the plugins were not found: {plugins:?}"
    );
    for plugin in plugins {
        assert_eq!(ours(plugin, &all), ["mcp-factory-sdk"], "{plugin}");
    }
}

#[test]
fn every_package_is_known_to_this_test() {
    let known = [
        "mcp-factory",
        "mcp-factory-macros",
        "mcp-factory-sdk",
        "mcp-factory-server",
        "mcp-factory-templates",
        "mcp-factory-tests",
    ];
    for package in direct_dependencies().keys() {
        assert!(
            known.contains(&package.as_str()) || package.starts_with("mcp-plugin-"),
            "{package} has no place in ARCHITECTURE.md"
        );
    }
}

#[test]
fn the_protocol_library_and_http_stay_in_the_server() {
    for (package, dependencies) in direct_dependencies() {
        for library in ["rmcp", "hyper", "hyper-util", "http"] {
            assert!(
                package == "mcp-factory-server" || !dependencies.contains(library),
                "{package} names {library}"
            );
        }
    }
}

/// `rmcp` is named in one folder of the server.
#[test]
fn the_protocol_library_stays_in_one_module() {
    let source = std::path::Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../runtime/server/src"
    ));
    let mut waiting = vec![source.to_path_buf()];
    let mut inside = 0;
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(&folder).expect("the folder is there") {
            let path = entry.expect("the entry is readable").path();
            if path.is_dir() {
                waiting.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("sources are UTF-8");
            // A comment may name it, and so may the target of a log line.
            let names = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//") && !line.contains("\"rmcp"))
                .any(|line| line.contains("rmcp::"));
            if path.starts_with(source.join("mcp")) {
                inside += usize::from(names);
            } else {
                assert!(!names, "{} names rmcp", path.display());
            }
        }
    }
    assert!(inside > 5, "the module was not found");
}
