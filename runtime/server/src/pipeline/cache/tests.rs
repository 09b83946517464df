//! However many answers come, what is kept stays within its bounds.

use std::fs;

use mcp_factory_sdk::{
    BoxFuture, Capability, Event, LogRecord, Output, Peer, Principal, Progress, Question, ScopeSet,
    ToolError,
};
use serde_json::{Map, Value};

use super::*;

const CAPACITY: usize = 8 << 20;

/// Of this process, in KiB.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let words = line.expect("VmRSS").split_whitespace().nth(1);
    words.expect("a number").parse().expect("a number")
}

struct Nobody;

impl Peer for Nobody {
    fn progress(&self, _: Progress) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn log(&self, _: LogRecord) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn publish(&self, _: Event) {}

    fn supports(&self, _: Capability) -> bool {
        false
    }

    fn ask<'a>(
        &'a self,
        _: &'a [(String, Question)],
    ) -> BoxFuture<'a, Result<Option<Map<String, Value>>, ToolError>> {
        Box::pin(std::future::ready(Ok(None)))
    }
}

fn caller() -> Caller {
    Caller {
        principal: Arc::new(Principal::new("ann", ScopeSet::All)),
        peer: Arc::new(Nobody),
        origin: Arc::default(),
        cancelled: None,
        answers: Map::new(),
    }
}

async fn serve(responses: &Responses, number: u64, answer: &Output) {
    let mut key = Key::default();
    key[..8].copy_from_slice(&number.to_be_bytes());
    let wanted = Wanted {
        key,
        time: Duration::from_hours(1),
        timeout: Duration::from_secs(1),
        speaks: false,
    };
    let run = |_, _| std::future::ready(Ok(answer.clone()));
    let served = responses.serve(wanted, caller(), run).await;
    assert!(!served.expect("it ran").again, "{number}");
}

#[tokio::test]
async fn a_million_keys() {
    let responses = Responses::new(CAPACITY);
    let cache = responses.kept.as_ref().expect("there is room");
    let (small, large) = (
        Output::new().text("x"),
        Output::new().text("y".repeat(100_000)),
    );
    let before = resident();
    let mut most = 0;
    for number in 0..1_000_000 {
        let answer = if number % 1_000 == 0 { &large } else { &small };
        serve(&responses, number, answer).await;
        if number % 10_000 == 0 {
            assert!(cache.weight() <= cache.capacity(), "{}", cache.weight());
            most = most.max(cache.len());
        }
    }
    // Each entry counts for half a KiB at least, whatever it holds.
    assert!((4_000..=CAPACITY / 512).contains(&most), "{most}");
    let grown = resident().saturating_sub(before);
    assert!(grown < 3 * (CAPACITY as u64 >> 10), "{grown} KiB");
}

#[tokio::test]
async fn one_answer_does_not_push_out_all_others() {
    let responses = Responses::new(CAPACITY);
    let cache = responses.kept.as_ref().expect("there is room");
    let largest = usize::try_from(responses.largest).expect("it fits");
    serve(&responses, 0, &Output::new().text("x".repeat(largest))).await;
    assert_eq!(cache.len(), 0, "with what a row takes it is too large");
    let fits = Output::new().text("x".repeat(largest - 1_000));
    for number in 1..=8 {
        serve(&responses, number, &fits).await;
    }
    assert!(cache.len() >= 4, "{}", cache.len());
}
