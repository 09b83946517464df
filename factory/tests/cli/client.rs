//! The client against servers that misbehave or are old; real ones are tried end to end.

use crate::driver::Factory;

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
