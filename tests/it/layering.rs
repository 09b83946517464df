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
    // Who calls and whether they may are two rooms that do not know each other: the server asks both, so
    // each can be read, and tested, without the other.
    assert_eq!(ours("mcp-factory-outbound", &all), ["mcp-factory-sdk"]);
    assert_eq!(
        ours("mcp-factory-identity", &all),
        ["mcp-factory-outbound", "mcp-factory-sdk"]
    );
    assert_eq!(
        ours("mcp-factory-secrets", &all),
        ["mcp-factory-outbound", "mcp-factory-sdk"]
    );
    assert_eq!(ours("mcp-factory-guard", &all), ["mcp-factory-sdk"]);
    assert_eq!(
        ours("mcp-factory-server", &all),
        [
            "mcp-factory-guard",
            "mcp-factory-identity",
            // With `otlp`: whoever dials a collector.
            "mcp-factory-outbound",
            "mcp-factory-sdk",
            "mcp-factory-secrets"
        ]
    );
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
        let named = ours(plugin, &all);
        let reaches_out = ["mcp-factory-outbound", "mcp-factory-sdk"];
        assert!(
            named == reaches_out || named == reaches_out[1..],
            "{plugin} names {named:?}"
        );
    }
}

#[test]
fn every_package_is_known_to_this_test() {
    let known = [
        "mcp-factory",
        "mcp-factory-guard",
        "mcp-factory-identity",
        "mcp-factory-macros",
        "mcp-factory-outbound",
        "mcp-factory-sdk",
        "mcp-factory-secrets",
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

/// Libraries that have a meaning for security or for the wire, and the packages that may name them. So
/// there is one place to look when one of them has a hole or changes: no other package can be affected.
const OWNERS: &[(&str, &[&str])] = &[
    // The protocol.
    ("rmcp", &["mcp-factory-server"]),
    // Connections: those that come in, and those that go out.
    ("hyper", &["mcp-factory-outbound", "mcp-factory-server"]),
    ("h2", &["mcp-factory-server"]),
    (
        "hyper-util",
        &["mcp-factory-outbound", "mcp-factory-server"],
    ),
    // Headers: read by the server and by whoever finds a credential in them, written on the way out.
    (
        "http",
        &[
            "mcp-factory-identity",
            "mcp-factory-outbound",
            "mcp-factory-server",
        ],
    ),
    // Collectors of traces.
    ("opentelemetry-otlp", &["mcp-factory-server"]),
    ("tonic", &["mcp-factory-server"]),
    // Tokens.
    ("jsonwebtoken", &["mcp-factory-identity"]),
    // Who dials out, by which names and with whom in confidence; Redis brings its own.
    ("reqwest", &[]),
    ("hickory-resolver", &["mcp-factory-outbound"]),
    (
        "rustls",
        &[
            "mcp-factory-guard",
            "mcp-factory-outbound",
            "mcp-factory-server",
        ],
    ),
    // Counting, sharing what was counted, and the second factor.
    ("governor", &["mcp-factory-guard"]),
    ("redis", &["mcp-factory-guard"]),
    ("totp-rs", &["mcp-factory-guard"]),
    // What executes: SQL, scripts, commands.
    ("rusqlite", &["mcp-plugin-memory", "mcp-plugin-sqlite"]),
    ("tokio-postgres", &["mcp-plugin-postgres"]),
    ("rhai", &["mcp-plugin-code"]),
    ("landlock", &["mcp-plugin-git", "mcp-plugin-shell"]),
    ("seccompiler", &["mcp-plugin-shell"]),
    ("gix-odb", &["mcp-plugin-git"]),
];

#[test]
fn each_library_that_matters_has_its_owners() {
    let all = direct_dependencies();
    for (library, owners) in OWNERS {
        let named: Vec<&str> = all
            .iter()
            .filter(|(_, dependencies)| dependencies.contains(*library))
            .map(|(package, _)| package.as_str())
            .collect();
        assert_eq!(named, *owners, "who names {library}");
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
            // A comment may name it, and so may a text: the target of a log line.
            let names = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .filter_map(|line| line.split_once("rmcp::"))
                .any(|(before, _)| before.matches('"').count() % 2 == 0);
            if path.starts_with(source.join("mcp")) {
                inside += usize::from(names);
            } else {
                assert!(!names, "{} names rmcp", path.display());
            }
        }
    }
    assert!(inside > 5, "the module was not found");
}
