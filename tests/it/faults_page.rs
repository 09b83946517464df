//! `docs/faults.md` is true: the tests and the settings that it names are there.

use std::{collections::BTreeSet, fs};

use crate::pages::{code_spans, root, tests};

const PAGE: &str = include_str!("../../docs/faults.md");

/// Packages whose tests the page names, and where these are.
const PACKAGES: [(&str, &str); 10] = [
    ("mcp-factory", "factory"),
    ("mcp-factory-guard", "runtime/guard"),
    ("mcp-factory-identity", "runtime/identity"),
    ("mcp-factory-outbound", "runtime/outbound"),
    ("mcp-factory-sdk", "runtime/sdk"),
    ("mcp-factory-server", "runtime/server"),
    ("mcp-factory-tests", "tests"),
    ("mcp-plugin-fs", "plugins/fs"),
    ("mcp-plugin-memory", "plugins/memory"),
    ("mcp-plugin-postgres", "plugins/postgres"),
];

/// The cells of every row that is no head of a table.
fn rows() -> impl Iterator<Item = Vec<&'static str>> {
    let rows = PAGE.lines().filter(|line| line.starts_with("| "));
    rows.map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
        .filter(|cells: &Vec<_>| cells[0] != "What is done")
}

#[test]
fn every_fault_has_a_test_that_exists() {
    let known = PACKAGES.map(|(package, folder)| (package, tests(&root().join(folder))));
    let mut faults = 0;
    for cells in rows() {
        assert_eq!(cells.len(), 4, "{cells:?}");
        assert!(code_spans(cells[3]).count() > 0, "{cells:?}");
        for cited in code_spans(cells[3]) {
            let (package, name) = cited.split_once(' ').unwrap_or((cited, ""));
            let (_, known) = known
                .iter()
                .find(|(known, _)| *known == package)
                .unwrap_or_else(|| panic!("`{package}` is none of the packages"));
            assert!(known.contains(name), "{package} has no test `{name}`");
        }
        faults += 1;
    }
    assert!(faults > 40, "the page lists {faults} faults");
}

/// A test of a fault that no row tells of is one that nobody finds.
#[test]
fn every_test_of_a_fault_is_in_the_page() {
    let cited: BTreeSet<&str> = PAGE
        .lines()
        .flat_map(code_spans)
        .filter_map(|span| span.strip_prefix("mcp-factory-tests "))
        .collect();
    let missing: Vec<String> = tests(&root().join("tests/it/faults"))
        .into_iter()
        .filter(|name| !cited.contains(name.as_str()))
        .collect();
    assert!(missing.is_empty(), "no row tells of {missing:?}");
}

#[test]
fn every_setting_that_bounds_a_fault_exists() {
    let settings = root().join("runtime/server/src/config/settings.rs");
    let settings = fs::read_to_string(settings).expect("sources are text");
    let mut named = 0;
    for cells in rows() {
        for setting in code_spans(cells[2]) {
            let single = ["http.", "limits.", "server.", "stdio."];
            if single.iter().any(|section| setting.starts_with(section)) {
                let row = format!("    {setting} = ");
                assert!(settings.contains(&row), "there is no setting `{setting}`");
                named += 1;
            }
        }
    }
    assert!(named > 20, "the page names {named} settings");
}
