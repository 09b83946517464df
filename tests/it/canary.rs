//! Secrets put in at every door, and looked for at every exit.

use std::{fs, process::Command, time::Duration};

use mcp_factory_tests::{
    Guarded, Hostile, Issuer, Redis, eventually,
    guarded::{self, GATE_SECRET, Step, code},
};
use serde_json::json;

/// Looks for each of `secrets` in each of `texts`.
fn assert_absent(secrets: &[(&str, String)], texts: &[(&str, String)]) {
    let mut hits = Vec::new();
    for (exit, text) in texts {
        for (secret, value) in secrets {
            for (place, _) in text.match_indices(value.as_str()) {
                let start = text[..place].rfind('\n').map_or(0, |at| at + 1);
                let end = text[place..].find('\n').map_or(text.len(), |at| place + at);
                hits.push(format!("{secret} in {exit}: {}", &text[start..end]));
            }
        }
    }
    hits.truncate(10);
    assert!(hits.is_empty(), "{hits:#?}");
}

/// What `server` wrote anywhere.
fn written(server: &Guarded) -> Vec<(&'static str, String)> {
    let file = |name: &str| fs::read_to_string(server.folder().join(name)).unwrap_or_default();
    vec![
        ("standard error", server.process.stderr()),
        ("standard output", file("stdout")),
        ("the audit", file("audit.jsonl")),
    ]
}

const TRACE: &str = "[log]\nlevel = \"trace\"\n[audit]\nto = \"FOLDER/audit.jsonl\"\n";

#[test]
fn tokens_and_codes_stay_where_they_belong() {
    let (issuer, hostile) = (Issuer::start(), Hostile::start());
    let mut server = Guarded::trusting(
        issuer.url(),
        &format!("{TRACE}[limits]\nfailure_rate = \"off\"\n"),
    );
    let url = server.url();
    let good = issuer.token("writer", "write", &url);
    let elsewhere = issuer.token("writer", "write", "http://127.0.0.1:1/other");
    let order = |claims| json!({ "claims": claims });
    let foreign = hostile.token(&order(
        json!({ "aud": url, "scope": "write", "email": "canary@claims.example" }),
    ));
    let mut answers = String::new();
    let none = json!({});
    let now = code(Step::Now);
    for token in [
        &good,
        &elsewhere,
        &foreign,
        &format!("{good}x"),
        &"canary-opaque-token".to_owned(),
    ] {
        let caller = server.bearer(token);
        for response in [
            caller.call("look", &none),
            caller.call("administer", &none),
            caller.call("panic", &none),
            caller.call("fail", &none),
            caller.call("unknown", &none),
            caller.call(
                "gate_unlock",
                &json!({ "group": "shell", "code": "000000" }),
            ),
            caller.call(
                "gate_unlock",
                &json!({ "group": "shell", "code": now, "more": 1 }),
            ),
            caller.call("gate_unlock", &json!({ "group": 7, "code": now })),
            caller.call("gate_unlock", &json!({ "group": "shell", "code": now })),
            caller.call("shell", &none),
            server.post(b"{", &caller.headers()),
        ] {
            answers.extend([format!("{response:?}\n"), response.text()]);
        }
        let twice: Vec<_> = caller.headers().into_iter().cycle().take(2).collect();
        answers.extend([format!("{:?}\n", server.post(b"{}", &twice))]);
    }
    // Of a signed token the middle and the end must not appear either.
    let mut secrets = vec![
        ("an opaque token", "canary-opaque-token".to_owned()),
        ("a claim", "canary@claims.example".to_owned()),
        ("the gate's secret", GATE_SECRET.to_owned()),
        ("a code", format!("\"{now}\"")),
        ("an escaped code", format!("\\\"{now}\\\"")),
        ("the word before a token", "Bearer ey".to_owned()),
    ];
    for token in [&good, &elsewhere, &foreign] {
        secrets.extend(
            token
                .split('.')
                .skip(1)
                .map(|part| ("a part of a token", part.to_owned())),
        );
    }
    // At its end everything is written.
    server.process.terminate();
    let ended = server.process.ended_within(Duration::from_secs(20));
    assert!(ended.is_some(), "{}", server.process.stderr());
    server.process.last_words();
    let mut texts = written(&server);
    assert!(
        texts[0].1.contains("TRACE"),
        "it says everything: {}",
        texts[0].1
    );
    assert!(texts[2].1.lines().count() > 20, "{}", texts[2].1);
    texts.push(("the answers", answers));
    assert_absent(&secrets, &texts);
}

#[test]
fn the_operators_secrets_are_nobody_elses() {
    let (issuer, redis) = (Issuer::start(), Redis::start());
    let config = format!(
        "[auth]\nmode = \"introspection\"\nissuer = \"{}\"\nclient_id = \"resource-server\"\n\
         client_secret = \"env:MCP_CLIENT_SECRET\"\n[redis]\nurl = \"env:REDIS_URL\"\n{TRACE}",
        issuer.url()
    );
    // A Redis that does not know this password, and an issuer that goes away.
    let url = redis.url().replace("redis://", "redis://:canary-of-redis@");
    let server = Guarded::start_with(
        &config,
        &[("MCP_CLIENT_SECRET", issuer.secret()), ("REDIS_URL", &url)],
    );
    let token = issuer.token("opaque", "write", &server.url());
    let mut answers = String::new();
    for is_down in [false, true] {
        if is_down {
            issuer.down();
        }
        for token in [&token, "canary-opaque-token"] {
            for tool in ["look", "shell", "administer", "gate_status", "hurry"] {
                answers.push_str(&server.bearer(token).call(tool, &json!({})).text());
            }
        }
    }
    // Somebody who has the wrong secret is told so, without it.
    let wrong = [
        ("MCP_CLIENT_SECRET", "canary-wrong-client-secret"),
        ("REDIS_URL", &*url),
    ];
    issuer.up();
    let other = Guarded::start_with(&config, &wrong);
    let denied = other.bearer(&token).call("look", &json!({}));
    assert_eq!(
        denied.status,
        503,
        "the server's fault is no caller's: {}",
        denied.text()
    );
    answers.push_str(&denied.text());

    let secrets = [
        ("the client's secret", issuer.secret().to_owned()),
        ("a wrong secret", "canary-wrong-client-secret".to_owned()),
        ("the password of Redis", "canary-of-redis".to_owned()),
        ("the gate's secret", GATE_SECRET.to_owned()),
        ("a token", token),
        ("another token", "canary-opaque-token".to_owned()),
    ];
    // What a process says is read beside it, and may come after its answer.
    let told = || {
        other
            .process
            .stderr()
            .contains("client_secret")
            .then_some(())
    };
    eventually(Duration::from_secs(5), told).expect("the trouble with the issuer is told");
    let mut texts = [written(&server), written(&other)].concat();
    let [first, second] = [&texts[0].1, &texts[3].1];
    assert!(
        first.contains("TRACE") && first.contains("Redis") && second.contains("client_secret"),
        "both troubles are told: {first} {second}"
    );
    texts.push(("the answers", answers));
    assert_absent(&secrets, &texts);
}

#[test]
fn keys_are_not_repeated() {
    let config = format!(
        "[auth]\nmode = \"keys\"\n[[auth.keys]]\nname = \"ops\"\nsecret = \"env:OPS_KEY\"\n\
         scopes = [\"write\"]\n{TRACE}[limits]\nfailure_rate = \"off\"\n"
    );
    let key = "canary-good-key-of-operations-0001";
    let server = Guarded::start_with(&config, &[("OPS_KEY", key)]);
    let mut answers = String::new();
    for key in [
        key,
        "canary-wrong-key",
        "canary wrong words",
        "canary-\u{e9}",
    ] {
        for header in ["authorization", "x-api-key"] {
            let value = match header {
                "authorization" => format!("Bearer {key}"),
                _ => key.to_owned(),
            };
            for tool in ["look", "administer", "panic", "unknown"] {
                let request = mcp_factory_tests::message::call(1, tool, &json!({}));
                let mut connection = server.connect();
                connection.request_with(&request, &[(header, &value)]);
                answers.extend([format!("{:?}", connection.response())]);
            }
        }
    }
    // The log has a thread of its own.
    let mut texts = eventually(Duration::from_secs(10), || {
        let texts = written(&server);
        let told = texts[0].1.contains("panicked at") && !texts[2].1.is_empty();
        told.then_some(texts)
    })
    .expect("it says what it does");
    texts.push(("the answers", answers));
    assert_absent(&[("a key", "canary".to_owned())], &texts);
}

#[test]
fn a_secret_in_the_wrong_place_is_not_repeated() {
    for (what, config) in [
        (
            "a client's secret",
            "[auth]\nmode = \"introspection\"\nissuer = \"http://127.0.0.1:1\"\nclient_id = \"x\"\nclient_secret = \"canary-literal\"\n",
        ),
        (
            "a key",
            "[auth]\nmode = \"keys\"\n[[auth.keys]]\nname = \"ci\"\nsecret = \"canary-literal\"\nscopes = [\"read\"]\n",
        ),
        (
            "a key for a digest",
            "[auth]\nmode = \"keys\"\n[[auth.keys]]\nname = \"ci\"\nsha256 = \"canary-literal\"\nscopes = [\"read\"]\n",
        ),
        (
            "a password",
            "[redis]\nurl = \"redis://:canary-literal@127.0.0.1:1/\"\n",
        ),
        (
            "another gate",
            "[gate.groups.other]\nsecret = \"canary-literal\"\n",
        ),
        ("an audit key", "[audit]\nkey = \"canary-literal\"\n"),
    ] {
        let (mut command, _folder): (Command, _) = guarded::command(config);
        let output = command.arg("check").output().expect("it runs");
        assert_eq!(output.status.code(), Some(2), "{what}: {output:?}");
        let said = format!("{output:?}");
        assert!(!said.contains("canary-literal"), "{what}: {said}");
    }
}
