//! Two servers and one Redis: one rate, one gate, and what is left of both when Redis dies.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::Duration,
};

use mcp_factory_tests::{
    Caller, Guarded, Issuer, Redis, eventually,
    guarded::{Step, code, trust},
    message,
};
use serde_json::json;

/// One name for both servers, as a proxy in front of them would have.
const PUBLIC: &str = "https://mcp.example.com/mcp";

/// Two servers with one Redis, which they give the time that a busy machine may take.
fn replicas(issuer: &Issuer, redis: &Redis) -> [Guarded; 2] {
    let config = format!(
        "{}resource = \"{PUBLIC}\"\n[redis]\nurl = \"env:REDIS_URL\"\ntimeout = \"5s\"\n[limits]\nrate = \"100000/s\"\naddress_rate = \"off\"\n",
        trust(issuer.url())
    );
    let url = redis.url();
    std::array::from_fn(|_| Guarded::start_with(&config, &[("REDIS_URL", &url)]))
}

/// Whether `shell` ran.
fn shell(caller: &Caller<'_>) -> bool {
    let response = caller.call("shell", &json!({}));
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()["result"]["isError"] != json!(true)
}

fn unlock(caller: &Caller<'_>, code: &str) -> String {
    caller.text("gate_unlock", &json!({ "group": "shell", "code": code }))
}

#[test]
fn replicas_count_together() {
    let (issuer, redis) = (Issuer::start(), Redis::start());
    let servers = replicas(&issuer, &redis);
    let token = issuer.token("reader", "read", PUBLIC);
    let [first, second] = servers.each_ref().map(|server| server.bearer(&token));
    assert_eq!(first.call("hurry", &json!({})).status, 200);
    assert_eq!(second.call("hurry", &json!({})).status, 200);
    for caller in [&first, &second] {
        let response = caller.call("hurry", &json!({}));
        assert_eq!(response.status, 429, "{}", response.text());
        assert!(response.header("retry-after").is_some());
    }
    assert_eq!((first.ran("hurry"), second.ran("hurry")), (1, 1));
}

#[test]
fn replicas_open_and_close_together() {
    let (issuer, redis) = (Issuer::start(), Redis::start());
    let servers = replicas(&issuer, &redis);
    let token = issuer.token("writer", "write", PUBLIC);
    let [first, second] = servers.each_ref().map(|server| server.bearer(&token));
    assert!(!shell(&first) && !shell(&second));
    let now = code(Step::Now);
    unlock(&first, &now);
    assert!(shell(&first) && shell(&second));
    // A code that one has seen is used up for the other.
    let text = unlock(&second, &now);
    assert!(text.contains("used already"), "{text}");
    second.call("gate_lock", &json!({ "group": "shell" }));
    assert!(!shell(&first) && !shell(&second));
    // Guesses are counted together.
    let text: Vec<String> = ["000001", "000002", "000003", "000004", "000005", "000006"]
        .iter()
        .zip([&first, &second].into_iter().cycle())
        .map(|(guess, caller)| unlock(caller, guess))
        .collect();
    assert!(text[5].contains("too many wrong codes"), "{text:#?}");
}

#[test]
fn when_redis_dies_calls_go_on_and_the_gate_is_shut() {
    let (issuer, mut redis) = (Issuer::start(), Redis::start());
    let servers = replicas(&issuer, &redis);
    let token = issuer.token("writer", "write", PUBLIC);
    let [first, second] = servers.each_ref().map(|server| server.bearer(&token));
    unlock(&first, &code(Step::Now));
    assert!(shell(&first) && shell(&second));

    let (is_over, looks) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        let workers: Vec<_> = servers
            .iter()
            .chain(&servers)
            .map(|server| {
                scope.spawn(|| {
                    let caller = server.bearer(&token);
                    while !is_over.load(Ordering::SeqCst) {
                        let response = caller.call("look", &json!({}));
                        assert_eq!(response.status, 200, "{}", response.text());
                        assert!(response.json()["result"]["isError"] != json!(true));
                        looks.fetch_add(1, Ordering::SeqCst);
                    }
                })
            })
            .collect();
        thread::sleep(Duration::from_millis(500));
        redis.kill();
        // From here on nothing passes, on either of them.
        let before = [first.ran("shell"), second.ran("shell")];
        for _ in 0..20 {
            assert!(
                !shell(&first) && !shell(&second),
                "it passed a gate that nobody can look up"
            );
        }
        let text = message::text(&first.call("shell", &json!({})).json()).to_owned();
        assert!(text.contains("locked"), "{text}");
        assert_eq!([first.ran("shell"), second.ran("shell")], before);
        let text = unlock(&first, &code(Step::Next));
        assert!(text.contains("cannot be checked"), "{text}");
        thread::sleep(Duration::from_millis(500));
        is_over.store(true, Ordering::SeqCst);
        for worker in workers {
            worker.join().expect("no call was lost");
        }
    });
    let looks = looks.load(Ordering::SeqCst);
    assert!(looks > 100, "only {looks} calls in more than a second");
    // Rates are counted by each for itself now.
    for caller in [&first, &second] {
        let statuses: Vec<u16> = (0..4)
            .map(|_| caller.call("hurry", &json!({})).status)
            .collect();
        assert_eq!(statuses, [200, 200, 429, 429]);
    }
    // Back, and empty: what was open is shut, and a new code opens it for both.
    redis.restart();
    let opened = eventually(Duration::from_secs(10), || {
        let text = unlock(&first, &code(Step::Next));
        (!text.contains("cannot be checked")).then_some(text)
    });
    assert!(opened.is_some(), "{}", servers[0].process.stderr());
    let both = eventually(Duration::from_secs(5), || {
        (shell(&first) && shell(&second)).then_some(())
    });
    assert!(
        both.is_some(),
        "{opened:?}: {}",
        servers[1].process.stderr()
    );
}
