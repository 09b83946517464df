//! stdio has no tokens: the local user holds every scope, unless the operator says less.

use mcp_factory_tests::{Hostile, StdioServer, guarded};
use serde_json::json;

fn start(config: &str) -> (StdioServer, tempfile::TempDir) {
    let (mut command, folder) = guarded::command(config);
    (StdioServer::run(&mut command), folder)
}

#[test]
fn the_local_user_may_do_everything_whatever_http_asks_for() {
    let issuer = Hostile::start();
    let config = format!("{}[limits]\nrate = \"1/h\"\n", guarded::trust(issuer.url()));
    let (mut stdio, _folder) = start(&config);
    for id in 1..5 {
        let answer = stdio.call(id, "administer", &json!({}));
        assert_eq!(answer["result"]["isError"], json!(false), "{answer}");
    }
    assert_eq!(issuer.requests("/jwks"), 0);
}

#[test]
fn the_local_user_may_be_given_less() {
    let (mut stdio, _folder) = start("[stdio]\nscopes = [\"read\"]\n");
    let answer = stdio.call(1, "change", &json!({}));
    assert_eq!(answer["error"]["code"], -31403, "{answer}");
    let answer = stdio.call(2, "look", &json!({}));
    assert!(answer["result"].is_object(), "{answer}");
    let answer = stdio.call(3, "ran", &json!({}));
    assert_eq!(
        answer["result"]["structuredContent"]["ran"],
        json!({ "look": 1 })
    );
}

#[test]
fn the_gate_stands_before_the_local_user_too() {
    let (mut stdio, _folder) = start("");
    let answer = stdio.call(1, "shell", &json!({}));
    assert_eq!(answer["result"]["isError"], json!(true), "{answer}");
    let code = guarded::code(guarded::Step::Now);
    stdio.call(2, "gate_unlock", &json!({ "group": "shell", "code": code }));
    let answer = stdio.call(3, "shell", &json!({}));
    assert_eq!(
        answer["result"]["content"][0]["text"], "shell 1",
        "{answer}"
    );
}
