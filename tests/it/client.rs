//! The test client with real servers: ours and the official Python SDK's, on stdio and over HTTP, in both eras, from
//! a script and at a terminal.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use mcp_factory_tests::{HttpServer, Process, Product, Tools, eventually, product::factory};

/// What the client says to these arguments, all of which have to go well.
fn client(arguments: &[&str], server: &[&str]) -> String {
    let mut command = factory();
    command.arg("client").args(arguments);
    if !server.is_empty() {
        command.arg("--").args(server);
    }
    let output = command.output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    String::from_utf8(output.stdout).expect("it is text")
}

fn path(path: &Path) -> &str {
    path.to_str().expect("the path is text")
}

const ROOTS: &str = "plugins.fs.roots=[\"/\"]";

#[test]
fn our_servers_are_tried_in_both_eras_on_both_transports() {
    let http = HttpServer::start(Product::Standard, &["--set", ROOTS]);
    let url = http.url();
    let stdio = [path(Product::Standard.binary()), "--set", ROOTS];
    for (era, revision) in [
        ("modern", "2026-07-28"),
        ("legacy", "2025-11-25"),
        ("auto", "2026-07-28"),
    ] {
        let asked = [
            "-e",
            "info",
            "-e",
            "echo hi there",
            "-e",
            "greet name=Ann",
            "-e",
            "read demo://users",
        ];
        for said in [
            client(&[&["--era", era][..], &asked].concat(), &stdio),
            client(&[&["--era", era, &url][..], &asked].concat(), &[]),
        ] {
            for words in [
                revision,
                "standard",
                "19 tools",
                "\nhi there\n",
                "Hi Ann!",
                "1\tAda",
            ] {
                assert!(said.contains(words), "{era}: {words:?} is not in {said}");
            }
        }
    }
}

#[test]
fn the_servers_of_others_are_tried() {
    let mut python = Tools::installed().python_client("python_server.py");
    let words: Vec<String> = std::iter::once(python.get_program())
        .chain(python.get_args())
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let asked = ["-e", "add a=1 b=2", "-e", "read note://one"];
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
    let port = free.local_addr().expect("it is bound").port();
    drop(free);
    let server = Process::start(python.arg(port.to_string()).stdout(Stdio::null()));
    let up = eventually(Duration::from_secs(30), || {
        TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()
    });
    assert!(up.is_some(), "{}", server.stderr());
    let url = format!("http://127.0.0.1:{port}/mcp");
    for era in ["modern", "legacy", "auto"] {
        assert_eq!(
            client(&[&["--era", era][..], &asked].concat(), &words),
            "3\nread me\n"
        );
        assert_eq!(
            client(&[&["--era", era, &url][..], &asked].concat(), &[]),
            "3\nread me\n"
        );
    }
}

/// At a terminal it completes, asks for what a tool wants, and remembers.
#[test]
fn a_person_is_asked_for_arguments() {
    let folder = tempfile::tempdir().expect("there is room for a directory");
    let program = path(Path::new(factory().get_program())).to_owned();
    let line = format!(
        "{program} client -- {} --set 'plugins.fs.roots=[\"/\"]'",
        path(Product::Standard.binary())
    );
    let mut command = Command::new("script");
    command
        .args(["-qec", &line, "/dev/null"])
        .env("MCP_FACTORY_HOME", folder.path());
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut process = Process::start(&mut command);
    let mut stdin = process.child().stdin.take().expect("it is piped");
    let mut stdout = process.child().stdout.take().expect("it is piped");
    let heard = Arc::new(Mutex::new(Vec::new()));
    let reader = thread::spawn({
        let heard = Arc::clone(&heard);
        move || {
            let mut bytes = [0; 4096];
            while let Ok(length @ 1..) = stdout.read(&mut bytes) {
                let mut heard = heard.lock().expect("nobody panicked");
                heard.extend_from_slice(&bytes[..length]);
            }
        }
    });
    let said = || {
        let heard = heard.lock().expect("nobody panicked");
        String::from_utf8_lossy(&heard).into_owned()
    };
    // The line editor may drop what is typed before it listens, and it does once it asks.
    let mut seen = 0;
    for (words, asks, typed) in [
        ("", "> ", "tool gree\t\n"),
        ("Whom to greet.", "> ", "greet\n"),
        ("Whom to greet.", ": ", "Ann\n"),
        ("Hi Ann!", "> ", "\u{4}"),
    ] {
        let asked = eventually(Duration::from_secs(20), || {
            let said = said();
            let (_, rest) = said.get(seen..)?.split_once(words)?;
            rest.contains(asks).then_some(())
        });
        assert!(asked.is_some(), "{words:?}: {}", said());
        seen = said().len();
        stdin
            .write_all(typed.as_bytes())
            .expect("the terminal listens");
    }
    let ended = process.ended_within(Duration::from_secs(20));
    assert!(
        ended.is_some_and(|(status, _)| status.success()),
        "{}",
        process.stderr()
    );
    drop(stdin);
    reader.join().expect("it reads");
    let said = said();
    assert!(
        said.contains("Whom to greet.") && said.contains("Hi Ann!"),
        "{said}"
    );
    let history =
        std::fs::read_to_string(folder.path().join("client-history")).expect("it is kept");
    assert!(history.contains("tool greet\ngreet\n"), "{history}");
}
