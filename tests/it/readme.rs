//! The README is right: its commands do what it says.

use std::{fs, process::Command};

use mcp_factory_tests::{HttpServer, Product, message, product::factory};
use serde_json::{Value, json};

const README: &str = include_str!("../../README.md");

/// Runs a line of the README, with our binaries in the place of the ones it names, in a folder that has
/// the directory it speaks of.
fn run(line: &str) -> String {
    assert!(README.contains(line), "the README does not say: {line}");
    let docs = tempfile::tempdir().expect("there is room for a directory");
    fs::write(docs.path().join("a.txt"), "TODO: read\n").expect("the directory is ours");
    let docs_path = docs.path().display().to_string();
    let line = line.replace("/srv/docs", &docs_path);
    let binary = Product::Standard.binary().display().to_string();
    let mut command = if let Some(arguments) = line.strip_prefix("./files ") {
        shell(arguments, Command::new(&binary))
    } else {
        let arguments = line
            .strip_prefix("mcp-factory ")
            .expect("a command of ours");
        shell(&arguments.replace("./files", &binary), factory())
    };
    let output = command
        .current_dir(docs.path())
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{line}: {said}");
    String::from_utf8(output.stdout).expect("answers are text")
}

/// Adds words as a shell would: blanks between them, single quotes around some.
fn shell(arguments: &str, mut command: Command) -> Command {
    for (index, part) in arguments.split('\'').enumerate() {
        if index % 2 == 1 {
            command.arg(part);
        } else {
            command.args(part.split_whitespace());
        }
    }
    command
}

#[test]
fn the_binary_can_be_asked() {
    let described = run("./files describe");
    assert!(described.contains("read_text_file"), "{described}");
    run("./files check --set 'plugins.fs.roots=[\"/srv/docs\"]'");
    let call = "./files call grep_files '{\"query\": \"TODO\"}' --set 'plugins.fs.roots=[\".\"]'";
    let found: Value = serde_json::from_str(&run(call)).expect("a typed result is JSON");
    assert_eq!(found["matches"][0]["path"], "a.txt", "{found}");
    let inside = run("mcp-factory inspect ./files");
    assert!(inside.contains("fs"), "{inside}");
}

/// The second half of the first command, as it stands.
#[test]
fn the_first_command_calls_a_tool() {
    let call = "./files call list_directory --set 'plugins.fs.roots=[\".\"]'";
    let listed: Value = serde_json::from_str(&run(call)).expect("a typed result is JSON");
    assert_eq!(listed["entries"][0]["name"], "a.txt", "{listed}");
}

#[test]
fn the_plugins_are_listed_and_shown() {
    let list = run("mcp-factory plugins list");
    for plugin in ["echo", "greet", "demo", "fs"] {
        assert!(list.contains(plugin) && README.contains(plugin), "{list}");
    }
    assert!(!list.contains("conformance"), "it is a fixture: {list}");
    assert!(run("mcp-factory plugins info fs").contains("grep_files"));
}

/// What a client of the network does with the address that the README gives.
#[test]
fn the_address_is_the_one_it_says() {
    assert!(README.contains("http://127.0.0.1:8080/mcp"));
    let docs = tempfile::tempdir().expect("there is room for a directory");
    let roots = format!("plugins.fs.roots=[{:?}]", docs.path());
    let http = HttpServer::start(Product::Standard, &["--set", &roots]);
    assert!(http.url().ends_with("/mcp"), "{}", http.url());
    let answer = http
        .request(&message::call(1, "list_directory", &json!({})))
        .json();
    assert_eq!(
        answer["result"]["structuredContent"]["total"], 0,
        "{answer}"
    );
}
