//! What is published of the servers that the built-in plugins replace, run against them and against ours:
//! `tests/rivals/run`. Each test fails when theirs no longer does it, and when ours does.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use mcp_factory_tests::{Cluster, Tools, product::factory};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Where `tests/rivals/setup` put them.
fn rivals() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/rivals");
    assert!(
        folder.join(".installed").exists(),
        "tests/rivals/setup installs them"
    );
    folder.canonicalize().expect("it is there")
}

/// A server of npm's.
fn node(name: &str) -> Vec<String> {
    vec![
        rivals()
            .join("node_modules/.bin")
            .join(name)
            .display()
            .to_string(),
    ]
}

/// A server of PyPI's, in one of the two environments.
fn python(environment: &str, name: &str) -> Vec<String> {
    vec![
        rivals()
            .join(environment)
            .join("bin")
            .join(name)
            .display()
            .to_string(),
    ]
}

/// A server of ours with one plugin, and its settings.
fn ours(plugin: &str, config: &str) -> (TempDir, Vec<String>) {
    let folder = tempfile::tempdir().expect("there is room for a directory");
    let binary = folder.path().join("ours");
    let output = factory()
        .args(["build", "--profile", "dev", "--plugins", plugin, "--output"])
        .arg(&binary)
        .output()
        .expect("it starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let path = folder.path().join("server.toml");
    fs::write(&path, format!("[plugins.{plugin}]\n{config}")).expect("the directory is ours");
    let words = [&binary, Path::new("--config"), &path];
    let command = words
        .iter()
        .map(|word| word.display().to_string())
        .collect();
    (folder, command)
}

/// What a server answers to calls, in order.
fn answers(server: &[String], calls: &Value, environment: &[(&str, &str)]) -> Vec<Value> {
    answered(
        Tools::installed().python_client("python_tour.py"),
        server,
        calls,
        environment,
    )
}

fn answered(
    mut client: Command,
    server: &[String],
    calls: &Value,
    environment: &[(&str, &str)],
) -> Vec<Value> {
    client.args(server).envs(environment.iter().copied());
    client.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut client = client.spawn().expect("the client is installed");
    let mut stdin = client.stdin.take().expect("stdin is piped");
    stdin
        .write_all(calls.to_string().as_bytes())
        .expect("the client reads");
    drop(stdin);
    let output = client.wait_with_output().expect("the client ends");
    assert!(
        output.status.success(),
        "the client failed; what it said is above"
    );
    let seen: Value = serde_json::from_slice(&output.stdout).expect("it prints JSON");
    seen["answers"].as_array().expect("a list").clone()
}

fn text(answer: &Value) -> &str {
    answer["text"].as_str().expect("text")
}

/// Rows of the table that everybody may change.
fn count(cluster: &Cluster) -> String {
    let mut psql = Command::new("psql");
    psql.args(["-X", "-A", "-t", "-c", "SELECT count(*) FROM rivals_orders"]);
    let output = psql.arg(cluster.url("postgres", "postgres")).output();
    let output = output.expect("psql is part of PostgreSQL");
    String::from_utf8(output.stdout)
        .expect("text")
        .trim()
        .to_owned()
}

/// A server with a table of three rows, and a role `rival` that may change it.
fn shop() -> Cluster {
    let cluster = Cluster::own();
    let sql = "CREATE TABLE rivals_orders (id int); INSERT INTO rivals_orders VALUES (1), (2), (3);
        CREATE ROLE rival LOGIN; GRANT ALL ON rivals_orders TO rival;";
    let mut psql = Command::new("psql");
    psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql]);
    let status = psql.arg(cluster.url("postgres", "postgres")).status();
    assert!(status.expect("psql is part of PostgreSQL").success());
    cluster
}

const POSTGRES: &str = "url = \"env:RIVAL_URL\"\n";

/// `BEGIN READ ONLY` and then the statement, in the simple protocol: whoever ends the transaction is free.
#[test]
#[ignore = "opt-in: tests/rivals/run"]
fn a_statement_that_ends_the_transaction_deletes_there_and_not_here() {
    let cluster = shop();
    let url = cluster.url("rival", "postgres");
    let (_folder, ours) = ours("postgres", POSTGRES);
    let sql = "COMMIT; DELETE FROM rivals_orders WHERE id = 1";
    let calls = json!([["query", { "sql": sql }]]);
    let answer = &answers(&ours, &calls, &[("RIVAL_URL", &url)])[0];
    assert_eq!(answer["is_error"], true, "{answer}");
    assert_eq!(count(&cluster), "3");

    let mut theirs = node("mcp-server-postgres");
    theirs.push(url);
    answers(&theirs, &calls, &[]);
    assert_eq!(count(&cluster), "2", "theirs deletes no more");
}

/// Names of functions are looked for in some places of a statement and not in others.
#[test]
#[ignore = "opt-in: tests/rivals/run"]
fn a_file_of_the_server_is_read_there_and_not_here() {
    let cluster = shop();
    let sql = "SELECT * FROM pg_read_file('/etc/passwd')";
    let url = cluster.url("postgres", "postgres");
    let theirs = [
        &python("postgres", "postgres-mcp")[..],
        &["--access-mode=restricted".to_owned()],
    ]
    .concat();
    let calls =
        json!([["execute_sql", { "sql": sql }], ["execute_sql", { "sql": "SELECT 1; SELECT 2" }]]);
    let answered = answers(&theirs, &calls, &[("DATABASE_URI", &url)]);
    assert!(text(&answered[0]).contains("root:"), "{answered:?}");

    // As that role ours does not even start; as one that starts, the database refuses.
    let (_folder, ours) = ours("postgres", POSTGRES);
    let mut check = Command::new(&ours[0]);
    let check = check
        .args(&ours[1..])
        .arg("check")
        .env("RIVAL_URL", &url)
        .output();
    let said = String::from_utf8_lossy(&check.expect("it runs").stderr).into_owned();
    assert!(said.contains("superuser"), "{said}");
    let url = cluster.url("rival", "postgres");
    for sql in [
        sql,
        "SELECT 1; SELECT 2",
        "SELECT query_to_xml('DELETE FROM rivals_orders RETURNING id', true, true, '')",
    ] {
        let answer = &answers(
            &ours,
            &json!([["query", { "sql": sql }]]),
            &[("RIVAL_URL", &url)],
        )[0];
        assert_eq!(answer["is_error"], true, "{answer}");
        assert!(!text(answer).contains("root:"), "{answer}");
    }
    assert_eq!(count(&cluster), "3");
}

/// The name is looked up to be judged, and looked up again to be dialled.
#[test]
#[ignore = "opt-in: tests/rivals/run"]
fn a_name_that_moves_inside_is_followed_there_and_not_here() {
    let folder = tempfile::tempdir().expect("there is room for a directory");
    let resolv = folder.path().join("resolv.conf");
    fs::write(&resolv, "nameserver 127.0.0.1\n").expect("the directory is ours");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("rivals/rebinding.py");
    let fetch = |server: &[String]| {
        // A network of its own, whose resolver lies.
        let mut client = Command::new("unshare");
        client.args(["--map-root-user", "--net", "--mount", "sh", "-c"]);
        client
            .arg("mount --bind \"$0\" /etc/resolv.conf && exec \"$@\"")
            .arg(&resolv);
        client.arg("python3").arg(&script);
        let python = Tools::installed().python_client("python_tour.py");
        client.arg(python.get_program()).args(python.get_args());
        let calls = json!([["fetch", { "url": "http://rebinding.example/" }]]);
        answered(client, server, &calls, &[]).remove(0)
    };
    let theirs = python("python", "mcp-server-fetch");
    let theirs = [&theirs[..], &["--ignore-robots-txt".to_owned()]].concat();
    let answer = fetch(&theirs);
    assert!(text(&answer).contains("SECRET OF THE INSIDE"), "{answer}");

    let (_folder, ours) = ours("fetch", "ignore_robots = true\n");
    let answer = fetch(&ours);
    assert_eq!(
        answer["is_error"], false,
        "the vetted address is dialled: {answer}"
    );
    assert!(text(&answer).contains("a public page"), "{answer}");
}

/// The repository's own configuration names a program, and `git status` runs it.
#[test]
#[ignore = "opt-in: tests/rivals/run"]
fn a_repository_runs_a_program_there_and_not_here() {
    let folder = tempfile::tempdir().expect("there is room for a directory");
    let (repository, mark) = (folder.path().join("repository"), folder.path().join("mark"));
    let program = folder.path().join("program");
    let text = format!("#!/bin/sh\necho ran >> {}\n", mark.display());
    fs::write(&program, text).expect("the directory is ours");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&program, mode).expect("the file is ours");
    fs::create_dir(&repository).expect("the directory is ours");
    let program = program.display().to_string();
    let commit = [
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@b",
        "commit",
        "-q",
        "--allow-empty",
        "-m",
        "x",
    ];
    for arguments in [
        &["init", "-q"][..],
        &commit,
        &["config", "core.fsmonitor", &program],
    ] {
        let mut git = Command::new("git");
        let status = git.args(arguments).current_dir(&repository).status();
        assert!(status.expect("git is installed").success());
    }
    let place = repository.display().to_string();
    let (_ours, ours) = ours(
        "git",
        &format!("repositories = [{{ name = \"it\", path = {place:?} }}]\n"),
    );
    let answer = &answers(&ours, &json!([["git_status", { "repo_path": "it" }]]), &[])[0];
    assert_eq!(answer["is_error"], false, "{answer}");
    assert!(!mark.exists(), "ours ran the program");

    let theirs = [
        &python("python", "mcp-server-git")[..],
        &["--repository".to_owned(), place.clone()],
    ]
    .concat();
    answers(
        &theirs,
        &json!([["git_status", { "repo_path": place }]]),
        &[],
    );
    assert!(mark.exists(), "theirs runs it no more");
}

/// What is judged is trimmed of quotes, and what is opened is not.
#[test]
#[ignore = "opt-in: tests/rivals/run"]
fn a_file_beside_the_allowed_directory_is_read_there_and_not_here() {
    let folder = tempfile::tempdir().expect("there is room for a directory");
    let root = folder.path().join("allowed");
    fs::create_dir(&root).expect("the directory is ours");
    let beside = format!("{}\"", root.display());
    fs::write(&beside, "beside").expect("the directory is ours");
    let calls = json!([["read_text_file", { "path": beside }]]);

    let mut theirs = node("mcp-server-filesystem");
    theirs.push(root.display().to_string());
    let answer = &answers(&theirs, &calls, &[])[0];
    assert!(text(answer).contains("beside"), "{answer}");

    let (_folder, ours) = ours("fs", &format!("roots = [{root:?}]\n"));
    let answer = &answers(&ours, &calls, &[])[0];
    assert_eq!(answer["is_error"], true, "{answer}");
}
