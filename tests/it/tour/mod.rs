//! A client that nobody here wrote calls every tool of every built-in plugin once, on one server that has
//! all of them, each beside the real service or one that speaks like it.
//!
//! A file for each plugin prepares its stop: the settings, the service, the calls. The Python SDK makes
//! the calls and holds every answer against the tool's output schema.

mod data;
mod fs;
mod git;
mod guarded;
mod hosted;
mod s3;
mod small;
mod web;

use std::{
    any::Any, collections::BTreeSet, fmt::Write as _, io::Write as _, path::Path, process::Stdio,
};

use mcp_factory_tests::{Product, Tools};
use serde_json::{Value, json};

/// What one plugin needs, and how its tools are called.
#[derive(Default)]
pub(super) struct Stop {
    /// Its part of the configuration.
    config: String,
    /// Variables of the server's environment.
    environment: Vec<(String, String)>,
    /// Tools and arguments, in order. `$0.a` in arguments is `a` in what the stop's first call answered.
    calls: Vec<(&'static str, Value)>,
    /// Runs until the tour is over.
    services: Vec<Box<dyn Any>>,
}

/// A path as TOML has texts.
fn quoted(path: &Path) -> String {
    let path = path.to_str().expect("the tour's paths are text");
    format!("{path:?}")
}

/// What a service that only plays its part cannot do: called, and refused in words.
const REFUSED: &[&str] = &["gh_get_job_logs", "linear_search_issues"];

/// All stops, in any order.
const STOPS: &[fn(&Path) -> Stop] = &[
    fs::stop,
    small::stop,
    data::sqlite,
    data::postgres,
    hosted::github,
    hosted::slack,
    hosted::linear,
    hosted::notion,
    web::stop,
    git::stop,
    s3::stop,
    guarded::stop,
];

#[test]
fn a_client_that_others_wrote_calls_every_tool() {
    // Built before the stops are made: the code that one of them has from an app is good for a minute.
    let server = Product::Everything.binary();
    let folder = tempfile::tempdir().expect("there is room for a directory");
    let (mut config, mut calls, mut environment) = (String::new(), Vec::new(), Vec::new());
    let mut services = Vec::new();
    for stop in STOPS {
        let stop = stop(folder.path());
        config.push_str(&stop.config);
        environment.extend(stop.environment);
        services.extend(stop.services);
        let first = calls.len();
        let numbered = stop.calls.into_iter();
        calls.extend(numbered.map(|(tool, arguments)| json!([tool, shifted(arguments, first)])));
    }
    let path = folder.path().join("server.toml");
    std::fs::write(&path, config).expect("the directory is ours");

    let mut client = Tools::installed().python_client("python_tour.py");
    client.arg(server).arg("--config").arg(&path);
    client
        .envs(environment)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut client = client.spawn().expect("the client is installed");
    let mut stdin = client.stdin.take().expect("stdin is piped");
    stdin
        .write_all(json!(calls).to_string().as_bytes())
        .expect("the client reads");
    drop(stdin);
    let output = client.wait_with_output().expect("the client ends");
    assert!(
        output.status.success(),
        "the client failed; what it said is above"
    );
    let seen: Value = serde_json::from_slice(&output.stdout).expect("it prints JSON");

    let answers = seen["answers"].as_array().expect("a list");
    let mut failed = String::new();
    let is_refused = |answer: &&Value| REFUSED.iter().any(|tool| answer["tool"] == *tool);
    for answer in answers.iter().filter(is_refused) {
        assert_eq!(answer["is_error"], true, "{answer}");
    }
    let answers = answers.iter().filter(|answer| !is_refused(answer));
    for answer in answers.filter(|answer| answer["is_error"] != false) {
        writeln!(failed, "{}: {}", answer["tool"], answer["text"]).expect("text grows");
    }
    assert!(failed.is_empty(), "{failed}");
    let names = |list: &Value, key: &str| -> BTreeSet<String> {
        let list = list.as_array().expect("a list").iter();
        let names = list.map(|item| item.get(key).unwrap_or(item));
        names
            .map(|name| name.as_str().expect("a name").to_owned())
            .collect()
    };
    let offered = names(&seen["tools"], "");
    let called = names(&seen["answers"], "tool");
    let missed: Vec<_> = offered.difference(&called).collect();
    assert!(missed.is_empty(), "nobody called {missed:?}");
    assert!(offered.len() > 100, "there are {} tools", offered.len());
    drop(services);
}

/// Texts such as `$0.a` count from the stop's first call; the client counts from the tour's.
fn shifted(value: Value, first: usize) -> Value {
    match value {
        Value::String(text) => {
            let reference = text.strip_prefix('$').and_then(|rest| rest.split_once('.'));
            match reference.and_then(|(index, path)| Some((index.parse::<usize>().ok()?, path))) {
                Some((index, path)) => format!("${}.{path}", index + first).into(),
                None => text.into(),
            }
        }
        Value::Array(items) => items.into_iter().map(|item| shifted(item, first)).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(key, item)| (key, shifted(item, first)))
            .collect(),
        other => other,
    }
}
