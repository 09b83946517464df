//! A process that may hold few descriptors: it neither ends nor spins, and is itself again when there are some.

use std::{
    thread,
    time::{Duration, Instant},
};

use mcp_factory_tests::{Connection, HttpServer, Product, Subject, eventually};

/// Of one processor, which a server that waits does not use.
const SPIN: f64 = 0.2;

/// 200 connections to a server that may hold no more than `limit` descriptors.
fn assert_survives(limit: u32) {
    let unrated = [r#"limits.rate="off""#, r#"limits.address_rate="off""#];
    let http = HttpServer::with_descriptors(Product::Fixture, limit, &unrated);
    let mut subject = Subject::new(http, 4);
    let crowd: Vec<Connection> = (0..200).map(|_| subject.connect()).collect();
    // What there is to do for it is done in a moment; the rest is waiting.
    thread::sleep(Duration::from_millis(500));
    let (start, used) = (Instant::now(), subject.process.processor_time());
    thread::sleep(Duration::from_secs(2));
    let used = subject.process.processor_time().saturating_sub(used);
    let share = used.as_secs_f64() / start.elapsed().as_secs_f64();
    assert!(share < SPIN, "{share} of a processor is used for nothing");
    assert!(
        subject.process.descriptors() <= limit as usize,
        "it holds more than it may"
    );
    let ended = subject.process.ended_within(Duration::ZERO);
    assert!(ended.is_none(), "{ended:?}: {}", subject.process.stderr());
    drop(crowd);
    subject.assert_unharmed();
}

#[test]
fn few_descriptors_are_shared_out_and_come_back() {
    assert_survives(64);
}

/// So few that the places for connections are more than there are descriptors, and `accept` itself fails.
#[test]
fn no_descriptor_at_all_is_waited_out() {
    assert_survives(24);
}

/// The cap on connections lies below the limit of descriptors, so that a crowd is told to come again.
#[test]
fn a_crowd_is_told_to_come_again() {
    let http = HttpServer::with_descriptors(Product::Fixture, 64, &[]);
    let mut crowd: Vec<Connection> = (0..100).map(|_| http.connect()).collect();
    let refused = eventually(Duration::from_secs(5), || {
        let refusal = crowd.pop()?.try_response().ok()?;
        (refusal.status == 503 && refusal.header("retry-after") == Some("1")).then_some(())
    });
    assert!(refused.is_some(), "nobody is told");
    assert!(
        http.process
            .stderr()
            .contains("fewer connections than configured"),
        "and the operator is not told: {}",
        http.process.stderr()
    );
}
