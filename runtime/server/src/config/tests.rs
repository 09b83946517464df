//! Layers, values, and every problem at its place.

use std::io::Write;
use std::time::Duration;

use serde_json::json;

use super::{Config, KeepFor, Layers};

fn load(
    defaults: &'static str,
    file: Option<&str>,
    assignments: &[&str],
) -> Result<Config, Vec<String>> {
    let mut written = tempfile::Builder::new()
        .prefix("server")
        .suffix(".toml")
        .tempfile()
        .unwrap();
    written
        .write_all(file.unwrap_or_default().as_bytes())
        .unwrap();
    let layers = Layers {
        defaults,
        file: file.map(|_| written.path().to_owned()),
        read_only: false,
        assignments: assignments.iter().map(ToString::to_string).collect(),
        ..Layers::default()
    };
    let path = written.path().display().to_string();
    Config::load(&layers, &["fs", "jira"], &|_| json!({})).map_err(|problems| {
        problems
            .iter()
            .map(|problem| problem.to_string().replace(&path, "FILE"))
            .collect()
    })
}

#[test]
fn later_layers_win_setting_by_setting() {
    let config = load(
        "[http]\nmax_body = '1MiB'\nlisten = '127.0.0.1:1'\n[limits]\ntimeout = '5s'",
        Some("[http]\nmax_body = '2MiB'\nlegacy_sessions = 0\n[server]\ndrain = \"250ms\""),
        &["http.max_body=3MiB", "log.json=true"],
    )
    .unwrap();
    assert_eq!(config.http.max_body, 3 << 20);
    assert_eq!(config.http.listen.to_string(), "127.0.0.1:1");
    assert_eq!(config.http.legacy_sessions, 0);
    assert_eq!(config.limits.timeout, Duration::from_secs(5));
    assert_eq!(config.server.drain, Duration::from_millis(250));
    assert!(config.log.json);
    assert_eq!(
        config.limits.concurrency, 256,
        "untouched settings keep their defaults"
    );
}

#[test]
fn plugin_sections_are_merged_and_remember_their_places() {
    let config = load(
        "[plugins.fs]\nroots = ['/a']\nlimits = { bytes = 1, files = 2 }\nat = 1979-05-27\nratio = 0.5",
        Some("[plugins.fs]\nroots = ['/b', '/c']\n\n[plugins.fs.limits]\nbytes = 0x10"),
        &["plugins.fs.limits.files=9"],
    )
    .unwrap();
    let expected = json!({
        "roots": ["/b", "/c"], "limits": {"bytes": 16, "files": 9}, "at": "1979-05-27", "ratio": 0.5,
    });
    assert_eq!(json!(config.plugin_sections()), json!({"fs": expected}));
    let place = |path: &str| {
        config
            .set_at(&format!("plugins.fs.{path}"))
            .map(|place| place.rsplit('/').next().unwrap().to_owned())
    };
    assert!(
        place("roots[1]").unwrap().ends_with(".toml:2:16"),
        "{:?}",
        place("roots[1]")
    );
    assert!(place("limits.bytes").unwrap().ends_with(".toml:5:1"));
    assert_eq!(
        config.set_at("plugins.fs.limits.files"),
        Some("--set plugins.fs.limits.files")
    );
    assert_eq!(
        config.set_at("plugins.fs.ratio.x"),
        Some("the manifest's defaults:5:1")
    );
    assert_eq!(
        place("roots[7].name"),
        place("roots"),
        "what is missing is where it would be"
    );
    assert_eq!(config.set_at("plugins.jira.token"), None);
}

#[test]
fn every_problem_is_told_at_its_place() {
    let file = "[http]\nmax_bdy = 1\nheader_timeout = 10\nlisten = 'nowhere'\n\n[htp]\nx = 1\n\n[limits]\nconcurrency = 0\ntimeout = \"5 parsecs\"\n\
                [plugins.fss]\na = 1\n[stdio]\nmax_line = \"4 furlongs\"\n";
    let problems = load(
        "",
        Some(file),
        &["http.max_bodi=1", "nonsense", "server.drain=0s"],
    )
    .unwrap_err();
    let expected = [
        ("--set nonsense:", "KEY=VALUE"),
        (
            "FILE:2:1:",
            "unknown setting `http.max_bdy`; did you mean `max_body`?",
        ),
        (
            "FILE:3:18:",
            "`http.header_timeout`: expected a duration, found an integer: write \"250ms\"",
        ),
        ("FILE:4:10:", "`nowhere` is no address"),
        ("FILE:6:2:", "unknown section `htp`; did you mean `http`?"),
        ("FILE:10:15:", "0 is out of range: from 1"),
        ("FILE:11:11:", "`5 parsecs` is no duration"),
        (
            "FILE:12:10:",
            "this server has no plugin `fss`; did you mean `fs`?",
        ),
        ("FILE:15:12:", "`4 furlongs` is no size"),
        ("--set http.max_bodi:", "did you mean `max_body`?"),
        ("--set server.drain:", "from 1ms to 24h"),
    ];
    for (place, message) in expected {
        assert!(
            problems
                .iter()
                .any(|problem| problem.starts_with(place) && problem.contains(message)),
            "{place} {message}\nnot in {problems:#?}"
        );
    }
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
}

#[test]
fn values_are_checked_where_they_are_written() {
    for (assignment, message) in [
        ("http.public_url=mcp.example.com", "no public URL"),
        ("http.allowed_hosts=[\"https://a\"]", "no host"),
        (
            "http.allowed_hosts=a.example",
            "a list of strings, found a string",
        ),
        ("http.allowed_origins=[\"*\"]", "no origin"),
        ("http.max_body=100", "out of range"),
        ("http.max_body=99999999GiB", "out of range"),
        ("http.max_connections=-1", "out of range"),
        ("http.max_connections=1.5", "a whole number, found a float"),
        ("log.level=loud", "`loud`"),
        ("log.json=maybe", "true or false"),
        ("http=1", "write [http]"),
        ("plugins.fs=1", "write [plugins.fs]"),
        ("plugins.fs.ratio=nan", "no meaning"),
        ("a=1", "unknown section `a`"),
    ] {
        let problems = load("", None, &[assignment]).unwrap_err();
        assert!(
            problems.len() == 1 && problems[0].contains(message),
            "{assignment}: {problems:?}"
        );
        assert!(
            problems[0].starts_with(&format!(
                "--set {}: ",
                assignment.split('=').next().unwrap()
            )),
            "{problems:?}"
        );
    }
}

#[test]
fn broken_toml_and_a_missing_file_are_told() {
    let problems = load("", Some("[http]\nmax_body = \n"), &[]).unwrap_err();
    assert!(problems[0].starts_with("FILE:2:"), "{problems:?}");
    let layers = Layers {
        file: Some("/nowhere/server.toml".into()),
        ..Layers::default()
    };
    let problems = Config::load(&layers, &[], &|_| json!({}))
        .unwrap_err()
        .to_string();
    assert!(
        problems.contains("--config: cannot read /nowhere/server.toml"),
        "{problems}"
    );
}

#[test]
fn read_only_is_never_taken_back() {
    let problems = load(
        "[access]\nread_only = true",
        None,
        &["access.read_only=false"],
    )
    .unwrap_err();
    assert_eq!(
        problems,
        [
            "--set access.read_only: `access.read_only`: an earlier layer said true, and nothing loosens it"
        ]
    );
    let config = load(
        "",
        Some("[access]\nread_only = false"),
        &["access.read_only=true"],
    )
    .unwrap();
    assert!(config.access.read_only);
}

#[test]
fn sections_of_guards_are_read_as_a_whole_at_their_places() {
    let file = "[auth]\nmode = 'keys'\n[access.contains]\nadmin = ['read']\n[limits]\nrate = 'off'\n\
                [limits.tools.echo]\nrate = '2/s'\nmax_result = '4KiB'\n[tenants.acme]\nconcurrency = 3";
    let config = load("", Some(file), &["limits.tools.echo.timeout=1s"]).unwrap();
    assert_eq!(config.limits.rate, None);
    let echo = &config.tool_limits["echo"];
    assert_eq!(echo.timeout, Some(Duration::from_secs(1)));
    assert_eq!(echo.max_result, Some(4_096));
    assert_eq!(config.tenants["acme"].concurrency, Some(3));
    assert_eq!(
        config.place("auth.mode"),
        config.set_at("auth.mode").unwrap()
    );

    let wrong = "[auth]\nisuer = 'x'\n[limits.tools.echo]\nrate = 'fast'\n[tenants.acme]\nplugin = {}\n\
                 [http]\ntrusted_proxies = ['all']";
    let problems = load("", Some(wrong), &[]).unwrap_err();
    assert_eq!(
        problems,
        [
            "FILE:8:19: `http.trusted_proxies`: `all` is no network: write `10.0.0.0/8`, or the address of one proxy",
            "FILE:2:1: unknown setting `auth.isuer`; did you mean `issuer`?",
            "FILE:4:1: `limits.tools.echo.rate`: a rate is a number of calls in a time: \"10/s\", \"100/m\", \"1/30s\"; or \"off\"",
            "FILE:6:1: unknown setting `tenants.acme.plugin`; did you mean `plugins`?",
        ]
    );
}

#[test]
fn answers_are_kept_for_as_long_and_in_as_much_memory_as_the_operator_says() {
    let file = "[limits]\ncache = '2MiB'\n[limits.tools.a]\ncache = '30s'\n[limits.tools.b]\ncache = 'off'";
    let config = load("", Some(file), &[]).unwrap();
    assert_eq!(config.limits.cache, 2 << 20);
    let kept = |tool: &str| config.tool_limits[tool].cache;
    assert_eq!(kept("a"), Some(KeepFor(Some(Duration::from_secs(30)))));
    assert_eq!(kept("b"), Some(KeepFor(None)));
    let config = load("", None, &["limits.cache=off"]).unwrap();
    assert_eq!(config.limits.cache, 0);
    assert_eq!(load("", None, &[]).unwrap().limits.cache, 64 << 20);

    let wrong =
        "[limits]\ncache = '1KiB'\n[limits.tools.a]\ncache = '25h'\n[limits.tools.b]\ncahe = '1s'";
    let problems = load("", Some(wrong), &[]).unwrap_err();
    assert_eq!(
        problems,
        [
            "FILE:2:9: `limits.cache`: the size is out of range: from 1048576 to 1073741824 bytes",
            "FILE:6:1: unknown setting `limits.tools.b.cahe`; did you mean `cache`?",
            "FILE:4:1: `limits.tools.a.cache`: `25h` is out of range: from 1ms to 24h; or \"off\"",
        ]
    );
    let misspelt = "[limits]\ncahce = 'off'\n[limits.tools.b]\ncahe = '1s'";
    let problems = load("", Some(misspelt), &[]).unwrap_err();
    assert_eq!(
        problems,
        [
            "FILE:2:1: unknown setting `limits.cahce`; did you mean `cache`?",
            "FILE:4:1: unknown setting `limits.tools.b.cahe`; did you mean `cache`?",
        ]
    );
}

#[test]
fn a_secret_in_the_wrong_place_is_not_repeated() {
    for file in [
        "[auth]\nkeys = 'canary'",
        "[auth]\nkeys = ['canary']",
        "[auth]\nclient_secret = 'canary'",
        "[gate.groups]\nshell = 'canary'",
        "[gate.groups.shell]\nsecret = 'canary'",
        "[redis]\nurl = 'redis://u:canary@localhost'",
        "[audit]\nkey = 'canary'",
        "[server]\nstate_key = 'canary'",
    ] {
        let problems = load("", Some(file), &[]).unwrap_err();
        assert!(!problems.join("\n").contains("canary"), "{problems:#?}");
    }
    for assignment in ["auth.client_secret=canary", "server.state_key=canary"] {
        let problems = load("", None, &[assignment]).unwrap_err();
        assert!(!problems.join("\n").contains("canary"), "{problems:#?}");
    }
}
