//! Gates of replicas behind nginx: opened at one they are open at all, and wrong codes are counted together, also when one
//! after the other is restarted.

use std::time::Duration;

use mcp_factory_tests::{
    Process, Product, Redis, free_port,
    guarded::{Step, code},
};
use serde_json::json;

use super::{
    front::Front,
    replicas::{PATIENT_WITH_REDIS, call, replica_of, restarted_under_calls},
};

/// Three replicas with one Redis; `look` says which of them was asked.
struct Replicas {
    ports: [u16; 3],
    redis: Redis,
    processes: Vec<Process>,
}

impl Replicas {
    fn start() -> Self {
        let (ports, redis) = ([free_port(), free_port(), free_port()], Redis::start());
        let processes = (0..3).map(|index| replica(&ports, &redis, index)).collect();
        Self {
            ports,
            redis,
            processes,
        }
    }
}

fn replica(ports: &[u16], redis: &Redis, index: usize) -> Process {
    let settings = [
        format!("redis.url=\"{}\"", redis.url()),
        format!("plugins.guarded.label=\"replica {index}\""),
        "gate.groups.shell.secret=\"env:MCP_SHELL_GATE\"".to_owned(),
        PATIENT_WITH_REDIS.to_owned(),
    ];
    let settings = settings.each_ref().map(String::as_str);
    replica_of(Product::Guarded, ports[index], &settings)
}

/// For each replica a caller whom nginx sends there.
fn callers(front: &Front) -> [usize; 3] {
    [0, 1, 2].map(|index| {
        let is_sent = |caller: &usize| {
            call(front, *caller, "look", &json!({})).contains(&format!("replica {index}"))
        };
        (0..100).find(is_sent).expect("nginx sends somebody there")
    })
}

fn unlock(front: &Front, caller: usize, code: &str) -> String {
    let arguments = json!({ "group": "shell", "code": code });
    call(front, caller, "gate_unlock", &arguments)
}

/// `peek` stands behind the gate. `Err` is what it says instead.
fn peek(front: &Front, caller: usize) -> Result<String, String> {
    let said = call(front, caller, "peek", &json!({}));
    if said.contains("peek ") && !said.contains("\"isError\":true") {
        Ok(said)
    } else {
        Err(said)
    }
}

#[test]
fn a_gate_holds_across_replicas_that_are_restarted() {
    let mut replicas = Replicas::start();
    let front = Front::nginx(&replicas.ports);
    // Nobody asks who they are, so all of them are one caller to the servers: their address.
    let [first, second, third] = callers(&front);
    let is_open = || {
        let open = [first, second, third].map(|caller| peek(&front, caller));
        let all_alike = open.iter().all(|it| it.is_ok() == open[0].is_ok());
        assert!(all_alike, "{open:#?}");
        open[0].is_ok()
    };
    assert!(!is_open());
    let now = code(Step::Now);
    let opened = unlock(&front, first, &now);
    assert!(opened.contains("locks_after_seconds"), "{opened}");
    assert!(is_open());
    let again = unlock(&front, second, &now);
    assert!(again.contains("used already"), "{again}");

    // It stays open for those who come while the replicas go and come back, which know of it from Redis alone.
    let (ports, redis) = (replicas.ports, &replicas.redis);
    let start = |index: usize| replica(&ports, redis, index);
    restarted_under_calls(&mut replicas.processes, 30, start, |worker| {
        peek(&front, [first, second, third][worker])
    });
    assert!(is_open());

    // One closes it for all, and wrong codes are counted together.
    let closed = call(&front, third, "gate_lock", &json!({ "group": "shell" }));
    assert!(!is_open(), "{closed}");
    let told: Vec<String> = [first, second, third, first, second, third]
        .iter()
        .zip(1..)
        .map(|(caller, guess)| unlock(&front, *caller, &format!("{guess:06}")))
        .collect();
    let (last, before) = told.split_last().expect("there are six");
    assert!(last.contains("too many wrong codes"), "{told:#?}");
    let early = before
        .iter()
        .any(|told| told.contains("too many wrong codes"));
    assert!(!early, "{told:#?}");
    // A replica that was not there when they were made knows of them.
    replicas.processes[0].terminate();
    let ended = replicas.processes[0].ended_within(Duration::from_secs(20));
    assert!(ended.is_some());
    replicas.processes[0] = start(0);
    let right = unlock(&front, first, &code(Step::Next));
    assert!(right.contains("too many wrong codes"), "{right}");
}
