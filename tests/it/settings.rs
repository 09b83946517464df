//! Where settings come from, and what a built server says of them: `check`, `env`, `schema`.

use std::{fs, path::Path, process::Command};

use mcp_factory_tests::{Product, guarded::GATE_SECRET};
use serde_json::Value;
use tempfile::TempDir;

/// The server in a directory of its own, with the secret that it cannot start without.
struct Operator(TempDir);

impl Operator {
    fn new() -> Self {
        let folder = TempDir::new().expect("there is room for a directory");
        fs::create_dir(folder.path().join("docs")).expect("the directory is ours");
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(self, name: &str, text: &str) -> Self {
        let text = text.replace("FOLDER", &self.path().display().to_string());
        fs::write(self.path().join(name), text).expect("the directory is ours");
        self
    }

    fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String, String) {
        let mut command = Command::new(Product::Guarded.binary());
        command.current_dir(self.path()).args(arguments);
        command.env("MCP_SHELL_GATE", GATE_SECRET);
        command.env("MCP_GATE__GROUPS__SHELL__SECRET", "env:MCP_SHELL_GATE");
        command.envs(variables.iter().copied());
        let output = command.output().expect("it runs");
        let text = |bytes: &[u8]| {
            String::from_utf8_lossy(bytes).replace(&self.path().display().to_string(), "FOLDER")
        };
        (
            output.status.code(),
            text(&output.stdout),
            text(&output.stderr),
        )
    }
}

#[test]
fn a_server_is_configured_by_variables_alone() {
    let operator = Operator::new();
    let roots = format!("[{:?}]", operator.path().join("docs").display().to_string());
    let variables = [
        ("MCP_PLUGINS__FS__ROOTS", roots.as_str()),
        ("MCP_PLUGINS__GUARDED__LABEL", "42"),
    ];
    let (code, said, complained) = operator.run(&["call", "look"], &variables);
    assert_eq!((code, said.trim()), (Some(0), "42"), "{complained}");
    let (_, said, _) = operator.run(
        &["call", "look", "--set", "plugins.guarded.label=set"],
        &variables,
    );
    assert_eq!(said.trim(), "set");

    let wrong = [("MCP_PLUGINS__FS__ROTS", "[]"), ("MCP_HTTP_LISTEN", "80")];
    let (code, _, complained) = operator.run(&["check"], &[&variables[..], &wrong].concat());
    assert_eq!(code, Some(2));
    assert_eq!(
        complained,
        "error: the environment variable MCP_HTTP_LISTEN: this is no setting; did you mean `MCP_HTTP__LISTEN`?\n\
         error: the environment variable MCP_PLUGINS__FS__ROTS: no setting begins with `MCP_PLUGINS__FS__ROTS`; \
         did you mean `MCP_PLUGINS__FS__ROOTS`?\n"
    );
}

#[test]
fn yaml_profiles_and_an_env_file_make_one_configuration() {
    let yaml = "plugins:\n  fs:\n    roots: ['${DOCS}']\n  guarded:\n    label: ${LABEL:-none}\n\
                profile:\n  prod:\n    plugins:\n      guarded: {label: production}\n";
    let operator = Operator::new().write("server.yaml", yaml).write(
        ".env",
        "# for development\nDOCS=FOLDER/docs\nexport LABEL='a b'\n",
    );
    let label = |more: &[&str]| {
        let arguments = [&["call", "look", "--config", "server.yaml"], more].concat();
        let (code, said, complained) = operator.run(&arguments, &[]);
        (code, format!("{}{}", said.trim(), complained.trim()))
    };
    assert_eq!(label(&["--env-file"]), (Some(0), "a b".to_owned()));
    assert_eq!(
        label(&["--env-file", ".env", "--profile", "prod"]),
        (Some(0), "production".to_owned())
    );
    // Nothing reads the file unasked.
    let (code, complained) = label(&[]);
    assert_eq!(code, Some(2));
    assert_eq!(
        complained,
        "error: server.yaml:3:13: the environment variable DOCS is not set: set it, or write ${DOCS:-default}"
    );
}

#[test]
fn check_tells_everything_that_is_wrong_at_once() {
    let file = "[http]\nmax_bdy = 1\nheader_timeout = 10\n\n[plugins.fs]\nrots = ['/a']\nroots = 'FOLDER/docs'\n\n\
                [auth]\nclient_secret = 'canary'\nisuer = 'x'\n\n[server]\nstate_key = 'env:NOT_SET'\n\n\
                [plugins.guarded]\nlabel = 7\n[tenants.acme]\nrat = '1/s'\n";
    let operator = Operator::new().write("server.toml", file);
    let arguments = ["check", "--config", "server.toml", "--http", "0.0.0.0:8080"];
    let (code, said, complained) = operator.run(&arguments, &[]);
    assert_eq!((code, said.as_str()), (Some(2), ""));
    for line in [
        "server.toml:2:1: unknown setting `http.max_bdy`; did you mean `max_body`?",
        "server.toml:3:18: `http.header_timeout`: expected a duration, found an integer: write \"250ms\", \"30s\", \"5m\" or \"1h\"",
        "server.toml:6:1: plugin `fs`: unknown setting `rots`; did you mean `roots`?",
        "server.toml:7:1: plugin `fs`: `roots`: expected a list, found a text",
        "server.toml:10:1: `auth.client_secret`: a secret is named, not written down: use \"env:NAME\" or \"file:/path\"",
        "server.toml:11:1: unknown setting `auth.isuer`; did you mean `issuer`?",
        "server.toml:14:1: `server.state_key`: the environment variable NOT_SET is not set",
        "server.toml:17:1: plugin `guarded`: `label`: expected a text, found a whole number",
        "server.toml:19:1: unknown setting `tenants.acme.rat`; did you mean `rate`?",
    ] {
        assert!(
            complained.contains(&format!("error: {line}\n")),
            "{line}\nis not in\n{complained}"
        );
    }
    assert_eq!(complained.lines().count(), 9, "{complained}");

    // The same for a program; and who asks nobody who they are does not listen to other machines.
    let operator = Operator::new().write("server.toml", "[plugins.fs]\nroots = ['FOLDER/docs']\n");
    let (code, said, _) = operator.run(
        &[
            "check",
            "--json",
            "--config",
            "server.toml",
            "--http",
            "0.0.0.0:1",
        ],
        &[],
    );
    let answer: Value = serde_json::from_str(&said).expect("it is JSON");
    assert_eq!(
        (
            code,
            &answer["ok"],
            answer["problems"]
                .as_array()
                .expect("the other end is there")
                .len()
        ),
        (Some(2), &Value::Bool(false), 1)
    );
    assert_eq!(answer["problems"][0]["place"], "--http");
    assert_eq!(answer["set"]["plugins.fs.roots"], "server.toml:2:1");
    assert_eq!(
        answer["set"]["gate.groups.shell.secret"],
        "the environment variable MCP_GATE__GROUPS__SHELL__SECRET"
    );
}

#[test]
fn env_and_schema_are_made_from_what_the_server_reads() {
    let operator = Operator::new();
    let (code, example, _) = operator.run(&["env"], &[]);
    assert_eq!(code, Some(0));
    for line in [
        "#MCP_SHELL_GATE=",
        "#MCP_HTTP__MAX_BODY=4MiB",
        "# What `look` answers.\n#MCP_PLUGINS__GUARDED__LABEL=",
        "#MCP_PLUGINS__FS__ROOTS=",
    ] {
        assert!(example.contains(line), "{line}\nis not in\n{example}");
    }
    // A copy of it changes nothing.
    let operator = operator
        .write(".env", &example)
        .write("server.toml", "[plugins.fs]\nroots = ['FOLDER/docs']\n");
    let (code, _, complained) =
        operator.run(&["check", "--env-file", "--config", "server.toml"], &[]);
    assert_eq!(code, Some(0), "{complained}");

    let (code, schema, _) = operator.run(&["schema"], &[]);
    let schema: Value = serde_json::from_str(&schema).expect("it is JSON");
    assert_eq!((code, &schema["title"]), (Some(0), &"watched".into()));
    let plugins = &schema["$defs"]["plugins"]["properties"];
    assert_eq!(plugins["guarded"]["properties"]["label"]["type"], "string");
    assert_eq!(
        schema["properties"]["http"]["properties"]["max_body"]["default"],
        "4MiB"
    );
    assert_eq!(schema["properties"]["http"]["additionalProperties"], false);
}

#[test]
fn check_tells_each_thing_once_and_what_the_start_would_tell() {
    let file = "[plugins.fs]\nroots = ['${DOCS}/a', '/nowhere/at/all']\n\n[log]\nto = '/dev/null'\nrotate = '1MiB'\n\n\
                [secrets]\ntimeout = '25h'\n";
    let operator = Operator::new().write("server.toml", file);
    let (code, _, complained) = operator.run(&["check", "--config", "server.toml"], &[]);
    assert_eq!(code, Some(2));
    for line in [
        "server.toml:2:10: the environment variable DOCS is not set: set it, or write ${DOCS:-default}",
        "server.toml:6:1: `log.rotate`: /dev/null is a device, a pipe or a link",
        "server.toml:9:1: `secrets.timeout`: `25h` is out of range: from 1ms to 24h",
    ] {
        assert!(
            complained.contains(&format!("error: {line}")),
            "{line}\nis not in\n{complained}"
        );
    }
    assert_eq!(complained.lines().count(), 3, "{complained}");
}
