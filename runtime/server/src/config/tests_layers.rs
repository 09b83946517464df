//! Where values may come from: files of both kinds, variables, profiles; and what `schema` and `env` say of them.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::{Config, Environment, Layers};

/// The section of the only plugin.
fn fs(_: &str) -> Value {
    json!({
        "type": "object", "additionalProperties": false, "description": "Files.",
        "properties": {
            "roots": {"type": "array", "items": {"type": "string"}, "description": "Directories.\nAll of them.", "default": []},
            "max_bytes": {"type": "integer", "default": 10},
            "token": {"type": "string", "pattern": "^(env|file|vault|awssm):.+$", "writeOnly": true},
            "label": {"type": "string", "default": "it's"},
            "breaker": {"type": "object", "additionalProperties": false, "properties": {"rest": {"type": "string"}}},
            "names": {"type": "object", "additionalProperties": {"type": "string"}},
        },
    })
}

struct Set {
    folder: tempfile::TempDir,
    layers: Layers,
}

impl Set {
    fn new(variables: &[(&str, &str)]) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            layers: Layers {
                environment: Environment::of(variables.iter().copied()),
                ..Layers::default()
            },
        }
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn file(mut self, name: &str, text: &str) -> Self {
        self.layers.file = Some(self.write(name, text));
        self
    }

    fn load(&self) -> Result<Config, Vec<String>> {
        Config::load(&self.layers, &["fs"], &fs).map_err(|problems| {
            let folder = format!("{}/", self.folder.path().display());
            let texts = problems.iter();
            texts
                .map(|problem| problem.to_string().replace(&folder, ""))
                .collect()
        })
    }
}

#[test]
fn variables_beat_the_file_and_lose_to_set() {
    let variables = [
        ("MCP_HTTP__MAX_BODY", "2MiB"),
        ("MCP_HTTP__LISTEN", "9000"),
        ("MCP_LOG__JSON", "true"),
        ("MCP_LIMITS__CONCURRENCY", "7"),
        ("MCP_PLUGINS__FS__ROOTS", r#"["/a", "/b c"]"#),
        ("MCP_PLUGINS__FS__LABEL", "123"),
        ("MCP_PLUGINS__FS__BREAKER__REST", "5s"),
        ("MCP_PLUGINS__FS__NAMES", r#"{ x = "y" }"#),
        ("MCP_LIMITS__TOOLS__ECHO__RATE", "2/s"),
        ("MCP_HTTP__ALLOWED_HOSTS", "[]"),
        ("MCP_TIMEOUT", "not ours"),
        ("OTHER__THING", "not ours"),
    ];
    let mut set = Set::new(&variables).file(
        "server.toml",
        "[http]\nmax_body = '1MiB'\nmax_connections = 3\n[plugins.fs]\nmax_bytes = 5",
    );
    set.layers.assignments = vec!["limits.concurrency=8".to_owned()];
    let config = set.load().unwrap();
    assert_eq!(config.http.max_body, 2 << 20);
    assert_eq!(config.http.listen.to_string(), "127.0.0.1:9000");
    assert_eq!(config.http.max_connections, 3);
    assert!(config.log.json);
    assert_eq!(config.limits.concurrency, 8);
    assert!(config.tool_limits["echo"].rate.is_some());
    assert_eq!(
        config.plugin_sections()["fs"],
        json!({"max_bytes": 5, "roots": ["/a", "/b c"], "label": "123", "breaker": {"rest": "5s"}, "names": {"x": "y"}})
    );
    assert_eq!(
        config.place("http.max_body"),
        "the environment variable MCP_HTTP__MAX_BODY"
    );
    assert_eq!(
        config.place("limits.concurrency"),
        "--set limits.concurrency"
    );
    assert!(
        config
            .place("http.max_connections")
            .ends_with("server.toml:3:1")
    );
    assert_eq!(
        config.place("plugins.fs.roots[1]"),
        "the environment variable MCP_PLUGINS__FS__ROOTS"
    );
}

#[test]
fn a_variable_that_is_nobodys_setting_is_told_with_the_nearest() {
    let wrong = [
        (
            "MCP_HTP__MAX_BODY",
            "1",
            "no setting begins with `MCP_HTP`; did you mean `MCP_HTTP`?",
        ),
        (
            "MCP_HTTP__MAX_BDY",
            "1",
            "no setting begins with `MCP_HTTP__MAX_BDY`; did you mean `MCP_HTTP__MAX_BODY`?",
        ),
        (
            "MCP_PLUGINS__FSS__ROOTS",
            "1",
            "did you mean `MCP_PLUGINS__FS`?",
        ),
        (
            "MCP_PLUGINS__FS__ROTS",
            "[]",
            "did you mean `MCP_PLUGINS__FS__ROOTS`?",
        ),
        (
            "MCP_HTTP_MAX_BODY",
            "1",
            "this is no setting; did you mean `MCP_HTTP__MAX_BODY`?",
        ),
        (
            "MCP_PLUGINS__FS__ROOTS",
            "[canary",
            "the value is no TOML: write a list as [\"a\", \"b\"]",
        ),
        ("MCP_HTTP__MAX_BODY", "canary?", "is no size"),
        (
            "MCP_SERVER__STATE_KEY",
            "canary",
            "a secret is named, not written down",
        ),
    ];
    for (name, value, words) in wrong {
        let problems = Set::new(&[(name, value)]).load().unwrap_err();
        assert_eq!(problems.len(), 1, "{name}: {problems:?}");
        assert!(
            problems[0].starts_with(&format!("the environment variable {name}: "))
                && problems[0].contains(words),
            "{problems:?}"
        );
        assert!(
            name == "MCP_HTTP__MAX_BODY" || !problems[0].contains("canary"),
            "{problems:?}"
        );
    }
}

#[test]
fn a_yaml_file_is_read_as_a_toml_file_is() {
    let text = "# ours\nhttp:\n  max_body: 2MiB\n  allowed_hosts: [a.example]\nlog: {json: true}\n\
                plugins:\n  fs:\n    roots:\n      - ${HOME}/docs\n    max_bytes: ${BYTES}\n    token: env:T\n";
    let set = Set::new(&[("HOME", "/h"), ("BYTES", "16")]).file("server.yaml", text);
    let config = set.load().unwrap();
    assert_eq!(config.http.max_body, 2 << 20);
    assert!(config.log.json);
    assert_eq!(
        config.plugin_sections()["fs"],
        json!({"roots": ["/h/docs"], "max_bytes": 16, "token": "env:T"})
    );
    assert!(
        config
            .place("plugins.fs.roots[0]")
            .ends_with("server.yaml:9:9")
    );
    let wrong = "http:\n  max_bdy: 1\n  listen: nowhere\nplugins:\n  fs: {roots: ['${NONE}']}\n";
    let problems = Set::new(&[]).file("server.yml", wrong).load().unwrap_err();
    assert_eq!(
        problems,
        [
            "server.yml:5:16: the environment variable NONE is not set: set it, or write ${NONE:-default}",
            "server.yml:3:11: `http.listen`: `nowhere` is no address to listen on: write `127.0.0.1:8080`, or `8080`, or `0.0.0.0:8080`",
            "server.yml:2:3: unknown setting `http.max_bdy`; did you mean `max_body`?",
        ]
    );
    let problems = Set::new(&[])
        .file("server.yml", "http: [\n")
        .load()
        .unwrap_err();
    assert!(
        problems[0].starts_with("server.yml:2:1: not YAML: "),
        "{problems:?}"
    );
}

#[test]
fn variables_are_replaced_in_files_and_nowhere_else() {
    let text = "[plugins.fs]\nroots = ['${HOME}/a', '$$x']\nnames = { '${HOME}' = '${NONE:-d}' }";
    let mut set = Set::new(&[("HOME", "/h")]).file("server.toml", text);
    set.layers.assignments = vec!["plugins.fs.label=${HOME}".to_owned()];
    let section = set.load().unwrap().plugin_sections()["fs"].clone();
    assert_eq!(section["roots"], json!(["/h/a", "$x"]));
    assert_eq!(section["names"], json!({"${HOME}": "d"}));
    assert_eq!(section["label"], "${HOME}");
}

#[test]
fn an_unset_variable_is_told_once() {
    let text = "[limits]\ntimeout = '${TIME}'\ntimout = '${TIME}'\n[gate.groups.shell]\nsecret = '${SEED}'\n\
                [auth]\nleeway = '${LEEWAY}'\nisuer = 'x'\n";
    let problems = Set::new(&[]).file("server.toml", text).load().unwrap_err();
    let unset = |place: &str, name: &str| {
        format!(
            "server.toml:{place}: the environment variable {name} is not set: set it, or write ${{{name}:-default}}"
        )
    };
    assert_eq!(
        problems,
        [
            unset("7:10", "LEEWAY"),
            unset("5:10", "SEED"),
            unset("2:11", "TIME"),
            unset("3:10", "TIME"),
            "server.toml:3:1: unknown setting `limits.timout`; did you mean `timeout`?".to_owned(),
            "server.toml:8:1: unknown setting `auth.isuer`; did you mean `issuer`?".to_owned(),
        ]
    );
}

#[test]
fn a_profile_lies_over_its_file() {
    let text = "[http]\nmax_body = '1MiB'\nmax_connections = 3\n[profile.prod.http]\nmax_body = '2MiB'\n\
                [profile.prod.plugins.fs]\nroots = ['/srv']\n[profile.dev.log]\njson = true\n";
    let set = Set::new(&[]).file("server.toml", text);
    let config = set.load().unwrap();
    assert_eq!((config.http.max_body, config.log.json), (1 << 20, false));

    let mut set = Set::new(&[("MCP_HTTP__MAX_CONNECTIONS", "4")]).file("server.toml", text);
    set.layers.profile = Some("prod".to_owned());
    let config = set.load().unwrap();
    assert_eq!(
        (config.http.max_body, config.http.max_connections),
        (2 << 20, 4)
    );
    assert_eq!(config.plugin_sections()["fs"]["roots"], json!(["/srv"]));
    assert!(config.place("http.max_body").ends_with("server.toml:5:1"));

    let by_variable = Set::new(&[("MCP_PROFILE", "dev")]).file("server.toml", text);
    assert!(by_variable.load().unwrap().log.json);

    set.layers.profile = Some("prd".to_owned());
    let problems = set.load().unwrap_err();
    assert_eq!(
        problems,
        [
            "--profile: there is no profile `prd`; did you mean `prod`?; a profile is a table [profile.prd] of the file"
        ]
    );
    let wrong = "profile = 1\n";
    let problems = Set::new(&[]).file("server.toml", wrong).load().unwrap_err();
    assert!(problems[0].contains("write [profile.NAME]"), "{problems:?}");
    let nested = "[profile.a.profile.b.http]\nmax_body = 1\n[profile.c]\n";
    let problems = Set::new(&[])
        .file("server.toml", nested)
        .load()
        .unwrap_err();
    assert!(problems[0].contains("cannot hold profiles"), "{problems:?}");
}

#[test]
fn a_profile_that_nobody_chose_needs_no_variables() {
    let toml = "[log]\njson = true\n[profile.prod.http]\npublic_url = '${NONE}'\n[profile.prod]\nlog.level = '${NONE:-info'\n\
                [profile.dev.plugins.fs]\nroots = ['${HOME}']\n";
    let yaml = "log: {json: true}\nprofile:\n  prod:\n    http: {public_url: '${NONE}'}\n    log: {level: '${NONE:-info'}\n  \
                dev:\n    plugins: {fs: {roots: ['${HOME}']}}\n";
    for (name, text) in [("server.toml", toml), ("server.yaml", yaml)] {
        let mut set = Set::new(&[("HOME", "/h")]).file(name, text);
        assert!(set.load().unwrap().log.json, "{name}");
        set.layers.profile = Some("dev".to_owned());
        let config = set.load().unwrap();
        assert_eq!(
            config.plugin_sections()["fs"]["roots"],
            json!(["/h"]),
            "{name}"
        );
        set.layers.profile = Some("prod".to_owned());
        let problems = set.load().unwrap_err().join("\n");
        assert!(
            problems.contains("NONE is not set") && problems.contains("without `}`"),
            "{name}: {problems}"
        );
    }
    // What stands beside the profiles is everybody's, and a name is no profile below a section.
    for text in [
        "[http]\npublic_url = '${NONE}'\n",
        "[plugins.fs.names.profile]\nx = '${NONE}'\n",
        "[[profile]]\nx = '${NONE}'\n",
    ] {
        let problems = Set::new(&[]).file("server.toml", text).load().unwrap_err();
        assert!(
            problems
                .iter()
                .any(|problem| problem.contains("NONE is not set")),
            "{problems:?}"
        );
    }
}

#[test]
fn an_env_file_fills_what_is_not_set() {
    let mut set = Set::new(&[("MCP_LIMITS__CONCURRENCY", "7")])
        .file("server.toml", "[plugins.fs]\nlabel = '${LABEL}'");
    let path = set.write(
        ".env",
        "MCP_LIMITS__CONCURRENCY=9\nMCP_LIMITS__TIMEOUT=5s\nLABEL=x\n",
    );
    set.layers.env_file = Some(path);
    let config = set.load().unwrap();
    assert_eq!(config.limits.concurrency, 7);
    assert_eq!(config.limits.timeout.as_secs(), 5);
    assert_eq!(config.plugin_sections()["fs"]["label"], "x");
    assert_eq!(config.added_variables.get("LABEL"), Some("x"));
    assert!(
        !format!("{config:?}").contains("LABEL"),
        "the rest of the file is nobody's to see"
    );
    set.layers.env_file = Some("/nowhere/.env".into());
    assert!(set.load().unwrap_err()[0].starts_with("--env-file: cannot read /nowhere/.env"));
}

#[test]
fn the_example_names_every_setting_and_changes_nothing() {
    let config = Set::new(&[])
        .file(
            "server.toml",
            "[server]\nstate_key = 'env:STATE'\n[plugins.fs]\ntoken = 'env:FS_TOKEN'",
        )
        .load()
        .unwrap();
    let schema = Config::schema("myservice", &["fs"], &fs);
    let example = config.example("myservice", &schema);
    for line in [
        "#STATE=",
        "#FS_TOKEN=",
        "# How long calls may still take after a signal to stop.\n#MCP_SERVER__DRAIN=20s",
        "#MCP_HTTP__TLS__CERTIFICATE=",
        "#MCP_LIMITS__TOOLS__NAME__RATE=",
        "# One of: none, jwt, introspection, keys\n#MCP_AUTH__MODE=none",
        "# [plugins.fs] Files.",
        "# Directories.\n# All of them.\n#MCP_PLUGINS__FS__ROOTS='[]'",
        "#MCP_PLUGINS__FS__MAX_BYTES=10",
        "# Where the secret is, not the secret: env:NAME or file:PATH\n#MCP_PLUGINS__FS__TOKEN=",
        "#MCP_PLUGINS__FS__BREAKER__REST=",
        "#MCP_TENANTS__NAME__PLUGINS__FS__MAX_BYTES=10",
    ] {
        assert!(
            example.contains(&format!("{line}\n")),
            "{line}\nis not in\n{example}"
        );
    }
    assert!(!example.contains("PROFILE"), "{example}");
    // With every `#` off its variable, what has a default is that default.
    let uncommented: Vec<&str> = example
        .lines()
        .filter_map(|line| line.strip_prefix('#'))
        .filter(|line| !line.starts_with(' ') && !line.ends_with('=') && !line.contains("NAME__"))
        // Those need a setting beside them that has no default.
        .filter(|line| {
            !line.starts_with("MCP_REDIS__") && !line.starts_with("MCP_SECRETS__VAULT__")
        })
        .collect();
    let mut set = Set::new(&[]);
    set.layers.env_file = Some(set.write(".env", &uncommented.join("\n")));
    let loaded = set.load().unwrap();
    assert_eq!(
        format!("{:?}", loaded.limits),
        format!("{:?}", Config::default().limits)
    );
    let names: BTreeSet<&str> = uncommented
        .iter()
        .map(|line| line.split('=').next().unwrap())
        .collect();
    assert!(
        names.len() > 30 && names.len() == uncommented.len(),
        "each once: {uncommented:#?}"
    );
}
