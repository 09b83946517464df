//! One rate for all replicas.

use std::time::{Duration, Instant};

use mcp_factory_guard::RateLimits;
use mcp_factory_sdk::Rate;

use crate::{log::Log, server::Redis};

pub(crate) const TEN_AN_HOUR: Rate = Rate::new(10, Duration::from_hours(1));

pub(crate) async fn admitted(limits: &RateLimits, caller: &str, calls: usize) -> usize {
    let mut admitted = 0;
    for _ in 0..calls {
        admitted += usize::from(limits.take(caller, "tool", TEN_AN_HOUR).await.is_ok());
    }
    admitted
}

#[tokio::test]
async fn two_replicas_enforce_one_burst() {
    let redis = Redis::start();
    let (one, two) = (redis.replica(), redis.replica());
    assert_eq!(admitted(&one, "a", 6).await, 6);
    assert_eq!(admitted(&two, "a", 6).await, 4);
    assert_eq!(admitted(&one, "a", 6).await, 0);
    assert_eq!(admitted(&two, "b", 12).await, 10);
    // Another tool, and another rate, are counted apart.
    let other = Rate::new(9, Duration::from_hours(1));
    assert!(two.take("a", "other", TEN_AN_HOUR).await.is_ok());
    assert!(two.take("a", "tool", other).await.is_ok());
}

#[tokio::test]
async fn two_replicas_enforce_one_rate() {
    let redis = Redis::start();
    let (one, two) = (redis.replica(), redis.replica());
    let rate = Rate::new(50, Duration::from_secs(1));
    let start = Instant::now();
    let mut admitted = 0_u32;
    while start.elapsed() < Duration::from_secs(2) {
        admitted += u32::from(one.take("a", "tool", rate).await.is_ok());
        admitted += u32::from(two.take("a", "tool", rate).await.is_ok());
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let most = 50.0 + 50.0 * start.elapsed().as_secs_f64() + 1.0;
    assert!(f64::from(admitted) <= most, "{admitted} of {most}");
    assert!(f64::from(admitted) >= most * 0.5, "{admitted} of {most}");
}

#[tokio::test]
async fn the_time_to_wait_is_the_one_that_helps() {
    let redis = Redis::start();
    let (one, two) = (redis.replica(), redis.replica());
    let rate = Rate::new(2, Duration::from_secs(4));
    for limits in [&one, &one] {
        assert!(limits.take("a", "tool", rate).await.is_ok());
    }
    let wait = two.take("a", "tool", rate).await.expect_err("used up");
    assert!(wait.retry_after > Duration::from_millis(100), "{wait:?}");
    assert!(wait.retry_after <= Duration::from_secs(2), "{wait:?}");
    tokio::time::sleep(wait.retry_after).await;
    assert!(two.take("a", "tool", rate).await.is_ok());
}

#[tokio::test]
async fn redis_holds_no_names_and_forgets() {
    let redis = Redis::start();
    let limits = redis.replica();
    let rate = Rate::new(10, Duration::from_secs(40));
    assert!(
        limits
            .take("canary-caller", "canary-tool", rate)
            .await
            .is_ok()
    );
    let keys = redis.keys();
    assert_eq!(keys.len(), 1);
    assert!(keys[0].starts_with("mcp:rate:"), "{keys:?}");
    assert!(!keys[0].contains("canary"), "{keys:?}");
    let left: i64 = redis.ask(&["PTTL", &keys[0]]).parse().expect("a number");
    assert!((1..=4_000).contains(&left), "{left}");
    tokio::time::sleep(Duration::from_millis(4_200)).await;
    assert_eq!(redis.keys(), Vec::<String>::new());
}

#[tokio::test]
async fn a_prefix_parts_servers() {
    let redis = Redis::start();
    let mut config = redis.config();
    config.prefix = "other:".to_owned();
    assert_eq!(admitted(&redis.replica(), "a", 10).await, 10);
    let other = crate::server::replica(&config);
    assert_eq!(admitted(&other, "a", 10).await, 10);
    assert!(
        redis
            .keys()
            .iter()
            .any(|key| key.starts_with("other:rate:"))
    );
}

#[tokio::test]
async fn what_lies_in_redis_harms_nobody_for_long() {
    let redis = Redis::start();
    let (log, _guard) = Log::capture();
    assert_eq!(admitted(&redis.replica(), "a", 1).await, 1);
    let key = &redis.keys()[0];
    // As if its clock had been set back by years.
    redis.ask(&["SET", key, "9000000000000000"]);
    let exceeded = redis.replica().take("a", "tool", TEN_AN_HOUR).await;
    let wait = exceeded.expect_err("used up").retry_after;
    assert!(wait <= Duration::from_mins(6), "{wait:?}");
    redis.ask(&["SET", key, "nonsense"]);
    assert_eq!(admitted(&redis.replica(), "a", 11).await, 10);
    assert_eq!(log.count("Redis cannot be used"), 0, "{}", log.text());
}

#[tokio::test]
async fn a_redis_that_forgets_its_scripts_is_told_again() {
    let redis = Redis::start();
    let (log, _guard) = Log::capture();
    let (one, two) = (redis.replica(), redis.replica());
    assert_eq!(admitted(&one, "a", 5).await, 5);
    redis.ask(&["SCRIPT", "FLUSH"]);
    assert_eq!(admitted(&two, "a", 10).await, 5);
    redis.ask(&["FLUSHALL"]);
    redis.ask(&["SCRIPT", "FLUSH"]);
    // Redis counts from nothing; each replica still knows what it let through itself.
    assert_eq!(admitted(&one, "a", 10).await, 5);
    assert_eq!(redis.keys().len(), 1);
    assert_eq!(log.count("Redis cannot be used"), 0, "{}", log.text());
}
