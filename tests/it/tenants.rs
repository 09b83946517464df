//! Two tenants of one server know nothing of each other.

use std::{fs, thread, time::Duration};

use mcp_factory_tests::{Caller, Guarded, Issuer, Management, eventually, message};
use serde_json::json;

const NEWS: &str = "notifications/resources/updated";

fn start(issuer: &Issuer, more: &str) -> Guarded {
    let config = format!(
        "[auth]\nmode = \"jwt\"\nissuer = \"{}\"\ntenant_claim = \"org_id\"\n\
         [tenants.acme]\nconcurrency = 1\n\
         [tenants.acme.plugins.guarded]\nlabel = \"acme's\"\n\
         [tenants.acme.plugins.fs]\nroots = [{{ path = \"FOLDER/acme\", mode = \"rw\" }}]\n\
         [tenants.globex.plugins.guarded]\nlabel = \"globex's\"\n\
         [tenants.globex.plugins.fs]\nroots = [\"FOLDER/globex\"]\n{more}",
        issuer.url()
    );
    Guarded::start_after(&config, &[], |folder| {
        for tenant in ["acme", "globex"] {
            let path = folder.join(tenant).join("plan.txt");
            fs::write(path, format!("the plan of {tenant}")).expect("there is room");
        }
    })
}

/// A caller of a tenant: `acme/a`.
fn caller<'a>(server: &'a Guarded, issuer: &Issuer, name: &str) -> Caller<'a> {
    server.bearer(&issuer.token(name, "admin", &server.url()))
}

#[test]
fn a_caller_of_no_tenant_that_is_here_is_refused() {
    let issuer = Issuer::start();
    let server = start(&issuer, "");
    for name in ["nobody/a", "reader"] {
        let response = caller(&server, &issuer, name).call("look", &json!({}));
        assert_eq!(response.status, 403, "{name}: {}", response.text());
        assert_eq!(response.json()["error"]["code"], -31403, "{name}");
        assert_eq!(
            response.header("www-authenticate"),
            None,
            "another token would not help"
        );
        let text = response.text();
        assert!(!text.contains("acme") && !text.contains("globex"), "{text}");
    }
}

#[test]
fn plugins_and_files_are_each_tenants_own() {
    let issuer = Issuer::start();
    let server = start(&issuer, "");
    let [acme, other, globex] =
        ["acme/a", "acme/b", "globex/a"].map(|name| caller(&server, &issuer, name));
    assert_eq!(acme.text("look", &json!({})), "acme's");
    assert_eq!(globex.text("look", &json!({})), "globex's");
    assert_eq!(
        (acme.ran("look"), other.ran("look"), globex.ran("look")),
        (1, 1, 1)
    );
    assert!(
        acme.text("whoami", &json!({})).starts_with("acme "),
        "the plugin knows whose it is"
    );

    let folder = server
        .folder()
        .to_str()
        .expect("its path is text")
        .to_owned();
    for (caller, mine, theirs) in [(&acme, "acme", "globex"), (&globex, "globex", "acme")] {
        let read = |path: &str| {
            caller
                .call("read_text_file", &json!({ "path": path }))
                .text()
        };
        assert!(
            read("plan.txt").contains(&format!("the plan of {mine}")),
            "{}",
            read("plan.txt")
        );
        for path in [
            format!("{folder}/{theirs}/plan.txt"),
            format!("../{theirs}/plan.txt"),
            format!("{theirs}/plan.txt"),
            format!("{folder}/{mine}/../{theirs}/plan.txt"),
        ] {
            let text = read(&path);
            assert!(!text.contains("the plan of"), "{path}: {text}");
        }
        let listed = caller.call("list_directory", &json!({})).text();
        assert!(!listed.contains(theirs), "{listed}");
    }
}

#[test]
fn sessions_and_gates_are_each_tenants_own() {
    let issuer = Issuer::start();
    let server = start(&issuer, "");
    let owner = caller(&server, &issuer, "acme/a").in_session();
    let session = owner.session().expect("it has one");
    let list = message::legacy(1, "tools/list", &json!({})).to_string();
    for name in ["acme/b", "globex/a"] {
        let other = caller(&server, &issuer, name);
        let mut headers = other.headers();
        headers.push(("mcp-session-id", session));
        assert_eq!(server.post(list.as_bytes(), &headers).status, 404, "{name}");
    }
    let code = mcp_factory_tests::guarded::code(mcp_factory_tests::guarded::Step::Now);
    owner.call("gate_unlock", &json!({ "group": "shell", "code": code }));
    assert_eq!(owner.text("shell", &json!({})), "shell 1");
    let other = caller(&server, &issuer, "globex/a");
    assert_eq!(
        other.call("shell", &json!({})).json()["result"]["isError"],
        json!(true)
    );
    assert_eq!((owner.ran("shell"), other.ran("shell")), (1, 0));
}

#[test]
fn a_busy_tenant_is_busy_alone() {
    let issuer = Issuer::start();
    let server = start(&issuer, "[management]\nlisten = \"127.0.0.1:0\"\n");
    let port = Management::of(&server.process);
    let [acme, other, globex] =
        ["acme/a", "acme/b", "globex/a"].map(|name| caller(&server, &issuer, name));
    thread::scope(|scope| {
        let waiting = scope.spawn(|| acme.call("wait", &json!({ "milliseconds": 5_000 })).status);
        let begun = || (port.metric("mcp_calls_running") == Some(1.0)).then_some(());
        assert!(eventually(Duration::from_secs(10), begun).is_some());
        let response = other.call("look", &json!({}));
        assert_eq!(
            response.status,
            503,
            "one call at once: {}",
            response.text()
        );
        for _ in 0..5 {
            assert_eq!(globex.call("look", &json!({})).status, 200);
        }
        assert_eq!(waiting.join().expect("it ends"), 200);
    });
    assert_eq!(other.call("look", &json!({})).status, 200);
}

#[test]
fn rates_are_each_callers_own() {
    let issuer = Issuer::start();
    let server = start(&issuer, "");
    let [acme, globex] = ["acme/a", "globex/a"].map(|name| caller(&server, &issuer, name));
    let statuses = |caller: &Caller<'_>| [0; 3].map(|_| caller.call("hurry", &json!({})).status);
    assert_eq!(statuses(&acme), [200, 200, 429]);
    assert_eq!(statuses(&globex), [200, 200, 429]);
}

#[test]
fn news_stay_within_the_tenant() {
    let issuer = Issuer::start();
    let server = start(&issuer, "");
    let [acme, other, globex] =
        ["acme/a", "acme/b", "globex/a"].map(|name| caller(&server, &issuer, name));
    // One listener of each era.
    let mut listener = server.connect();
    let filter = json!({ "notifications": { "resourceSubscriptions": ["guarded://note"] } });
    let listen = message::modern(1, "subscriptions/listen", &filter);
    listener.request_with(&listen, &acme.headers());
    assert_eq!(listener.head().status, 200);
    let session = caller(&server, &issuer, "acme/a").in_session();
    let subscribed = session.request("resources/subscribe", &json!({ "uri": "guarded://note" }));
    assert_eq!(subscribed.status, 200, "{}", subscribed.text());
    let mut stream = server.connect();
    let mut headers = session.headers();
    headers.extend([
        ("host", "localhost"),
        ("accept", "text/event-stream"),
        ("mcp-protocol-version", message::LEGACY),
    ]);
    stream.write("GET", "/mcp", &headers, b"");
    assert_eq!(stream.head().status, 200);

    assert_eq!(globex.call("touch", &json!({})).status, 200);
    for connection in [&mut listener, &mut stream] {
        assert!(
            !connection.says_within(NEWS, Duration::from_secs(1)),
            "it heard of globex"
        );
    }
    assert_eq!(other.call("touch", &json!({})).status, 200);
    for connection in [&mut listener, &mut stream] {
        assert!(
            connection.says_within(NEWS, Duration::from_secs(5)),
            "it did not hear of acme"
        );
    }
}
