//! The official conformance suite, judged by its checks and not by its exit code: a scenario with
//! nothing but warnings passes there, and one that was not run is not missed.

use std::{collections::BTreeMap, fs, path::Path};

use mcp_factory_tests::{HttpServer, Product, Tools};
use serde_json::Value;

use crate::faults::LANES;

const PACKAGE: &str = "@modelcontextprotocol/conformance";

/// The checks of one run, by scenario.
type Checks = BTreeMap<String, Vec<Value>>;

/// Runs the suite with `arguments` and reads what it wrote.
fn run(server: &HttpServer, arguments: &[&str]) -> Checks {
    let folder = tempfile::tempdir().expect("there is room for a directory");
    let mut suite = Tools::installed().node(&format!("{PACKAGE}/dist/index.js"));
    suite
        .args(["server", "--url", &server.url()])
        .args(arguments)
        .arg("-o")
        .arg(folder.path());
    let output = suite.output().expect("the suite is installed");
    let checks = read(folder.path());
    assert!(
        !checks.is_empty(),
        "nothing was run: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    checks
}

/// What the suite puts after a scenario's name.
const TIME: &str = "-2026-11-21T02-57-31-398Z";

/// `server-SCENARIO-TIME/checks.json`, for each scenario.
fn read(folder: &Path) -> Checks {
    let folders = fs::read_dir(folder).expect("the suite made the directory");
    let mut checks = Checks::new();
    for folder in folders.map(|entry| entry.expect("it can be read").path()) {
        let name = folder
            .file_name()
            .and_then(|name| name.to_str())
            .expect("names are text");
        let scenario = name
            .strip_prefix("server-")
            .and_then(|name| name.get(..name.len().checked_sub(TIME.len())?))
            .expect("a known form");
        let text = fs::read_to_string(folder.join("checks.json")).expect("a scenario has checks");
        checks.insert(
            scenario.to_owned(),
            serde_json::from_str(&text).expect("checks are a list"),
        );
    }
    checks
}

/// The scenarios that `revision` requires, by the suite's own frozen list.
fn required(revision: &str) -> Vec<String> {
    let path = Tools::installed().package_file(&format!("{PACKAGE}/requirements/{revision}.yaml"));
    let text = fs::read_to_string(path).expect("the suite has a list for every revision");
    let server = text.lines().skip_while(|line| *line != "server:").skip(1);
    server
        .map_while(|line| line.strip_prefix("  - "))
        .map(str::to_owned)
        .collect()
}

fn is_bad(check: &Value) -> bool {
    !matches!(check["status"].as_str(), Some("SUCCESS" | "INFO"))
}

fn told(scenario: &str, check: &Value) -> String {
    format!(
        "{scenario}: {} {}: {}",
        check["id"], check["status"], check["errorMessage"]
    )
}

/// Every scenario of `names` was run, has a check that succeeded, and none that did not.
fn assert_passed<'a>(checks: &Checks, names: impl IntoIterator<Item = &'a str>) {
    let mut problems = Vec::new();
    for name in names {
        let Some(checks) = checks.get(name) else {
            problems.push(format!("{name} was not run"));
            continue;
        };
        if !checks.iter().any(|check| check["status"] == "SUCCESS") {
            problems.push(format!("{name} checked nothing"));
        }
        problems.extend(
            checks
                .iter()
                .filter(|check| is_bad(check))
                .map(|check| told(name, check)),
        );
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

/// All that `revision` requires, and `extras`, of a server whose requests take one of the two `LANES`.
fn assert_revision(lane: &str, revision: &str, scored: usize, extras: &[&str]) {
    let server = HttpServer::start(Product::Fixture, &["--set", lane]);
    let checks = run(&server, &["--requirements", revision]);
    let required = required(revision);
    assert_eq!(
        required.len(),
        scored,
        "the suite's list changed: {required:?}"
    );
    assert_passed(
        &checks,
        required
            .iter()
            .map(String::as_str)
            .chain(extras.iter().copied()),
    );
}

fn assert_2025_11_25(lane: &str) {
    let extras = [
        "server-session-lifecycle",
        "json-schema-2020-12",
        "server-sse-polling",
    ];
    assert_revision(lane, "2025-11-25", 30, &extras);
}

/// The extras that stay out are the ten `tasks-*`: an extension that this server does not have.
fn assert_2026_07_28(lane: &str) {
    let extras = [
        "json-schema-2020-12",
        "http-header-validation",
        "http-custom-header-server-validation",
    ];
    assert_revision(lane, "2026-07-28", 37, &extras);
}

#[test]
fn all_30_scenarios_of_2025_11_25_pass() {
    assert_2025_11_25(LANES[0]);
}

#[test]
fn all_30_scenarios_of_2025_11_25_pass_without_the_fast_lane() {
    assert_2025_11_25(LANES[1]);
}

#[test]
fn all_37_scenarios_of_2026_07_28_pass() {
    assert_2026_07_28(LANES[0]);
}

#[test]
fn all_37_scenarios_of_2026_07_28_pass_without_the_fast_lane() {
    assert_2026_07_28(LANES[1]);
}

/// The twelve that ask for no fixture, so that every server can be judged by them.
const GENERIC: [(&str, &str); 12] = [
    ("2025-11-25", "server-initialize"),
    ("2025-11-25", "ping"),
    ("2025-11-25", "tools-list"),
    ("2025-11-25", "server-sse-multiple-streams"),
    ("2025-11-25", "dns-rebinding-protection"),
    ("2025-11-25", "server-session-lifecycle"),
    ("2026-07-28", "tools-list"),
    ("2026-07-28", "server-sse-multiple-streams"),
    ("2026-07-28", "dns-rebinding-protection"),
    ("2026-07-28", "http-header-validation"),
    ("2026-07-28", "server-stateless"),
    ("2026-07-28", "input-required-result-unsupported-methods"),
];

/// What `server-stateless` cannot see without the fixture's tools, which it says itself.
const BLIND: [&str; 6] = [
    "sep-2575-server-rejects-undeclared-capability",
    "sep-2575-missing-capability-http-400",
    "sep-2575-http-server-no-independent-requests-on-stream",
    "sep-2575-server-no-log-without-loglevel",
    // Ask a tool that is not there to change a list, and then wait for the news.
    "sep-2575-server-sends-tools-list-changed-on-subscription",
    "sep-2575-server-sends-prompts-list-changed-on-subscription",
];

#[test]
fn the_12_generic_scenarios_pass_on_a_server_of_built_in_plugins() {
    let root = tempfile::tempdir().expect("there is room for a directory");
    let roots = format!("plugins.fs.roots=[{:?}]", root.path());
    let server = HttpServer::start(Product::Standard, &["--set", &roots]);
    for (revision, scenario) in GENERIC {
        let mut checks = run(
            &server,
            &["--scenario", scenario, "--spec-version", revision],
        );
        if scenario == "server-stateless" {
            let stateless = checks.get_mut(scenario).expect("it was run");
            assert_eq!(stateless.len(), 30, "the suite's checks changed");
            stateless.retain(|check| !BLIND.iter().any(|id| check["id"] == *id));
        }
        assert_passed(&checks, [scenario]);
    }
}
