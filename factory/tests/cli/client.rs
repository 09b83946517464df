//! The client against servers that misbehave or are old; real ones are tried end to end.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use crate::driver::{Factory, Ran};

/// An older server in shell: it asks something itself, tells how far it is, and has one more tool after a call.
const OLD: &str = r#"
while read -r line; do
  id=$(printf %s "$line" | sed 's/.*"id":\([0-9]*\).*/\1/')
  result() { printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$1"; }
  case "$line" in
    *server/discover*) printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":"unknown"}}\n' "$id" ;;
    *'"initialize"'*) result '{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"old","version":"1"}}' ;;
    *tools/list*) if [ -f called ]; then result '{"tools":[{"name":"grow"},{"name":"grown"}]}'; else result '{"tools":[{"name":"grow"}]}'; fi ;;
    *'"id":77'*) printf %s "$line" >answered ;;
    *tools/call*)
      touch called
      printf '{"jsonrpc":"2.0","id":77,"method":"roots/list"}\n'
      printf '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1,"message":"half"}}\n'
      printf '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}\n'
      result '{"content":[{"type":"text","text":"done \u001b[31m"}]}' ;;
    *list*) printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":"unknown"}}\n' "$id" ;;
  esac
done
"#;

#[test]
fn an_older_server_is_understood_and_its_lists_are_asked_for_anew() {
    let factory = Factory::new();
    let ran = factory.run(&[
        "client", "-e", "info", "-e", "grow", "-e", "tools", "-e", "grown", "--", "sh", "-c", OLD,
    ]);
    let shown = &ran.succeeds().stdout;
    assert!(
        shown.contains("era          legacy") && shown.contains("\ngrown"),
        "{ran:#?}"
    );
    assert!(
        ran.stderr.contains("progress 1 half") && ran.stderr.contains("2 tools, 0 resources"),
        "{ran:#?}"
    );
    // Its words do not reach the terminal's own ones.
    assert!(
        shown.contains("done ") && !shown.contains('\u{1b}'),
        "{shown:?}"
    );
    assert!(factory.read("answered").contains("-32601"));
}

#[test]
fn a_script_goes_on_after_a_failure_and_fails_at_its_end() {
    let factory = Factory::new();
    let ran = factory.run(&[
        "client", "--format", "json", "-e", "gro", "-e", "quit", "-e", "tools", "--", "sh", "-c",
        OLD,
    ]);
    assert_eq!(ran.code, 2);
    let first: serde_json::Value =
        serde_json::from_str(ran.stdout.lines().next().unwrap()).unwrap();
    let why = first["error"].as_str().unwrap();
    assert!(why.contains("did you mean grow?"), "{why}");
    assert_eq!(ran.json()["errors"][0]["code"], "MF0108");
    assert_eq!(
        ran.stdout.lines().count(),
        2,
        "nothing runs after quit: {}",
        ran.stdout
    );
}

#[test]
fn what_cannot_be_spoken_to_is_said() {
    let factory = Factory::new();
    for (arguments, words) in [
        (&["client", "--", "./absent"][..], "./absent does not start"),
        (&["client", "--", "true"], "the server has ended"),
        (
            &[
                "client",
                "--era",
                "modern",
                "--",
                "sh",
                "-c",
                "echo hello; cat",
            ],
            "is no JSON: hello",
        ),
        (&["client", "http://127.0.0.1:1/mcp"], "onnect"),
    ] {
        factory.run(arguments).fails(
            2,
            &["error[MF0107]", "the server cannot be spoken to", words],
        );
    }
    for arguments in [
        &["client"][..],
        &["client", "files"],
        &["client", "http://a/", "--", "x"],
        &["client", "-H", "A: b", "--", "x"],
    ] {
        factory
            .run(arguments)
            .fails(2, &["error[MF0101]", "name one server"]);
    }
}

/// A server that takes the request and says this; what the client says when it is asked to stop, and the connection,
/// which curl holds.
fn interrupted(answer: &str) -> (Ran, TcpStream) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    let factory = Factory::new();
    let mut command = factory.command(&["client", "--era", "modern", &url, "-e", "info"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.env("no_proxy", "*").spawn().unwrap();
    let (mut stream, _) = listener.accept().unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let read = stream.read(&mut [0; 8192]).unwrap();
    assert!(read > 0);
    stream.write_all(answer.as_bytes()).unwrap();
    thread::sleep(Duration::from_millis(300));
    assert!(child.try_wait().unwrap().is_none(), "it does not wait");
    let started = Instant::now();
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let ran = Ran::of(&child.wait_with_output().unwrap());
    assert!(started.elapsed() < Duration::from_secs(15), "{ran:?}");
    (ran, stream)
}

#[test]
fn a_server_that_is_reached_by_a_url_can_be_left_at_once() {
    for answer in [
        "",
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nda",
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
    ] {
        let (ran, mut stream) = interrupted(answer);
        ran.fails(130, &["error[MF0002]"]);
        // Nobody holds the connection any more: curl went along.
        let left = stream.read_to_end(&mut Vec::new());
        let gone = left
            .as_ref()
            .map_or_else(|error| error.kind() == ErrorKind::ConnectionReset, |_| true);
        assert!(gone, "{left:?}");
    }
}

#[test]
fn notices_without_end_are_counted_and_not_kept() {
    // 6 MiB of them before one answer.
    let notice =
        r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1,"message":"#;
    let server = OLD.replace(
        "      touch called\n",
        &format!(
            "      long=$(head -c 60000 /dev/zero | tr '\\0' x); n=0\n\
             while [ $n -lt 100 ]; do printf '%s\"%s\"}}}}\\n' '{notice}' \"$long\"; n=$((n+1)); done\n"
        ),
    );
    let ran = Factory::new().run(&["client", "-e", "grow", "--", "sh", "-c", &server]);
    let said = &ran.succeeds().stderr;
    let heard = said.lines().filter(|line| line.contains("progress 1 xxx"));
    assert!((10..100).contains(&heard.count()), "{}", said.len());
    assert!(said.contains("more were too many to keep"));
}
