//! Redis gone, silent, or unwilling: calls go on, soon, and sharing comes back.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use mcp_factory_guard::{RateLimits, RedisConfig};

use crate::{
    log::Log,
    rates::{TEN_AN_HOUR, admitted},
    server::{Redis, config, replica},
};

/// What a busy machine may add to a timeout.
const SLACK: Duration = Duration::from_secs(5);
/// Long enough for a busy machine to answer in.
const TIMEOUT: Duration = Duration::from_secs(1);

/// A replica that waits no longer than this.
fn impatient(redis: &Redis, timeout: Duration) -> RateLimits {
    replica(&RedisConfig {
        timeout,
        ..redis.config()
    })
}

/// Whether a caller that nobody knows is counted by both together.
async fn shares(one: &RateLimits, two: &RateLimits, caller: &str) -> bool {
    admitted(one, caller, 10).await == 10 && admitted(two, caller, 1).await == 0
}

/// Waits until both share again; panics after ten seconds.
async fn shares_again(one: &RateLimits, two: &RateLimits) {
    let start = Instant::now();
    for attempt in 0.. {
        if shares(one, two, &format!("after-{attempt}")).await {
            break;
        }
        assert!(
            start.elapsed() < Duration::from_secs(10),
            "it never shares again"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// New callers, one after the other, each let through by the local limit; the longest wait.
async fn load(limits: Arc<RateLimits>, name: usize, time: Duration) -> (usize, Duration) {
    let start = Instant::now();
    let (mut calls, mut longest) = (0, Duration::ZERO);
    while start.elapsed() < time {
        let caller = format!("{name}-{calls}");
        let call = Instant::now();
        assert_eq!(limits.take(&caller, "tool", TEN_AN_HOUR).await, Ok(()));
        longest = longest.max(call.elapsed());
        calls += 1;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    (calls, longest)
}

#[tokio::test]
async fn killed_under_load() {
    let mut redis = Redis::start();
    let (log, _guard) = Log::capture();
    let (one, two) = (
        Arc::new(impatient(&redis, TIMEOUT)),
        impatient(&redis, TIMEOUT),
    );
    assert!(shares(&one, &two, "before").await);
    let load: Vec<_> = (0..8)
        .map(|name| tokio::spawn(load(Arc::clone(&one), name, Duration::from_secs(5))))
        .collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    redis.kill();
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert!(!shares(&one, &two, "while it is gone").await);
    redis.restart();
    shares_again(&one, &two).await;
    for load in load {
        let (calls, longest) = load.await.expect("every call was let through");
        assert!(calls > 100, "{calls}");
        assert!(longest <= TIMEOUT + SLACK, "{longest:?}");
    }
    // Once for each of the two, though hundreds of calls noticed.
    assert_eq!(log.count("Redis cannot be used"), 2, "{}", log.text());
    assert_eq!(log.count("Redis is back"), 2, "{}", log.text());
}

#[tokio::test]
async fn silent() {
    let redis = Redis::start();
    let (log, _guard) = Log::capture();
    let (one, two) = (impatient(&redis, TIMEOUT), impatient(&redis, TIMEOUT));
    assert!(shares(&one, &two, "before").await);
    redis.pause();
    let mut waits = Vec::new();
    let start = Instant::now();
    for n in 0..50 {
        let call = Instant::now();
        assert!(one.take(&n.to_string(), "tool", TEN_AN_HOUR).await.is_ok());
        waits.push(call.elapsed());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(waits[0] >= TIMEOUT, "{waits:?}");
    // After the first, nobody waits for a second.
    assert!(start.elapsed() <= TIMEOUT + SLACK, "{waits:?}");
    assert!(
        log.text().contains("did not answer in time"),
        "{}",
        log.text()
    );
    redis.resume();
    shares_again(&one, &two).await;
}

#[tokio::test]
async fn silent_for_long_costs_one_wait_in_three_seconds() {
    // So short that a busy machine cannot make it look like a wait of every call.
    let short = Duration::from_millis(250);
    let redis = Redis::start();
    let one = impatient(&redis, short);
    assert_eq!(admitted(&one, "before", 1).await, 1);
    redis.pause();
    let start = Instant::now();
    let mut waited = Duration::ZERO;
    for n in 0.. {
        let call = Instant::now();
        assert!(one.take(&n.to_string(), "tool", TEN_AN_HOUR).await.is_ok());
        waited += call.elapsed();
        if start.elapsed() > Duration::from_millis(3_900) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // The first command, and one attempt to connect that takes two seconds.
    assert!(waited <= short * 2 + Duration::from_secs(2), "{waited:?}");
}

#[tokio::test]
async fn never_there() {
    let (log, _guard) = Log::capture();
    // Port 1 is nobody's.
    let limits = replica(&config("redis://127.0.0.1:1"));
    let start = Instant::now();
    assert_eq!(admitted(&limits, "a", 20).await, 10);
    // Less than one timeout.
    assert!(
        start.elapsed() < Duration::from_millis(1_900),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(
        log.count("Redis cannot be used: 127.0.0.1:1: "),
        1,
        "{}",
        log.text()
    );
}

#[tokio::test]
async fn a_wrong_password_is_logged_once_and_not_shown() {
    let redis = Redis::start_with(&["--requirepass", "right"], Some("right"));
    let (log, _guard) = Log::capture();
    for (n, login) in [":canary@", "someone:canary@", ""].iter().enumerate() {
        let path = redis.secret(&format!("redis://{login}127.0.0.1:{}", redis.port));
        let limits = replica(&config(&format!("file:{}", path.display())));
        assert_eq!(
            admitted(&limits, "a", 20).await,
            10,
            "the local limit stands"
        );
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        assert_eq!(
            admitted(&limits, "b", 20).await,
            10,
            "the local limit stands"
        );
        let text = log.text();
        assert_eq!(
            log.count("refuses the user name or the password"),
            n + 1,
            "{text}"
        );
        assert!(!text.contains("canary"), "{text}");
    }
    let path = redis.secret(&format!("redis://:right@127.0.0.1:{}", redis.port));
    let url = format!("file:{}", path.display());
    assert!(shares(&replica(&config(&url)), &replica(&config(&url)), "a").await);
}

#[tokio::test]
async fn a_changed_password_is_read_again() {
    let redis = Redis::start_with(&["--requirepass", "one"], Some("one"));
    let url = |password| format!("redis://:{password}@127.0.0.1:{}", redis.port);
    let path = redis.secret(&url("one"));
    let config = config(&format!("file:{}", path.display()));
    let (one, two) = (replica(&config), replica(&config));
    assert!(shares(&one, &two, "before").await);
    redis.secret(&url("two"));
    redis.ask(&["CONFIG", "SET", "requirepass", "two"]);
    redis.ask(&["CLIENT", "KILL", "TYPE", "normal"]);
    shares_again(&one, &two).await;
}

#[tokio::test]
async fn a_redis_that_refuses_to_write_is_not_taken_for_back() {
    // A replica of nobody: it answers, but changes nothing.
    let redis = Redis::start_with(&["--replicaof", "127.0.0.1 1"], None);
    let (log, _guard) = Log::capture();
    let limits = redis.replica();
    for caller in ["a", "b", "c"] {
        assert_eq!(admitted(&limits, caller, 20).await, 10);
        tokio::time::sleep(Duration::from_millis(1_050)).await;
    }
    let text = log.text();
    assert_eq!(
        log.count("Redis cannot be used: it answered READONLY"),
        1,
        "{text}"
    );
    assert_eq!(log.count("Redis is back"), 0, "{text}");
}

#[tokio::test]
async fn a_user_without_rights_is_told_which() {
    let redis = Redis::start();
    redis.ask(&[
        "ACL",
        "SETUSER",
        "app",
        "on",
        "nopass",
        "~*",
        "+@all",
        "-@scripting",
    ]);
    let (log, _guard) = Log::capture();
    let limits = replica(&config(&format!("redis://app@127.0.0.1:{}", redis.port)));
    assert_eq!(admitted(&limits, "a", 20).await, 10);
    let text = log.text();
    assert!(text.contains("may not do what is asked (NOPERM)"), "{text}");
}

#[tokio::test]
async fn closed_while_nobody_calls() {
    let redis = Redis::start();
    let (log, _guard) = Log::capture();
    let (one, two) = (redis.replica(), redis.replica());
    assert!(shares(&one, &two, "before").await);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    redis.ask(&["CLIENT", "KILL", "TYPE", "normal"]);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(
        shares(&one, &two, "after").await,
        "opened again for the next call"
    );
    assert_eq!(log.count("Redis cannot be used"), 0, "{}", log.text());
}
