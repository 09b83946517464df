//! The pages for reviewers and operators are true: what they name is there, what they configure is taken.

use std::{
    collections::BTreeSet,
    fs,
    net::{Ipv4Addr, TcpListener},
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::Command,
};

use mcp_factory_tests::Product;
use tempfile::TempDir;

use crate::pages::{code_spans, root, tests};

const README: &str = include_str!("../../README.md");
const SIGN_OFF: &str = include_str!("../../docs/sign-off.md");

/// Packages whose tests the page names, and where these are.
const PACKAGES: [(&str, &str); 14] = [
    ("mcp-factory-guard", "runtime/guard"),
    ("mcp-factory-identity", "runtime/identity"),
    ("mcp-factory-sdk", "runtime/sdk"),
    ("mcp-factory-secrets", "runtime/secrets"),
    ("mcp-factory-server", "runtime/server"),
    ("mcp-factory-tests", "tests"),
    ("mcp-plugin-fetch", "plugins/fetch"),
    ("mcp-plugin-fs", "plugins/fs"),
    ("mcp-plugin-git", "plugins/git"),
    ("mcp-plugin-github", "plugins/github"),
    ("mcp-plugin-postgres", "plugins/postgres"),
    ("mcp-plugin-shell", "plugins/shell"),
    ("mcp-plugin-slack", "plugins/slack"),
    ("mcp-plugin-sqlite", "plugins/sqlite"),
];

#[test]
fn every_test_that_is_cited_exists() {
    let mut cited = 0;
    for (package, folder) in PACKAGES {
        let known = tests(&root().join(folder));
        assert!(known.len() > 20, "{package}: the tests were not found");
        let prefix = format!("{package} ");
        for name in SIGN_OFF
            .lines()
            .flat_map(code_spans)
            .filter_map(|span| span.strip_prefix(&prefix))
        {
            assert!(
                known.contains(name),
                "{package} has no test `{name}`; docs/sign-off.md says it has"
            );
            cited += 1;
        }
    }
    assert!(cited > 80, "the page cites {cited} tests");
}

#[test]
fn every_threat_has_a_guard_a_place_and_a_test() {
    let mut threats = 0;
    for line in SIGN_OFF.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").collect();
        // The other tables have two columns.
        if cells.len() != 5 || cells[0].trim() == "Threat" {
            continue;
        }
        threats += 1;
        let cites = |cell: &str| {
            code_spans(cell).all(|span| PACKAGES.iter().any(|(name, _)| span.starts_with(name)))
        };
        assert!(cells[4].contains('`') && cites(cells[4]), "{line}");
        assert!(code_spans(cells[3]).count() > 0, "{line}");
        for path in code_spans(cells[3]) {
            assert!(root().join(path).exists(), "{path} is not there: {line}");
        }
    }
    assert!(threats > 50, "the page lists {threats} threats");
}

/// All pages of `docs/`.
fn pages() -> Vec<(String, String)> {
    let folder = fs::read_dir(root().join("docs")).expect("there are pages");
    folder
        .map(|entry| entry.expect("it can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .map(|path| {
            let text = fs::read_to_string(&path).expect("pages are text");
            let name = path.file_name().expect("it has a name");
            (name.to_string_lossy().into_owned(), text)
        })
        .collect()
}

/// A heading as links name it: in lower case, blanks as hyphens, without what is no letter or digit.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    text.chars()
        .filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter))
        .map(|letter| if letter == ' ' { '-' } else { letter })
        .collect()
}

#[test]
fn every_link_leads_somewhere() {
    let mut all: Vec<(PathBuf, String)> = pages()
        .into_iter()
        .map(|(name, text)| (root().join("docs").join(name), text))
        .collect();
    for name in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"] {
        let path = root().join(name);
        let text = fs::read_to_string(&path).expect("it is there");
        all.push((path, text));
    }
    let mut links = 0;
    for (page, text) in all {
        for link in text.split("](").skip(1) {
            let link = link.split(')').next().unwrap_or_default();
            if link.contains("://") {
                continue;
            }
            let (target, heading) = link.split_once('#').unwrap_or((link, ""));
            let path = match target {
                "" => page.clone(),
                target => page.with_file_name(target),
            };
            assert!(path.exists(), "{} links to {link}", page.display());
            if !heading.is_empty() {
                let text = fs::read_to_string(&path).expect("it is a page");
                let mut headings = text.lines().filter(|line| line.starts_with('#'));
                assert!(
                    headings.any(|line| anchor(line) == heading),
                    "{} links to {link}",
                    page.display()
                );
            }
            links += 1;
        }
    }
    assert!(links > 15, "there are {links} links");
}

/// The blocks of `text` in TOML: configurations of the standard server. One of another server says so behind
/// the word `toml`, and is not among them.
fn blocks(text: &str) -> impl Iterator<Item = &str> {
    let blocks = text.split("```toml\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap_or_default())
}

/// Variables that `config` names, each with a value that is good for every use: no two are alike.
fn variables(config: &str) -> impl Iterator<Item = (&str, String)> {
    let names: BTreeSet<&str> = config
        .split("\"env:")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    names.into_iter().zip('A'..='Z').map(|(name, letter)| {
        let value = if name == "REDIS_URL" {
            "redis://127.0.0.1:1".to_owned()
        } else {
            format!("{letter}ZXW6YTBOIZTEMZUGU3DOOBZGAYTEMZU")
        };
        (name, value)
    })
}

const KEYS_FILE: &str = "# /etc/mcp/keys.toml";

/// What the pages name on a machine, below a directory of its own: folders, a certificate, the file of keys.
fn machine(pages: &[(String, String)]) -> TempDir {
    let machine = tempfile::tempdir().expect("there is room for a directory");
    for folder in ["srv/docs", "srv/acme", "srv/globex", "etc/mcp", "var/log"] {
        fs::create_dir_all(machine.path().join(folder)).expect("the directory is ours");
    }
    crate::tls::certificate(&machine.path().join("etc/mcp"), "30");
    let path = machine.path().join("etc/mcp/keys.toml");
    let mut all = pages.iter().flat_map(|(_, text)| blocks(text));
    let keys = all.find(|block| block.starts_with(KEYS_FILE));
    fs::write(&path, keys.expect("a page shows one")).expect("the directory is ours");
    // As a server demands it, whatever new files have here.
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("the file is ours");
    machine
}

/// Every block is a whole file, and what it leaves out is on the command line.
#[test]
fn every_configuration_in_the_pages_is_taken() {
    let pages = pages();
    let machine = machine(&pages);
    let place = machine.path().display().to_string();
    let mut tried = 0;
    for (page, text) in &pages {
        // The file of keys is read along with the one that names it.
        for block in blocks(text).filter(|block| !block.starts_with(KEYS_FILE)) {
            let config =
                ["/srv", "/etc", "/var"]
                    .iter()
                    .fold(block.to_owned(), |config, folder| {
                        ["\"", "\"file:"].iter().fold(config, |config, before| {
                            config.replace(
                                &format!("{before}{folder}/"),
                                &format!("{before}{place}{folder}/"),
                            )
                        })
                    });
            let path = machine.path().join("server.toml");
            fs::write(&path, config).expect("the directory is ours");
            let mut command = Command::new(Product::Standard.binary());
            command.args(["check", "--http", "0.0.0.0:8080", "--config"]);
            command.arg(&path).envs(variables(block));
            if !block.contains("roots = ") {
                command.args(["--set", &format!("plugins.fs.roots=[\"{place}/srv/docs\"]")]);
            }
            if !block.contains("[auth]") {
                command.arg("--insecure");
            }
            let output = command.output().expect("it runs");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "docs/{page}:\n{block}\n{said}");
            tried += 1;
        }
    }
    assert!(tried > 15, "{tried} configurations were tried");
}

/// The README's way from no caller to the right one, by the shell and with curl, as it stands there.
#[test]
fn the_example_of_the_readme_lets_the_right_caller_in() {
    let section = README.split("## Only the right caller").nth(1);
    let script = section
        .and_then(|section| section.split("```sh\n").nth(1))
        .and_then(|block| block.split("```").next())
        .expect("the README has an example");
    let folder = tempfile::tempdir().expect("there is room for a directory");
    let binary = Product::Standard.binary().display().to_string();
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
    let port = free.local_addr().expect("it is bound").port();
    drop(free);
    let script = script
        .replace("./files ", &format!("{binary} "))
        .replace("/srv/docs", &folder.path().display().to_string())
        .replace("127.0.0.1:8080", &format!("127.0.0.1:{port}"))
        // A busy machine may need longer than a person would wait.
        .replace(
            "sleep 1",
            &format!(
                "curl -s -o /dev/null --retry 60 --retry-connrefused http://127.0.0.1:{port}/livez"
            ),
        );
    let output = Command::new("bash")
        .args(["-eu", "-c", &format!("trap 'kill $!' EXIT\n{script}")])
        .current_dir(folder.path())
        .output()
        .expect("bash is installed");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let answers: Vec<&str> = said.lines().collect();
    assert_eq!(answers.len(), 2, "{output:?}");
    assert!(
        answers[0].contains("-31401") && answers[0].ends_with(" 401"),
        "{said}"
    );
    assert!(
        answers[1].contains("\"total\":1") && answers[1].ends_with(" 200"),
        "{said}"
    );
}
