//! The stdio loop over real pipes and sockets, line by line.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::pipe;

use super::{Output, StdioLimits, serve};
use crate::double::Double;
use crate::frame::FrameLimits;
use crate::lifecycle::Lifecycle;

const LIMITS: StdioLimits = StdioLimits {
    frame: FrameLimits {
        max_bytes: 1000,
        max_depth: 127,
    },
    in_flight: 4,
    end_grace: Duration::from_millis(400),
};

/// A client at the other end of two pipes.
struct Client {
    stdin: Option<pipe::Sender>,
    stdout: BufReader<pipe::Receiver>,
    server: tokio::task::JoinHandle<()>,
    lifecycle: Lifecycle,
    double: Double,
}

impl Client {
    fn start() -> Self {
        let (stdin, server_stdin) = pipe::pipe().unwrap();
        let (server_stdout, stdout) = pipe::pipe().unwrap();
        let (lifecycle, double) = (Lifecycle::default(), Double::default());
        let (its_lifecycle, its_double) = (lifecycle.clone(), double.clone());
        let server = tokio::spawn(async move {
            serve(
                &its_double,
                server_stdin,
                Output::polled(server_stdout),
                LIMITS,
                &its_lifecycle,
            )
            .await;
        });
        Self {
            stdin: Some(stdin),
            stdout: BufReader::new(stdout),
            server,
            lifecycle,
            double,
        }
    }

    async fn send(&mut self, lines: impl AsRef<[u8]>) {
        self.stdin
            .as_mut()
            .unwrap()
            .write_all(lines.as_ref())
            .await
            .unwrap();
    }

    async fn receive(&mut self) -> Value {
        let mut line = String::new();
        let read = tokio::time::timeout(Duration::from_secs(5), self.stdout.read_line(&mut line));
        assert!(
            read.await.expect("an answer in time").unwrap() > 0,
            "stdout ended"
        );
        serde_json::from_str(&line).expect("every line is JSON")
    }

    /// Closes stdin and returns what still came, and how long the end took.
    async fn end(mut self) -> (Vec<Value>, Duration) {
        let began = Instant::now();
        self.stdin = None;
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).await.unwrap();
        self.server.await.unwrap();
        (
            rest.lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect(),
            began.elapsed(),
        )
    }
}

fn request(id: impl Into<Value>, method: &str, arguments: impl Into<Value>) -> String {
    json!({"jsonrpc": "2.0", "id": id.into(), "method": method, "params": {"arguments": arguments.into()}}).to_string()
        + "\n"
}

#[tokio::test]
async fn answers_and_nothing_else() {
    let mut client = Client::start();
    client
        .send(request(1, "echo", "hi").replace('\n', "\r\n\r\n\n"))
        .await;
    let answer = client.receive().await;
    assert_eq!(
        answer,
        json!({"jsonrpc": "2.0", "id": 1, "result": {"arguments": "hi"}})
    );
    client
        .send("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n")
        .await;
    client
        .send("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/bad\",\"params\":3}\n")
        .await;
    client
        .send("{\"jsonrpc\":\"2.0\",\"id\":77,\"result\":{}}\n")
        .await;
    let (rest, took) = client.end().await;
    assert_eq!(
        rest,
        Vec::<Value>::new(),
        "notifications and responses are never answered"
    );
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[tokio::test]
async fn garbage_gets_one_error_each_and_the_next_call_an_answer() {
    let mut client = Client::start();
    client
        .send(b"garbage\n\xff\xfe\n[]\n{\"jsonrpc\":\"1.0\",\"id\":4,\"method\":\"echo\"}\n")
        .await;
    client.send(vec![b'['; 500]).await;
    client.send(b"\n").await;
    client.send(request(5, "echo", 1)).await;
    let mut seen = Vec::new();
    for _ in 0..6 {
        let answer = client.receive().await;
        seen.push((answer["id"].clone(), answer["error"]["code"].clone()));
    }
    let null = Value::Null;
    let expected = [
        (null.clone(), json!(-32700)),
        (null.clone(), json!(-32700)),
        (null.clone(), json!(-32600)),
        (json!(4), json!(-32600)),
        (null.clone(), json!(-32700)),
        (json!(5), null),
    ];
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn an_oversize_line_is_refused_before_it_ends() {
    let mut client = Client::start();
    client.send(vec![b'x'; 3000]).await;
    let answer = client.receive().await;
    assert_eq!(
        (&answer["id"], &answer["error"]["code"]),
        (&Value::Null, &json!(-32600))
    );
    client.send(vec![b'x'; 50_000]).await;
    client.send("\n".to_owned() + &request(2, "echo", 1)).await;
    assert_eq!(client.receive().await["id"], 2);
}

#[tokio::test]
async fn a_second_use_of_an_id_in_flight_is_refused_and_the_first_is_answered() {
    let mut client = Client::start();
    client
        .send(request(6, "slow", 150) + &request(6, "echo", "second"))
        .await;
    let refused = client.receive().await;
    assert_eq!(
        (&refused["id"], &refused["error"]["code"]),
        (&json!(6), &json!(-32600))
    );
    let answer = client.receive().await;
    assert_eq!(
        (&answer["id"], &answer["result"]["arguments"]),
        (&json!(6), &json!(150))
    );
    client
        .send(request("6", "echo", 1) + &request(6, "echo", 2))
        .await;
    let again = [client.receive().await, client.receive().await];
    assert!(
        again.iter().all(|answer| answer["error"].is_null()),
        "the id is free again"
    );
}

#[tokio::test]
async fn calls_in_flight_are_bounded() {
    let mut client = Client::start();
    for id in 0..10 {
        client.send(request(id, "slow", 100)).await;
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    let begun = client
        .double
        .begun
        .load(std::sync::atomic::Ordering::SeqCst);
    assert_eq!(begun, LIMITS.in_flight, "no more than that many begin");
    for _ in 0..10 {
        assert!(client.receive().await["result"].is_object());
    }
}

/// Takes a call back, as far as this room can tell: the double does not know how.
fn cancel(id: impl Into<Value>) -> String {
    let params = json!({"requestId": id.into()});
    json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params}).to_string()
        + "\n"
}

#[tokio::test]
async fn what_stands_behind_a_waiting_request_is_read() {
    let mut client = Client::start();
    for id in 0..4 {
        client.send(request(id, "slow", 300)).await;
    }
    client.send(request(4, "echo", "waits")).await;
    client.send(request(5, "echo", "is taken back")).await;
    client.send(request("5", "echo", "is another")).await;
    // An id that waits is in flight, and what is no message is told at once.
    client
        .send(request(4, "echo", "again") + "garbage\n" + &cancel(5) + &cancel(5) + &cancel(77))
        .await;
    let seen = [client.receive().await, client.receive().await];
    let codes = seen.map(|answer| (answer["id"].clone(), answer["error"]["code"].clone()));
    assert_eq!(
        codes,
        [(json!(4), json!(-32600)), (Value::Null, json!(-32700))]
    );
    let (rest, took) = client.end().await;
    let answered = |id: Value| rest.iter().filter(|answer| answer["id"] == id).count();
    assert_eq!(
        (rest.len(), answered(json!(4)), answered(json!("5"))),
        (6, 1, 1),
        "{rest:?}"
    );
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[tokio::test]
async fn requests_that_wait_have_their_turn_in_order() {
    let mut client = Client::start();
    // More than may wait.
    let calls: String = (0..3_000).map(|id| request(id, "echo", id)).collect();
    let mut stdin = client.stdin.take().unwrap();
    let sending = tokio::spawn(async move {
        stdin.write_all(calls.as_bytes()).await.unwrap();
        stdin
    });
    let mut ids = Vec::new();
    for _ in 0..3_000 {
        ids.push(client.receive().await["id"].as_u64().unwrap());
    }
    ids.sort_unstable();
    assert!(ids.into_iter().eq(0..3_000));
    client.stdin = Some(sending.await.unwrap());
    assert!(client.end().await.0.is_empty());
}

#[tokio::test]
async fn waiting_requests_are_bounded() {
    let mut client = Client::start();
    for id in 0..4 {
        client.send(request(id, "hang", 0)).await;
    }
    let mut stdin = client.stdin.take().unwrap();
    let lines: String = (4..10_000)
        .map(|id| request(id, "echo", "x".repeat(500)))
        .collect();
    let all_taken = tokio::time::timeout(
        Duration::from_millis(500),
        stdin.write_all(lines.as_bytes()),
    );
    assert!(all_taken.await.is_err(), "5 MB were taken in");
    client.stdin = Some(stdin);
    // Nothing behind them is read any more, not even the end; a signal ends it.
    client.lifecycle.stop();
    tokio::time::timeout(Duration::from_secs(1), client.server)
        .await
        .expect("gone")
        .unwrap();
}

#[tokio::test]
async fn the_end_of_stdin_is_seen_while_every_place_is_taken() {
    let mut client = Client::start();
    for id in 0..4 {
        client.send(request(id, "hang", 0)).await;
    }
    client.send(request(4, "echo", 0)).await;
    let (rest, took) = client.end().await;
    assert_eq!(rest, Vec::<Value>::new());
    assert!(
        (Duration::from_millis(390)..Duration::from_secs(3)).contains(&took),
        "{took:?}"
    );
    // And what waited at the end has its turn within the grace.
    let mut client = Client::start();
    for id in 0..4 {
        client.send(request(id, "slow", 150)).await;
    }
    for id in 4..20 {
        client.send(request(id, "echo", 0)).await;
    }
    let (rest, took) = client.end().await;
    assert_eq!(rest.len(), 20);
    assert!(
        (Duration::from_millis(100)..Duration::from_secs(3)).contains(&took),
        "{took:?}"
    );
}

#[tokio::test]
async fn the_end_of_stdin_lets_calls_finish_but_not_for_ever() {
    let mut client = Client::start();
    client
        .send(request(1, "slow", 150) + &request(2, "echo", 0))
        .await;
    let (rest, took) = client.end().await;
    assert_eq!(rest.len(), 2, "both are answered");
    assert!(
        (Duration::from_millis(100)..Duration::from_secs(3)).contains(&took),
        "{took:?}"
    );

    let mut client = Client::start();
    client
        .send(request(1, "hang", 0) + &request(2, "slow", 50))
        .await;
    let double = client.double.clone();
    let (rest, took) = client.end().await;
    assert_eq!(rest.len(), 1);
    assert!(
        (Duration::from_millis(390)..Duration::from_secs(3)).contains(&took),
        "{took:?}"
    );
    assert_eq!(
        double.ended.load(std::sync::atomic::Ordering::SeqCst),
        2,
        "the hung call was dropped"
    );
}

#[tokio::test]
async fn a_last_line_without_line_feed_counts() {
    let mut client = Client::start();
    client.send(request(1, "echo", 0).trim_end()).await;
    assert_eq!(client.end().await.0.len(), 1);
}

#[tokio::test]
async fn a_drain_answers_what_is_in_flight_and_reads_no_more() {
    let mut client = Client::start();
    client.send(request(1, "slow", 150)).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    client.lifecycle.drain();
    tokio::time::sleep(Duration::from_millis(20)).await;
    client
        .stdin
        .as_ref()
        .unwrap()
        .try_write(request(2, "echo", 0).as_bytes())
        .ok();
    let answer = client.receive().await;
    assert_eq!(answer["id"], 1);
    let mut rest = String::new();
    client.stdout.read_to_string(&mut rest).await.unwrap();
    assert_eq!(rest, "");
    client.server.await.unwrap();
}

#[tokio::test]
async fn a_drain_answers_what_waits_for_a_place() {
    let mut client = Client::start();
    let slow: String = (0..4).map(|id| request(id, "slow", 150)).collect();
    let waiting: String = (4..10).map(|id| request(id, "echo", id)).collect();
    // Refused in its turn, so that all of it was read when this is told.
    client.send(slow + &waiting + "garbage\n").await;
    assert_eq!(client.receive().await["error"]["code"], -32700);
    client.lifecycle.drain();
    tokio::time::sleep(Duration::from_millis(20)).await;
    let late = request(10, "echo", 0);
    client
        .stdin
        .as_ref()
        .unwrap()
        .try_write(late.as_bytes())
        .ok();
    let mut ids = Vec::new();
    for _ in 0..10 {
        let answer = client.receive().await;
        assert!(answer["result"].is_object(), "{answer}");
        ids.push(answer["id"].as_u64().unwrap());
    }
    ids.sort_unstable();
    assert!(ids.into_iter().eq(0..10));
    let mut rest = String::new();
    client.stdout.read_to_string(&mut rest).await.unwrap();
    assert_eq!(rest, "");
    client.server.await.unwrap();
}

#[tokio::test]
async fn the_stop_ends_a_hung_call() {
    let mut client = Client::start();
    client.send(request(1, "hang", 0)).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    client.lifecycle.stop();
    tokio::time::timeout(Duration::from_secs(1), client.server)
        .await
        .expect("gone")
        .unwrap();
}

#[tokio::test]
async fn a_client_that_closes_stdout_ends_the_server() {
    let client = Client::start();
    let Client {
        stdin,
        stdout,
        server,
        ..
    } = client;
    drop(stdout);
    let mut stdin = stdin.unwrap();
    stdin
        .write_all(request(1, "echo", 0).as_bytes())
        .await
        .unwrap();
    tokio::time::timeout(Duration::from_secs(1), server)
        .await
        .expect("gone")
        .unwrap();
}

#[tokio::test]
async fn a_client_that_does_not_read_is_not_buffered_for() {
    let mut client = Client::start();
    let mut stdin = client.stdin.take().unwrap();
    let lines = request(1, "nothing", "x".repeat(500)).repeat(10_000);
    let all_taken = tokio::time::timeout(
        Duration::from_millis(500),
        stdin.write_all(lines.as_bytes()),
    )
    .await
    .is_ok();
    assert!(
        !all_taken,
        "5 MB were taken in while nobody read the answers"
    );
}
