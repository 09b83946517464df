//! However many wait, only so many commands are under way, and nothing outlives its owner.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    rates::{TEN_AN_HOUR, admitted},
    server::{Redis, replica},
};

#[tokio::test]
async fn commands_under_way_are_capped() {
    let redis = Redis::start();
    let mut config = redis.config();
    config.timeout = Duration::from_secs(2);
    let limits = Arc::new(replica(&config));
    assert_eq!(admitted(&limits, "before", 1).await, 1);
    redis.pause();
    let calls: Vec<_> = (0..3_000)
        .map(|n| {
            let limits = Arc::clone(&limits);
            tokio::spawn(async move {
                let start = Instant::now();
                assert!(
                    limits
                        .take(&n.to_string(), "tool", TEN_AN_HOUR)
                        .await
                        .is_ok()
                );
                start.elapsed()
            })
        })
        .collect();
    let mut waited = 0;
    for call in calls {
        waited += usize::from(call.await.expect("let through") > Duration::from_secs(1));
    }
    assert_eq!(waited, 1_024);
}

#[tokio::test]
async fn a_thousand_at_once_make_one_connection() {
    let redis = Redis::start();
    let limits = Arc::new(replica(&redis.config()));
    let calls: Vec<_> = (0..1_000)
        .map(|n| {
            let limits = Arc::clone(&limits);
            tokio::spawn(async move { admitted(&limits, &n.to_string(), 1).await })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.expect("let through"), 1);
    }
    assert_eq!(redis.keys().len(), 1_000, "each was counted in Redis");
    assert_eq!(connections(&redis), 1);
    drop(limits);
    let start = Instant::now();
    while connections(&redis) > 0 {
        assert!(
            start.elapsed() < Duration::from_secs(2),
            "the connection stays"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// But the one that asks.
fn connections(redis: &Redis) -> usize {
    redis.ask(&["CLIENT", "LIST"]).lines().count() - 1
}
