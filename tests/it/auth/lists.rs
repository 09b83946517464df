//! What callers see of what they may not use, and servers that change nothing for anybody.

use mcp_factory_tests::{Caller, Guarded, Issuer, StdioServer, guarded};
use serde_json::{Value, json};

/// The names in a list, sorted, and the list's result.
fn listed(caller: &Caller<'_>, method: &str, member: &str, key: &str) -> (Vec<String>, Value) {
    let answer = caller.request(method, &json!({})).json();
    let mut names: Vec<String> = answer["result"][member]
        .as_array()
        .unwrap_or_else(|| panic!("no list: {answer}"))
        .iter()
        .map(|entry| entry[key].as_str().expect("a name").to_owned())
        .collect();
    names.sort();
    (names, answer["result"].clone())
}

fn tools(caller: &Caller<'_>) -> Vec<String> {
    listed(caller, "tools/list", "tools", "name").0
}

#[test]
fn by_default_everybody_sees_everything() {
    let issuer = Issuer::start();
    let server = Guarded::trusting(issuer.url(), "");
    let [reader, admin] = [("reader", "read"), ("admin", "admin")]
        .map(|(client, scopes)| issuer.token(client, scopes, &server.url()));
    assert_eq!(
        tools(&server.bearer(&reader)),
        tools(&server.bearer(&admin))
    );
    assert!(tools(&server.bearer(&reader)).contains(&"administer".to_owned()));
}

#[test]
fn hidden_things_do_not_exist_for_those_who_may_not_use_them() {
    let issuer = Issuer::start();
    let server = Guarded::trusting(issuer.url(), "[access]\nunauthorized_tools = \"hide\"\n");
    let token = issuer.token("reader", "read", &server.url());
    for caller in [server.bearer(&token), server.bearer(&token).in_session()] {
        let (tools, result) = listed(&caller, "tools/list", "tools", "name");
        for hidden in ["change", "administer", "specialise", "shell", "write_file"] {
            assert!(!tools.contains(&hidden.to_owned()), "{hidden} in {tools:?}");
        }
        assert!(tools.contains(&"look".to_owned()), "{tools:?}");
        if caller.session().is_none() {
            assert_eq!(
                result["cacheScope"], "private",
                "nobody else may be shown this list"
            );
        }
        let (resources, _) = listed(&caller, "resources/list", "resources", "uri");
        assert_eq!(
            resources
                .iter()
                .filter(|uri| uri.starts_with("guarded:"))
                .count(),
            1,
            "{resources:?}"
        );
        let (templates, _) = listed(
            &caller,
            "resources/templates/list",
            "resourceTemplates",
            "uriTemplate",
        );
        assert!(
            !templates.contains(&"guarded://days/{day}".to_owned()),
            "{templates:?}"
        );
        let (prompts, _) = listed(&caller, "prompts/list", "prompts", "name");
        assert_eq!(prompts, ["ask"]);

        // Calling one is calling nothing, and a misspelled name is not mended into a secret.
        for name in ["change", "chang"] {
            let answer = caller.call(name, &json!({})).json();
            assert_eq!(answer["error"]["code"], -32602, "{answer}");
            let message = answer["error"]["message"].as_str().expect("words");
            assert!(
                message.starts_with(&format!("unknown tool: `{name}`")),
                "{message}"
            );
            assert!(
                !message.contains("`change`") || name == "change",
                "{message}"
            );
        }
        for (method, params) in [
            ("resources/read", json!({ "uri": "guarded://secret" })),
            (
                "prompts/get",
                json!({ "name": "command", "arguments": { "what": "x" } }),
            ),
        ] {
            let answer = caller.request(method, &params);
            assert!(answer.status != 403, "{}", answer.text());
            assert!(
                answer.json()["error"]["message"]
                    .as_str()
                    .is_some_and(|text| text.starts_with("unknown")),
                "{}",
                answer.text()
            );
        }
        assert_eq!((caller.ran("change"), caller.ran("secret")), (0, 0));
    }
    let admin = issuer.token("admin", "admin", &server.url());
    assert!(tools(&server.bearer(&admin)).contains(&"administer".to_owned()));
    // Lists that are the same for all may be shared where nothing is hidden.
}

#[test]
fn a_read_only_server_has_nothing_that_changes_anything() {
    let issuer = Issuer::start();
    let server = Guarded::trusting(issuer.url(), "[access]\nread_only = true\n");
    let token = issuer.token("admin", "admin", &server.url());
    let caller = server.bearer(&token);
    let tools = tools(&caller);
    for absent in [
        "change",
        "administer",
        "shell",
        "touch",
        "write_file",
        "delete_file",
    ] {
        assert!(!tools.contains(&absent.to_owned()), "{absent} in {tools:?}");
        let answer = caller.call(absent, &json!({})).json();
        assert_eq!(answer["error"]["code"], -32602, "{absent}: {answer}");
    }
    for present in ["look", "ran", "read_text_file"] {
        assert!(
            tools.contains(&present.to_owned()),
            "{present} not in {tools:?}"
        );
    }
    assert_eq!(caller.ran("change"), 0);
}

#[test]
fn the_flag_is_stronger_than_the_configuration() {
    let (mut command, _folder) = guarded::command("[access]\nread_only = false\n");
    let mut stdio = StdioServer::run(command.arg("--read-only"));
    for (id, absent) in [(1, "change"), (2, "write_file")] {
        let answer = stdio.call(id, absent, &json!({}));
        assert_eq!(answer["error"]["code"], -32602, "{absent}: {answer}");
    }
    let answer = stdio.call(3, "look", &json!({}));
    assert!(answer["result"].is_object(), "{answer}");
}

#[test]
fn what_only_looks_stays_behind_its_gate() {
    let issuer = Issuer::start();
    let server = Guarded::trusting(issuer.url(), "[access]\nread_only = true\n");
    let token = issuer.token("reader", "read", &server.url());
    let caller = server.bearer(&token);
    let locked = caller.call("peek", &json!({})).json();
    assert_eq!(locked["result"]["isError"], json!(true), "{locked}");
    // The way through the gate changes nothing that is anybody's.
    let code = guarded::code(guarded::Step::Now);
    let opened = caller.call("gate_unlock", &json!({ "group": "shell", "code": code }));
    assert_eq!(
        opened.json()["result"]["isError"],
        json!(false),
        "{}",
        opened.text()
    );
    assert_eq!(caller.text("peek", &json!({})), "peek 1");
}
