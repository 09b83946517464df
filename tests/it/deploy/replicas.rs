//! Replicas behind nginx: one after the other is restarted, one dies, and they count together. Their gates: `gates`.

use std::{
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use mcp_factory_tests::{
    Process, Product, Redis, eventually, free_port, guarded::GATE_SECRET, message,
};
use serde_json::{Value, json};

use super::{HOST, front::Front};

/// By default a call waits for Redis so shortly that one stall of the machine is a Redis that is gone.
pub(super) const PATIENT_WITH_REDIS: &str = "redis.timeout=\"5s\"";

/// A replica of the standard server on `port`, told by which name it is known, with `settings`.
pub(super) fn replica(port: u16, settings: &[&str]) -> Process {
    replica_of(Product::Standard, port, settings)
}

/// The same of another server, in which the gate `shell` has a secret if its settings name one.
pub(super) fn replica_of(product: Product, port: u16, settings: &[&str]) -> Process {
    let mut command = Command::new(product.binary());
    command.args(["--http", &format!("127.0.0.1:{port}"), "--insecure"]);
    command.args(["--set", &format!("http.public_url=\"https://{HOST}/mcp\"")]);
    // All callers have one address, and a fast machine calls more often than one caller may.
    let own = [
        "plugins.fs.roots=[\"/\"]",
        "limits.rate=\"off\"",
        "limits.address_rate=\"off\"",
    ];
    for setting in own.iter().chain(settings) {
        command.args(["--set", setting]);
    }
    command.env("MCP_SHELL_GATE", GATE_SECRET);
    let process = Process::start(command.stdin(Stdio::null()).stdout(Stdio::null()));
    let up = eventually(Duration::from_secs(20), || {
        let mut check = Command::new(product.binary());
        check.args(["healthcheck", "--http", &format!("127.0.0.1:{port}")]);
        check
            .output()
            .expect("it starts")
            .status
            .success()
            .then_some(())
    });
    assert!(up.is_some(), "{}", process.stderr());
    process
}

/// What comes of a call by a caller who shows a token of their own, by which nginx chooses a replica.
pub(super) fn call(front: &Front, caller: usize, tool: &str, arguments: &Value) -> String {
    let output = front
        .curl(&message::call(1, tool, arguments))
        .args(["-H", &format!("Authorization: Bearer {caller}")])
        .output()
        .expect("curl is installed");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    said + &String::from_utf8_lossy(&output.stderr)
}

/// A call of `echo`. `Err` is what came instead of an answer.
fn ask(front: &Front, caller: usize) -> Result<String, String> {
    let text = format!("caller {caller}");
    let said = call(front, caller, "echo", &json!({ "text": text }));
    if said.contains(&text) {
        Ok(said)
    } else {
        Err(said)
    }
}

/// Restarts them, one after the other, as `start` does it, while three callers make one call after the other: each has to
/// go well. It goes on until at least `calls` did.
pub(super) fn restarted_under_calls(
    replicas: &mut [Process],
    calls: usize,
    start: impl Fn(usize) -> Process,
    one_call: impl Fn(usize) -> Result<String, String> + Sync,
) {
    let (is_over, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        let workers: Vec<_> = (0..3)
            .map(|worker| {
                let (one_call, is_over, answered) = (&one_call, &is_over, &answered);
                scope.spawn(move || {
                    while !is_over.load(Ordering::SeqCst) {
                        let told = one_call(worker);
                        let before = answered.load(Ordering::SeqCst);
                        assert!(told.is_ok(), "lost after {before}: {told:?}");
                        answered.fetch_add(1, Ordering::SeqCst);
                    }
                })
            })
            .collect();
        for (index, there) in replicas.iter_mut().enumerate() {
            thread::sleep(Duration::from_millis(500));
            there.terminate();
            assert!(there.ended_within(Duration::from_secs(20)).is_some());
            thread::sleep(Duration::from_millis(300));
            *there = start(index);
        }
        eventually(Duration::from_mins(1), || {
            let has_failed = workers.iter().any(thread::ScopedJoinHandle::is_finished);
            (has_failed || answered.load(Ordering::SeqCst) >= calls).then_some(())
        });
        is_over.store(true, Ordering::SeqCst);
        for worker in workers {
            worker.join().expect("no call was lost");
        }
    });
    let answered = answered.into_inner();
    assert!(answered >= calls, "only {answered} calls");
}

/// Behind nginx three replicas are restarted, one after the other, while calls come: each is answered.
#[test]
fn a_rolling_restart_behind_nginx_loses_no_call() {
    let ports = [free_port(), free_port(), free_port()];
    let mut replicas = ports.map(|port| replica(port, &[]));
    let front = Front::nginx(&ports);
    let start = |index: usize| replica(ports[index], &[]);
    restarted_under_calls(&mut replicas, 50, start, |caller| ask(&front, caller));
}

/// A replica that dies takes with it what it was doing, one call of each caller at most, and nothing that comes later.
#[test]
fn a_killed_replica_loses_only_the_calls_on_it() {
    const CALLERS: usize = 12;
    let ports = [free_port(), free_port(), free_port()];
    let mut replicas: Vec<Option<Process>> =
        ports.iter().map(|port| Some(replica(*port, &[]))).collect();
    let front = Front::nginx(&ports);
    let (is_over, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    let lost: Vec<Vec<String>> = thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS)
            .map(|caller| {
                let (front, is_over, answered) = (&front, &is_over, &answered);
                scope.spawn(move || {
                    let mut lost = Vec::new();
                    while !is_over.load(Ordering::SeqCst) {
                        match ask(front, caller) {
                            Ok(_) => _ = answered.fetch_add(1, Ordering::SeqCst),
                            Err(instead) => lost.push(instead),
                        }
                    }
                    lost
                })
            })
            .collect();
        thread::sleep(Duration::from_millis(500));
        let victim = replicas[0].take().expect("it is there");
        // It takes calls and answers none, so that some are on it when it dies.
        victim.freeze();
        thread::sleep(Duration::from_millis(700));
        drop(victim);
        let before = answered.load(Ordering::SeqCst);
        let more = eventually(Duration::from_secs(20), || {
            let now = answered.load(Ordering::SeqCst);
            (now > before + 5 * CALLERS).then_some(())
        });
        assert!(more.is_some(), "calls go on");
        is_over.store(true, Ordering::SeqCst);
        callers
            .into_iter()
            .map(|caller| caller.join().expect("it does not fail"))
            .collect()
    });
    assert!(lost.iter().all(|lost| lost.len() <= 1), "{lost:#?}");
    assert!(lost.iter().flatten().count() < CALLERS, "{lost:#?}");
}

/// What one caller may do, they may do once, whichever replica they meet.
#[test]
fn a_rate_holds_across_replicas() {
    const RATE: usize = 20;
    let redis = Redis::start();
    let url = format!("redis.url=\"{}\"", redis.url());
    let rate = format!("limits.rate=\"{RATE}/h\"");
    let ports = [free_port(), free_port(), free_port()];
    let _replicas = ports.map(|port| replica(port, &[&url, &rate, PATIENT_WITH_REDIS]));
    let front = Front::nginx(&ports);
    // Nobody asks who they are, so all these are one caller: their address.
    let told: Vec<_> = (0..3 * RATE).map(|token| ask(&front, token)).collect();
    let answered = told.iter().filter(|told| told.is_ok()).count();
    assert_eq!(answered, RATE, "{told:#?}");
    let refused = told.iter().filter_map(|told| told.as_ref().err());
    for refusal in refused {
        assert!(refusal.contains("-31429"), "{refusal}");
    }
}
